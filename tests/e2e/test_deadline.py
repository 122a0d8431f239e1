"""A real scheduler: a late run is told to ops by the executor, and clearing all tasks of a run says nothing new."""

import pytest
import yaml

from tests.fakes.slack_server import CHANNEL
from tests.real_airflow import RealAirflow

pytestmark = [pytest.mark.slow, pytest.mark.scheduler]

OPS = "C0WIREOPS"


def test_a_late_run_is_told_to_ops_and_clearing_all_its_tasks_says_nothing_new(
    tmp_path, s3, store, newsroom, slack_server
):
    newsroom.write_config(tmp_path / "config")
    receivers = yaml.safe_load((tmp_path / "config" / "receivers.yaml").read_text())
    receivers["receivers"].append({"name": "ops-team", "kind": "slack", "channel": OPS})
    (tmp_path / "config" / "receivers.yaml").write_text(yaml.safe_dump({**receivers, "ops": ["ops-team"]}))
    slack_server.channels += (OPS,)
    extra = {
        "WIREWATCH_STORE": f"s3://{store.place.bucket}/{store.place.prefix}",
        "WIREWATCH_CONFIG": str(tmp_path / "config"),
        "WIREWATCH_POST_INTERVAL_S": "0",
        # 1.2 seconds: no run is that fast.
        "WIREWATCH_DEADLINE_MINUTES": "0.02",
        "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
        "AIRFLOW_CONN_SLACK_API_DEFAULT": slack_server.airflow_connection(),
    }
    with RealAirflow(tmp_path / "airflow", extra) as airflow:
        airflow.airflow("dags", "unpause", "ingest_live")
        airflow.airflow("dags", "trigger", "ingest_live")
        airflow.wait("the run", lambda: airflow.runs("ingest_live") == [("manual", "success")])
        airflow.wait("the callback", lambda: airflow.rows("SELECT state FROM callback") == [("success",)])
        alerts = [message for message in slack_server.messages if message["channel"] == CHANNEL]
        assert len(alerts) == len(newsroom.expected.alerts)
        requests = len(newsroom.requests)

        airflow.airflow("tasks", "clear", "--yes", "ingest_live")
        airflow.wait("every task again", lambda: {tries for _, tries in _tasks(airflow)} == {2})
        airflow.wait("the run again", lambda: airflow.runs("ingest_live") == [("manual", "success")])
        versions = airflow.rows("SELECT count(*) FROM dag_version WHERE dag_id = 'ingest_live'")
        assert versions == [(1,)], "the deadline and the callbacks make no new version at each reading"

    assert [message for message in slack_server.messages if message["channel"] == CHANNEL] == alerts
    assert len(newsroom.requests) == requests, "what is stored is not fetched again"
    (late,) = [message for message in slack_server.messages if message["channel"] == OPS]
    assert "ingest_live brings nothing" in late["text"]
    assert "has not succeeded within 0.02 minutes: it is still running" in str(late["blocks"])
    assert list(store.list("outbox/")) == []


def _tasks(airflow):
    """(name, tries) of every task that ran."""
    return airflow.rows("SELECT task_id, try_number FROM task_instance WHERE state IN ('success', 'running')")
