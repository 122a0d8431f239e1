"""Three days of history through a real scheduler, the way ops would do it."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from include.wirewatch import archive
from tests.real_airflow import RealAirflow

pytestmark = pytest.mark.slow


def test_a_backfill_archives_three_days_and_alerts_nobody(tmp_path, s3, store, newsroom, slack_server):
    newsroom.write_config(tmp_path / "config")
    days = [(datetime.now(UTC) - timedelta(days=back)).date() for back in (4, 3, 2)]
    extra = {
        "WIREWATCH_STORE": f"s3://{store.place.bucket}/{store.place.prefix}",
        "WIREWATCH_CONFIG": str(tmp_path / "config"),
        "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
        "AIRFLOW_CONN_SLACK_API_DEFAULT": slack_server.airflow_connection(),
    }
    with RealAirflow(tmp_path / "airflow", extra) as airflow:
        airflow.airflow("dags", "unpause", "ingest_history")
        airflow.airflow(
            "backfill", "create", "--dag-id", "ingest_history", "--from-date", str(days[0]), "--to-date", str(days[-1])
        )
        airflow.wait(
            "three finished runs",
            lambda: [state in {"success", "failed"} for _, state in airflow.runs("ingest_history")] == [True] * 3,
        )
        assert airflow.runs("ingest_history") == [("backfill", "success")] * 3

    for day in days:
        articles = [a for item in store.list(f"clean/dt={day}/") for a in archive.read_articles(store, item.key)]
        found = {urlsplit(article.url).path.strip("/") for article in articles}
        assert found == set(newsroom.expected.history[day])
        rows = [row for item in store.list(f"matches/dt={day}/") for row in archive.read_matches(store, item.key)]
        assert {row.decision for row in rows} <= {"quiet"}
    assert slack_server.messages == []
    assert list(store.list("outbox/")) == []
    assert list(store.list("frontier/")) == []
