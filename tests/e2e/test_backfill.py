"""Three days of history through a real scheduler, as ops would do it: forwards, backwards, and killed on the way.

Beside it the same days without a scheduler, undisturbed, in a place of their own.
"""

import hashlib
import json
import os
import signal
import threading
import uuid
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from include.wirewatch import archive
from include.wirewatch.runs import Run
from include.wirewatch.settings import S3Place
from include.wirewatch.stages.batches import extract_batches, match_batches
from include.wirewatch.stages.history import fetch_day
from include.wirewatch.store import Store
from tests.e2e.conftest import Deployment
from tests.newsroom import Newsroom
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.slow, pytest.mark.scheduler]


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


def backfill(airflow: RealAirflow, first: date, last: date, conf: dict[str, str], *more: str) -> None:
    days = ("--from-date", str(first), "--to-date", str(last), "--max-active-runs", "1")
    options = ("--dag-run-conf", json.dumps({"backfill": conf}), *more)
    airflow.backfill(("airflow", "backfill", "create", "--dag-id", "ingest_history", *days, *options))


def finished(airflow: RealAirflow, count: int) -> bool:
    return [state in {"success", "failed"} for _, state in airflow.runs("ingest_history")] == [True] * count


def running_pid(airflow: RealAirflow) -> int:
    ((pid,),) = airflow.rows("SELECT pid FROM task_instance WHERE task_id = 'fetch_day' AND state = 'running'")
    return int(str(pid))


def found(store: Store, days: list[date]) -> Counter[str]:
    """What the archive says of each article that matches: its id, its text, its rules and hits; how often it does."""
    texts = {
        article.article_id: hashlib.sha256(article.text.encode()).hexdigest()
        for day in days
        for article in archive.read_day(store, archive.clean_day(store, day))
    }
    rows = [
        row
        for day in days
        for item in store.list(f"matches/dt={day}/")
        for row in archive.read_matches(store, item.key)
    ]
    return Counter(
        json.dumps([row.article_id, texts[row.article_id], [match.model_dump(mode="json") for match in row.matches]])
        for row in rows
    )


def undisturbed(deployment: Deployment, days: list[date]) -> Counter[str]:
    """The same of a backfill that nothing happens to, in a place of its own."""
    store = Store(deployment.store._client, S3Place(deployment.store.place.bucket, uuid.uuid4().hex))
    services = replace(deployment.services, store=store)
    for day in days:
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        records = fetch_day(services, Run("ingest_history", f"x-{day}", str(day), end, quiet=True))["batches"]
        extract_batches(services, records)
        match_batches(services, records)
    return found(store, days)


def test_a_backfill_archives_its_days_in_any_order_also_when_killed_and_tells_each_receiver_once(
    tmp_path, s3, deployment
):
    newsroom, store, slack = deployment.newsroom, deployment.store, deployment.slack
    days = [(newsroom.now.astimezone(UTC) - timedelta(days=back)).date() for back in (4, 3, 2)]
    extra = {
        "WIREWATCH_STORE": f"s3://{store.place.bucket}/{store.place.prefix}",
        "WIREWATCH_CONFIG": str(deployment.config),
        "WIREWATCH_POST_INTERVAL_S": "0",
        "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
        "AIRFLOW_CONN_SLACK_API_DEFAULT": slack.airflow_connection(),
    }
    conf = {"label": "three", "from": str(days[0]), "to": str(days[2])}
    hold = Hold(newsroom, f"/{sorted(newsroom.expected.history[days[1]])[0]}")
    with RealAirflow(tmp_path / "airflow", extra) as airflow:
        backfill(airflow, days[0], days[0], conf)
        airflow.wait("a finished run", lambda: finished(airflow, 1))
        backfill(airflow, days[1], days[2], conf, "--run-backwards")
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
        slugs = sorted(urlsplit(article.url).path.strip("/") for article in articles)
        assert slugs == sorted(newsroom.expected.history[day]), "each once"
        rows = [row for item in store.list(f"matches/dt={day}/") for row in archive.read_matches(store, item.key)]
        assert {row.decision for row in rows} <= {"quiet"}
    assert found(store, days) == undisturbed(deployment, days)
    assert set(found(store, days).values()) == {1}, "each once"
    assert list(store.list("outbox/")) == []
    assert list(store.list("delivery/")) == []
    assert list(store.list("frontier/")) == []

    matching = sum(bool(rules) for day in days for rules in newsroom.expected.history[day].values())
    message, *replies = slack.messages
    assert message["text"].startswith(f"Backfill three: done, 3 days, {matching} articles, {matching} new")
    assert message["edits"] == 3, "it began with no day done"
    assert {reply["thread_ts"] for reply in replies} == {message["ts"]}
    assert len(replies) == sum(any(newsroom.expected.history[day].values()) for day in days)
