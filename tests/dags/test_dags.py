"""The real DAGs, run by the real Airflow. Few and slow: everything else is tested without it."""

import json
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from urllib.parse import quote

import pytest
import yaml
from botocore import UNSIGNED

from include import airflow_support
from include.wirewatch.settings import S3Place, product
from include.wirewatch.store import Store
from tests.airflow_home import PROJECT, load_dags
from tests.deliver.hooks import KEY, verify
from tests.fakes.webhook_server import WebhookServer

pytestmark = pytest.mark.slow

STAGES = ["ingest.fetch[0]", "ingest.extract[0]", "ingest.match[0]", "deliver"]


OPS = "C0WIREOPS"


def states(result):
    return {name: task.state for name, task in result.tasks.items()}


def tell_ops(airflow):
    """Failures go to a channel of their own."""
    file = airflow.config / "receivers.yaml"
    config = yaml.safe_load(file.read_text())
    config["receivers"].append({"name": "ops-team", "kind": "slack", "channel": OPS})
    file.write_text(yaml.safe_dump({**config, "ops": ["ops-team"]}))
    airflow.slack.channels += (OPS,)


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


def test_what_a_task_returns_is_one_xcom(airflow_home):
    """A task annotated with dict would write each key as one more, at 20 ms a key."""
    for dag in load_dags().values():
        assert not [task.task_id for task in dag.tasks if task.multiple_outputs]


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


def test_every_task_of_a_finished_run_may_run_again_and_says_nothing_new(airflow):
    """As after `airflow tasks clear`: the same run ids, every task of every DAG."""
    moment = datetime.now(UTC)
    first = {dag_id: airflow.run(dag_id, moment) for dag_id in load_dags()}
    messages = len(airflow.slack.messages)
    assert messages >= len(airflow.newsroom.expected.alerts)
    requests = len(airflow.newsroom.requests)
    for dag_id, result in first.items():
        again = airflow.run(dag_id, moment)
        assert (again.run_id, again.state) == (result.run_id, "success")
        assert states(again) == states(result)
    assert len(airflow.slack.messages) == messages
    assert len(airflow.newsroom.requests) == requests, "what is stored is not fetched again"
    assert list(airflow.store.list("outbox/")) == []


def test_what_fails_tells_ops_once_and_the_run_that_is_red_by_it_does_not(airflow, monkeypatch):
    tell_ops(airflow)
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example/")
    rules = airflow.config / "rules.yaml"
    rules.write_text(rules.read_text() + "  - name: broken\n    query: peace talks AND (\n")
    result = airflow.run("ingest_live")
    assert states(result)["report_failure"] == "failed"
    swept = airflow.run("finish_work")
    assert states(swept) == {
        "finish_batches": "failed",
        "watch": "success",
        "deliver_open": "success",
        "report_failure": "failed",
    }
    (message,) = airflow.slack.messages
    assert message["channel"] == OPS
    shown = json.dumps(message["blocks"])
    assert "The configuration is wrong" in shown
    assert "rules.yaml:" in shown, "file, line and column"
    assert "ingest_live \\u00b7 ingest.match[0] \\u00b7 " in shown, "where"
    assert f"https://airflow.example/dags/ingest_live/runs/{quote(result.run_id)}/tasks/ingest.match" in shown, (
        "its log"
    )


def test_every_task_tells_ops_but_those_that_only_turn_the_run_red(airflow_home):
    for dag in load_dags().values():
        quiet = {task.task_id for task in dag.tasks if not task.on_failure_callback}
        assert quiet <= {"report_failure"}, dag.dag_id
        assert dag.has_on_failure_callback, "no task can tell that the run was stopped at its time limit"


def test_a_dag_is_the_same_each_time_it_is_read(airflow_home, monkeypatch):
    from airflow.serialization.serialized_objects import DagSerialization

    monkeypatch.setenv("WIREWATCH_DEADLINE_MINUTES", "30")
    one, other = (
        {dag_id: json.dumps(DagSerialization.to_dict(dag), sort_keys=True) for dag_id, dag in load_dags().items()}
        for _ in range(2)
    )
    assert one == other, "or each reading would make a new version of the DAG"
    assert "tell_of_missed_deadline" in one["ingest_live"]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("WIREWATCH_DEADLINE_MINUTES", "0"), ("AIRFLOW__CORE__EXECUTOR", "airflow.example.BatchExecutor")],
    ids=["switched off", "an executor that runs no callbacks"],
)
def test_there_is_no_deadline_where_it_is_not_wanted_or_would_take_the_scheduler_down(
    airflow_home, monkeypatch, setting, value
):
    from include.airflow_support import deadline

    monkeypatch.setenv("WIREWATCH_DEADLINE_MINUTES", "30")
    assert deadline().interval == timedelta(minutes=30)
    with monkeypatch.context() as changed:
        changed.setenv(setting, value)
        assert deadline() is None
    # Airflow 3.2 has all the names, and runs callbacks without connections.
    monkeypatch.setattr("include.airflow_support.find_spec", lambda name: None)
    assert deadline() is None


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


def test_a_missing_bucket_fails_at_the_first_try_with_one_sentence(airflow, monkeypatch, capfd, caplog):
    tell_ops(airflow)
    monkeypatch.setenv("WIREWATCH_STORE", "s3://no-such-bucket/news")
    result = airflow.run("ingest_live")
    assert result.state == "failed"
    assert states(result)["ingest.fetch[0]"] == "failed", "not up_for_retry: a retry cannot mend it"
    logged = "".join(capfd.readouterr())
    assert "the bucket does not exist; create it or correct WIREWATCH_STORE" in logged
    assert "ops could not be told of this failure: StoreRefusedError: S3 bucket 'no-such-bucket'" in caplog.text


def test_a_console_receiver_has_its_alerts_in_the_task_log_and_webhooks_get_theirs(airflow, monkeypatch, caplog):
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT")
    monkeypatch.setenv("AIRFLOW_CONN_CASE_KEY", json.dumps({"conn_type": "generic", "password": KEY}))
    file = airflow.config / "receivers.yaml"
    with WebhookServer() as server:
        cases = {"name": "cases", "kind": "webhook", "url": server.url, "secret": "case_key"}
        demo = yaml.safe_load(file.read_text())
        printed = [{"name": receiver["name"], "kind": "console"} for receiver in demo["receivers"]]
        receivers = [*printed, {**cases, "allow_hosts": [server.host]}]
        file.write_text(json.dumps({"receivers": receivers, "routes": [*demo["routes"], {"to": ["cases"]}]}))
        result = airflow.run("ingest_live")
    assert result.state == "success"
    assert airflow.slack.messages == []
    assert len({request.headers["webhook-id"] for request in server.received}) >= len(airflow.newsroom.expected.alerts)
    assert all(verify(KEY, request.headers, request.body) for request in server.received)
    assert KEY not in caplog.text
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
        **dict.fromkeys(["fetch_day", "extract", "match", "summarise"], "success"),
        "report_failure": "skipped",
    }
    assert result.state == "success"
    yesterday = (airflow.newsroom.now - timedelta(days=1)).date()
    found = airflow.newsroom.expected.history[yesterday]
    assert result.tasks["fetch_day"].result["history_only"] == len(found)
    assert result.tasks["match"].result["batches"] == len(result.tasks["fetch_day"].result["batches"]) == 1
    assert len(list(airflow.store.list("outbox/"))) == sum(bool(rules) for rules in found.values())
    assert result.tasks["summarise"].result == {}, "no quiet run: it leaves the outbox to the sweeper"
    assert list(airflow.store.list("backfills/")) == []


def test_a_night_whose_sources_cannot_be_read_is_red(airflow):
    (airflow.config / "sources.yaml").write_text("sources:\n  - history: [wayback]\n")
    result = airflow.run("ingest_history")
    assert result.state == "failed"
    assert states(result) == {
        "fetch_day": "failed",
        "extract": "upstream_failed",
        "match": "success",
        "summarise": "upstream_failed",
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
    unsigned = airflow_support.open_services().open_ccnews()._client.meta.config
    assert unsigned.signature_version is UNSIGNED
    assert unsigned.user_agent.startswith(product())


def test_s3s_access_logs_name_us_unless_the_connection_says_otherwise(airflow, monkeypatch):
    assert airflow_support.open_store()._client.meta.config.user_agent.startswith(product())
    connection = json.loads(os.environ["AIRFLOW_CONN_AWS_DEFAULT"])
    connection["extra"]["config_kwargs"]["user_agent"] = "newsdesk"
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    assert airflow_support.open_store()._client.meta.config.user_agent.startswith("newsdesk")


def test_a_reprocess_takes_its_parameters_from_the_conf_of_its_backfill(airflow):
    result = airflow.run("reprocess_archive", **{"backfill": {"label": "again"}, "from": "raw", "rules": ["ceasefire"]})
    assert states(result) == dict.fromkeys(["extract", "match", "summarise"], "success")
    assert result.tasks["extract"].result == {"from": "raw", "batches": 0, "extracted": 0}
    assert result.tasks["match"].result["matches"].startswith("backfills/again/matches/dt=")
    assert [message["text"].split(":")[0] for message in airflow.slack.messages][:1] == ["Backfill again"]


@pytest.mark.parametrize(("run_type", "expected"), [("scheduled", True), ("backfill", False), ("manual", False)])
def test_only_a_run_of_the_timetable_alone_was_asked_for_by_nobody(airflow_home, monkeypatch, run_type, expected):
    from airflow.utils.types import DagRunType

    for kind in (run_type, DagRunType(run_type)):
        monkeypatch.setattr(
            "airflow.sdk.get_current_context", lambda kind=kind: {"dag_run": SimpleNamespace(run_type=kind)}
        )
        assert airflow_support.is_scheduled() is expected


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
