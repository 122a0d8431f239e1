"""The real DAGs, run by the real Airflow. Few and slow: everything else is tested without it."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from botocore import UNSIGNED

from include import airflow_support
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.airflow_home import PROJECT, load_dags
from tests.deliver.hooks import KEY, verify
from tests.fakes.webhook_server import WebhookServer

pytestmark = pytest.mark.slow

STAGES = ["ingest.fetch[0]", "ingest.extract[0]", "ingest.match[0]", "deliver"]


def states(result):
    return {name: task.state for name, task in result.tasks.items()}


def test_every_dag_bounds_its_runs_and_says_what_to_do_when_it_fails(airflow_home):
    pools = json.loads((PROJECT / "deploy" / "pools.json").read_text())
    dags = load_dags()
    assert set(dags) == {path.stem for path in (PROJECT / "dags").glob("*.py")}
    for dag in dags.values():
        assert dag.max_active_runs == 1, "politeness is per task: one run at a time"
        assert dag.dagrun_timeout, dag.dag_id
        assert not dag.catchup
        assert type(dag.timetable).__name__ == "CronDataIntervalTimetable", "a bare cron has no data interval"
        assert "## If it fails" in dag.doc_md
        for task in dag.tasks:
            if task.task_id.endswith("report_failure"):
                continue
            assert task.execution_timeout, task.task_id
            assert task.execution_timeout < dag.dagrun_timeout
            assert task.pool in pools or task.pool == "default_pool", f"{task.task_id}: {task.pool}"


def test_the_live_dag_polls_every_five_minutes(airflow_home):
    dag = load_dags()["ingest_live"]
    assert dag.timetable.expression == "*/5 * * * *"
    fetch = dag.get_task("ingest.fetch")
    assert fetch.pool == "wirewatch_fetch"
    assert fetch.retries == 3
    assert fetch.retry_delay == timedelta(seconds=20)


def test_ingest_live_alerts_once_and_the_next_run_on_nothing_again(airflow):
    result = airflow.run("ingest_live")
    assert result.state == "success"
    assert {name: state for name, state in states(result).items() if name in STAGES} == dict.fromkeys(STAGES, "success")
    assert len(airflow.slack.messages) == len(airflow.newsroom.expected.alerts)
    assert result.tasks["ingest.match[0]"].result["alerted"] == len(airflow.newsroom.expected.alerts)

    again = airflow.run("ingest_live")
    assert again.state == "success"
    assert again.tasks["ingest.fetch[0]"].result["sources"] > 0, "the sources were polled again"
    assert len(airflow.slack.messages) == len(airflow.newsroom.expected.alerts)


def test_wrong_rules_turn_match_red_and_the_sweeper_alerts_after_the_mend(airflow, capfd):
    rules = airflow.config / "rules.yaml"
    good = rules.read_text()
    rules.write_text(good + "  - name: broken\n    query: peace talks AND (\n")
    result = airflow.run("ingest_live")
    assert result.state == "failed"
    assert states(result) == {
        "ingest.fetch[0]": "success",
        "ingest.extract[0]": "success",
        "ingest.match[0]": "failed",
        "deliver": "success",
        "report_failure": "failed",
    }
    logged = "".join(capfd.readouterr())
    assert "rules.yaml:" in logged, "the log names file, line and column"
    assert airflow.slack.messages == []

    rules.write_text(good)
    swept = airflow.run("finish_work")
    assert swept.state == "success"
    assert swept.tasks["finish_batches"].result["finished"] == 1
    assert len(airflow.slack.messages) == len(airflow.newsroom.expected.alerts)


def test_a_missing_bucket_fails_at_the_first_try_with_one_sentence(airflow, monkeypatch, capfd):
    monkeypatch.setenv("WIREWATCH_STORE", "s3://no-such-bucket/news")
    result = airflow.run("ingest_live")
    assert result.state == "failed"
    assert states(result)["ingest.fetch[0]"] == "failed", "not up_for_retry: a retry cannot mend it"
    logged = "".join(capfd.readouterr())
    assert "the bucket does not exist; create it or correct WIREWATCH_STORE" in logged


def test_without_a_slack_connection_alerts_appear_in_the_task_log_and_webhooks_get_theirs(airflow, monkeypatch, caplog):
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT")
    monkeypatch.setenv("AIRFLOW_CONN_CASE_KEY", json.dumps({"conn_type": "generic", "password": KEY}))
    file = airflow.config / "receivers.yaml"
    with WebhookServer() as server:
        cases = {"name": "cases", "kind": "webhook", "url": server.url, "secret": "case_key"}
        demo = yaml.safe_load(file.read_text())
        receivers = [*demo["receivers"], {**cases, "allow_hosts": [server.host]}]
        file.write_text(json.dumps({"receivers": receivers, "routes": [*demo["routes"], {"to": ["cases"]}]}))
        result = airflow.run("ingest_live")
    assert result.state == "success"
    assert airflow.slack.messages == []
    assert len({request.headers["webhook-id"] for request in server.received}) >= len(airflow.newsroom.expected.alerts)
    assert all(verify(KEY, request.headers, request.body) for request in server.received)
    assert KEY not in caplog.text
    assert "there is no connection 'slack_api_default'" in caplog.text
    assert "[ceasefire]" in caplog.text


def test_one_shard_down_never_holds_up_the_others_alerts(airflow, monkeypatch):
    monkeypatch.setenv("WIREWATCH_SHARDS", "2")
    monkeypatch.setenv("WIREWATCH_EXTRACT_WORKERS", "1")
    result = airflow.run("ingest_live")
    assert result.state == "success"
    assert {"ingest.match[0]", "ingest.match[1]"} <= set(result.tasks)
    assert len(airflow.slack.messages) == len(airflow.newsroom.expected.alerts)


def test_a_night_of_history_archives_yesterday_and_alerts_on_what_is_fresh(airflow):
    result = airflow.run("ingest_history")
    assert states(result) == {
        **dict.fromkeys(["fetch_day", "extract", "match"], "success"),
        "report_failure": "skipped",
    }
    assert result.state == "success"
    yesterday = (airflow.newsroom.now - timedelta(days=1)).date()
    found = airflow.newsroom.expected.history[yesterday]
    assert result.tasks["fetch_day"].result["history_only"] == len(found)
    assert result.tasks["match"].result["batches"] == len(result.tasks["fetch_day"].result["batches"]) == 1
    assert len(list(airflow.store.list("outbox/"))) == sum(bool(rules) for rules in found.values())


def test_a_night_whose_sources_cannot_be_read_is_red(airflow):
    (airflow.config / "sources.yaml").write_text("sources:\n  - history: [wayback]\n")
    result = airflow.run("ingest_history")
    assert result.state == "failed"
    assert states(result) == {
        "fetch_day": "failed",
        "extract": "upstream_failed",
        "match": "success",
        "report_failure": "failed",
    }


def test_common_crawl_is_read_through_the_connection_that_the_settings_name_or_unsigned(airflow, monkeypatch):
    bucket = airflow.store.place.bucket
    Store(airflow.store._client, S3Place(bucket, "cc")).put("2026/11/warc.paths.gz", b"listed")
    monkeypatch.setenv("AIRFLOW_CONN_COMMONCRAWL", os.environ["AIRFLOW_CONN_AWS_DEFAULT"])
    monkeypatch.setenv("WIREWATCH_CCNEWS", f"s3://{bucket}/cc")
    monkeypatch.setenv("WIREWATCH_CCNEWS_CONNECTION", "commoncrawl")
    assert airflow_support.open_services().open_ccnews().get("2026/11/warc.paths.gz").body == b"listed"
    monkeypatch.setenv("WIREWATCH_CCNEWS_CONNECTION", "unsigned")
    assert airflow_support.open_services().open_ccnews()._client.meta.config.signature_version is UNSIGNED


def test_a_digest_is_posted_once_and_edited_by_the_next_run_and_skipped_when_none_is_due(airflow):
    at = datetime.now(UTC) + timedelta(minutes=10)
    receivers = airflow.config / "receivers.yaml"
    extra = f'    digest: {{at: "{at:%H:%M}"}}\n    instant_from: high\n'
    receivers.write_text(receivers.read_text().replace("C0WIREDEMO\n", f"C0WIREDEMO\n{extra}"))
    airflow.run("ingest_live")
    alerts = len(airflow.slack.messages)

    idle = airflow.run("send_digest")
    assert (idle.state, states(idle)) == ("success", {"compose": "success", "deliver": "skipped"})
    for edits in (0, 1):
        result = airflow.run("send_digest", date=at.date().isoformat())
        assert (result.state, states(result)) == ("success", {"compose": "success", "deliver": "success"})
        assert airflow.slack.messages[alerts:][0]["edits"] == edits
    assert len(airflow.slack.messages) == alerts + 1


def test_a_digest_meets_its_time_within_a_quarter_of_an_hour(airflow_home):
    dag = load_dags()["send_digest"]
    assert dag.timetable.expression == "4-59/15 * * * *"
    assert dag.get_task("deliver").pool == "wirewatch_deliver"
