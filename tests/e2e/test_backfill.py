"""Three days of history through a real scheduler, as ops would do it: forwards, backwards, and killed on the way."""

import os
import signal
import threading
from datetime import UTC, date, timedelta
from urllib.parse import urlsplit

import pytest

from include.wirewatch import archive
from tests.newsroom import Newsroom
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.slow


class Hold:
    """Holds up the newsroom's answer to one page until the task that asked for it is dead."""

    def __init__(self, newsroom: Newsroom, path: str) -> None:
        self.asked, self.killed = threading.Event(), threading.Event()
        self._answer, self._path = newsroom.answer, path
        newsroom.answer = self.answer  # type: ignore[method-assign]

    def answer(self, publisher, base, path):
        if path == self._path and not self.killed.is_set():
            self.asked.set()
            self.killed.wait(60)
        return self._answer(publisher, base, path)


def backfill(airflow: RealAirflow, first: date, last: date, *more: str) -> None:
    days = ("--from-date", str(first), "--to-date", str(last))
    airflow.airflow("backfill", "create", "--dag-id", "ingest_history", *days, "--max-active-runs", "1", *more)


def finished(airflow: RealAirflow, count: int) -> bool:
    return [state in {"success", "failed"} for _, state in airflow.runs("ingest_history")] == [True] * count


def running_pid(airflow: RealAirflow) -> int:
    ((pid,),) = airflow.rows("SELECT pid FROM task_instance WHERE task_id = 'fetch_day' AND state = 'running'")
    return int(str(pid))


def test_a_backfill_archives_its_days_in_any_order_also_when_killed_and_alerts_nobody(
    tmp_path, s3, store, newsroom, slack_server
):
    newsroom.write_config(tmp_path / "config")
    days = [(newsroom.now.astimezone(UTC) - timedelta(days=back)).date() for back in (4, 3, 2)]
    extra = {
        "WIREWATCH_STORE": f"s3://{store.place.bucket}/{store.place.prefix}",
        "WIREWATCH_CONFIG": str(tmp_path / "config"),
        "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
        "AIRFLOW_CONN_SLACK_API_DEFAULT": slack_server.airflow_connection(),
    }
    hold = Hold(newsroom, f"/{sorted(newsroom.expected.history[days[1]])[0]}")
    with RealAirflow(tmp_path / "airflow", extra) as airflow:
        airflow.airflow("dags", "unpause", "ingest_history")
        backfill(airflow, days[0], days[0])
        airflow.wait("a finished run", lambda: finished(airflow, 1))
        # Airflow looks only now and then whether a backfill is over, and allows one at a time.
        airflow.wait("its end", lambda: not airflow.rows("SELECT id FROM backfill WHERE completed_at IS NULL"))
        backfill(airflow, days[1], days[2], "--run-backwards")
        airflow.wait("the run that is to be killed", hold.asked.is_set)
        done_before = {row[0] for row in airflow.rows("SELECT logical_date FROM dag_run WHERE state = 'success'")}
        os.kill(running_pid(airflow), signal.SIGKILL)
        hold.killed.set()
        airflow.wait("three finished runs", lambda: finished(airflow, 3))
        assert airflow.runs("ingest_history") == [("backfill", "success")] * 3
        ((tries,),) = airflow.rows("SELECT max(try_number) FROM task_instance WHERE task_id = 'fetch_day'")

    assert (len(done_before), tries) == (2, 2), "backwards: the last day came first, and the next was killed"
    for day in days:
        articles = [a for item in store.list(f"clean/dt={day}/") for a in archive.read_articles(store, item.key)]
        found = sorted(urlsplit(article.url).path.strip("/") for article in articles)
        assert found == sorted(newsroom.expected.history[day]), "each once"
        rows = [row for item in store.list(f"matches/dt={day}/") for row in archive.read_matches(store, item.key)]
        assert {row.decision for row in rows} <= {"quiet"}
    assert slack_server.messages == []
    assert list(store.list("outbox/")) == []
    assert list(store.list("frontier/")) == []
