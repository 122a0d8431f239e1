"""What ops are told, and that analysts are not: through real S3 and Slack stand-ins, without Airflow."""

import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from include.wirewatch import archive
from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.failure import Where
from include.wirewatch.errors import ConfigError, StoreError
from include.wirewatch.frontier import Frontier, bucket_of
from include.wirewatch.frontier.state import SourceState, to_json
from include.wirewatch.models import Failure
from include.wirewatch.settings import S3Place
from include.wirewatch.stages.batches import UnfinishedError
from include.wirewatch.stages.deliver import DeliveryError, deliver
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.finish import finish
from include.wirewatch.stages.report import failures_of, report
from include.wirewatch.stages.watch import DOCTOR_AT, HOUR, UnwellError, overdue, passes, watch
from include.wirewatch.store import Store
from tests.e2e.conftest import Deployment
from tests.fakes.slack_server import CHANNEL, Fault
from tests.test_doctor import SayingSlack

OPS = "C0WIREOPS"
DAY = datetime(2026, 11, 24, tzinfo=UTC)
QUIET = (DAY.replace(hour=12, minute=3), DAY.replace(hour=12, minute=8))
HOURLY = (DAY.replace(hour=11, minute=58), DAY.replace(hour=12, minute=3))
DAILY = (DAY.replace(hour=5, minute=58), DAY.replace(hour=6, minute=3))


@pytest.fixture(autouse=True)
def few_races(monkeypatch):
    """How a bucket is examined is test_doctor's; here it is enough that it is."""
    monkeypatch.setattr("include.wirewatch.doctor.s3.ROUNDS", 2)


@pytest.fixture
def slack_server():
    with SayingSlack(channels=(CHANNEL, OPS)) as server:
        yield server


@pytest.fixture
def ops(deployment: Deployment) -> Deployment:
    """The deployment with a receiver for failures."""
    file = deployment.config / "receivers.yaml"
    config = yaml.safe_load(file.read_text())
    config["receivers"].append({"name": "ops-team", "kind": "slack", "channel": OPS})
    file.write_text(yaml.safe_dump({**config, "ops": ["ops-team"]}))
    return deployment


def told(deployment):
    """(title, what it says) of every message in the ops channel, once the outbox is drained."""
    deliver(deployment.services)
    messages = [message for message in deployment.slack.messages if message["channel"] == OPS]
    return [(message["blocks"][0]["text"]["text"], _says(message["blocks"])) for message in messages]


def two_hours_later(deployment, minutes=0):
    """Or three, so that the next minutes are of the same day: with a new one everything is told again."""
    is_late = (datetime.now(UTC) + timedelta(hours=2)).hour == 23
    return deployment.later(hours=3 if is_late else 2, minutes=minutes)


def _says(blocks):
    rows = next(block for block in blocks if block["type"] == "rich_text")["elements"][-1]["elements"]
    return ["".join(part["text"] for part in row["elements"]) for row in rows]


# ---- a failed task


def test_failures_of_a_task_reach_ops_once_a_day_and_no_analyst(ops):
    failures = failures_of(ValueError("first line\nno such thing"), "ingest_live ingest.match")
    for _ in range(3):
        report(ops.services, failures, Where("ingest_live · ingest.match[0]", "https://airflow.example/log"))
        assert told(ops) == [("Task failed: ingest_live ingest.match ValueError", ["ValueError: no such thing"])]
    assert [message["channel"] for message in ops.slack.messages] == [OPS]
    assert "https://airflow.example/log" in str(ops.slack.messages[0]["blocks"])
    tomorrow = ops.later(days=1)
    report(tomorrow.services, failures)
    assert len(told(tomorrow)) == 2


def test_without_ops_a_failure_is_a_line_of_the_log(deployment, caplog):
    assert report(deployment.services, [Failure("parked desk", "desk is parked\ntoken=0123456789abcdef")]) == 0
    assert 'failure kind="parked" says="desk is parked; token=…"' in caplog.text
    assert list(outbox.waiting(deployment.store)) == []


def test_a_process_that_was_killed_says_so():
    (failure,) = failures_of(None, "finish_work deliver_open")
    assert failure.subject == "task finish_work deliver_open killed"
    assert "out of memory" in failure.says


def test_wrong_configuration_is_one_failure_whoever_trips_over_it_and_another_mistake_is_another(ops):
    wrong, other = ConfigError(["rules.yaml:3:4: expected a term", "rules.yaml:9:1: …"]), ConfigError(["rules.yaml:1"])
    for task in ("ingest_live ingest.match", "finish_work finish_batches", "ingest_history match"):
        report(ops.services, failures_of(wrong, task))
    assert told(ops) == [("The configuration is wrong", wrong.problems)]
    report(ops.services, failures_of(other, "ingest_live ingest.match"))
    assert len(told(ops)) == 2


def test_a_batch_that_cannot_be_finished_is_named_to_ops_with_the_reason(ops):
    fetched = fetch(ops.services, ops.run(1), 0, 1)
    batch = archive.read_batch(ops.store, archive.BatchKey.parse(fetched["batch"]))
    archive.commit_batch(ops.store, batch.model_copy(update={"batch": "broken", "warc": "raw/dt=2026-01-01/gone.gz"}))
    later = ops.later(hours=1)
    with pytest.raises(UnfinishedError) as raised:
        finish(later.services)
    for _ in range(2):
        report(later.services, failures_of(raised.value, "finish_work finish_batches"))
    ((title, says),) = told(later)
    assert title == "Batches that cannot be finished"
    assert "broken.json: s3://" in says[0]
    assert "gone.gz is not there" in says[0]


def test_a_parked_receiver_and_a_dead_alert_are_told_to_ops_while_analysts_see_nothing(ops):
    ops.slack.faults = lambda method, arguments: Fault("not_in_channel") if arguments["channel"] == CHANNEL else None
    with pytest.raises(DeliveryError) as raised:
        ops.ingest()
    report(ops.services, failures_of(raised.value, "ingest_live deliver"))
    with pytest.raises(DeliveryError) as raised:
        deliver(ops.services)
    report(ops.services, failures_of(raised.value, "finish_work deliver_open"))
    assert [message["channel"] for message in ops.slack.messages] == [OPS]
    ops.slack.faults = []
    assert [title for title, _ in told(ops)] == ["Receiver news-desk is parked"]


def test_s3_that_does_not_answer_is_an_error_of_the_report_alone(ops, s3):
    lost = replace(ops.services, store=Store(s3.client(), S3Place("no-such-bucket", "")))
    with pytest.raises(Exception, match="the bucket does not exist"):
        report(lost, failures_of(StoreError("x"), "ingest_live fetch"))


# ---- what no task trips over


@pytest.mark.parametrize(
    ("interval", "hourly", "daily"),
    [(QUIET, False, False), (HOURLY, True, False), (DAILY, True, True)],
    ids=["most sweeps", "once an hour", "once a day"],
)
def test_when_to_look_is_read_off_the_interval(interval, hourly, daily):
    assert passes(interval, HOUR) == hourly
    assert passes(interval, timedelta(days=1), DOCTOR_AT) == daily


def test_of_a_days_sweeps_one_examines_and_24_look_at_the_sources():
    ends = [DAY + timedelta(minutes=3 + 5 * number) for number in range(288)]
    sweeps = [(end - timedelta(minutes=5), end) for end in ends]
    assert sum(passes(sweep, HOUR) for sweep in sweeps) == 24
    assert [end for start, end in sweeps if passes((start, end), timedelta(days=1), DOCTOR_AT)] == [DAILY[1]]
    assert not passes((QUIET[0], QUIET[0]), HOUR), "a run without an interval looks at nothing"


def bury(deployment, *names):
    """These sources have failed for three days."""
    now = datetime.now(UTC)
    polls = [[int((now - timedelta(hours=hours)).timestamp()), "http_404", 0, 0, False] for hours in (72, 50, 49, 48)]
    for source in deployment.services.config.sources().value.sources:
        if source.name in names:
            change = {"bucket": bucket_of(source), "state": {**to_json(SourceState(0)), "polls": polls}}
            Frontier(deployment.store).apply({source.name: change})


def test_dead_sources_are_one_message_a_day_which_grows_by_an_edit(ops):
    names = sorted(source.name for source in ops.services.config.sources().value.sources)
    bury(ops, *names[:1])
    # Whatever the hour is really, nothing is idle, and what is composed is due.
    yesterday = datetime.now(UTC) - timedelta(days=1)
    settings = ops.services.settings.model_copy(update={"deadline_minutes": 0})
    morning = replace(ops.services, settings=settings, now=lambda: yesterday.replace(hour=8, minute=3))
    assert watch(morning, QUIET)["told"] == 0, "not every sweep"
    assert watch(morning, HOURLY) == {"idle": 0, "dead": 1, "stale": 0, "unwell": 0, "told": 1}
    ((title, says),) = told(ops)
    assert title == "Sources that bring nothing"
    assert [line.partition(":")[0] for line in says] == names[:1]
    assert "http_404: 4 polls in a row, since " in says[0]

    an_hour_later = replace(morning, now=lambda: morning.now().replace(hour=9))
    assert watch(an_hour_later, HOURLY)["told"] == 0, "nothing new"
    bury(ops, *names[1:])
    at_noon = replace(morning, now=lambda: morning.now().replace(hour=12))
    assert watch(at_noon, HOURLY)["told"] == 1
    ((_, says),) = told(ops)
    assert [line.partition(":")[0] for line in says] == names
    (message,) = [message for message in ops.slack.messages if message["channel"] == OPS]
    assert message["edits"] == 1


def test_that_nothing_is_polled_any_more_is_told_by_the_sweeper_and_only_once(ops):
    ops.ingest()
    assert watch(ops.services, QUIET)["idle"] == 0
    assert watch(ops.later(minutes=25).services, QUIET)["idle"] == 0
    idle = two_hours_later(ops)
    assert watch(idle.services, HOURLY) == {"idle": 1, "dead": 0, "stale": 0, "unwell": 0, "told": 1}
    assert watch(two_hours_later(ops, minutes=5).services, QUIET)["told"] == 0
    ((title, (says,)),) = told(idle)
    assert title == "ingest_live brings nothing"
    assert "no source was polled since" in says
    off = idle.services.settings.model_copy(update={"deadline_minutes": 0})
    assert watch(replace(idle.services, settings=off), QUIET)["idle"] == 0


def test_no_source_is_called_dead_while_nothing_is_polled(ops):
    bury(ops, *(source.name for source in ops.services.config.sources().value.sources))
    assert watch(ops.services, HOURLY)["dead"] == 1
    found = watch(ops.later(days=5).services, HOURLY)
    assert (found["idle"], found["dead"]) == (1, 0)


def test_a_missed_deadline_and_an_idle_frontier_are_the_same_failure(ops):
    late = two_hours_later(ops)
    assert overdue(late.services, "manual__1", "running") == 1
    assert overdue(late.services, "manual__2", "queued") == 0
    ops.ingest()
    assert watch(late.services, QUIET) == {"idle": 1, "dead": 0, "stale": 0, "unwell": 0, "told": 0}
    ((_, says),) = told(late)
    assert says == ["run manual__1 has not succeeded within 30 minutes: it is still running"]


def test_a_run_that_failed_is_not_overdue_while_others_poll(ops):
    ops.ingest()
    assert overdue(ops.services, "manual__1", "failed") == 0
    assert overdue(ops.later(hours=2).services, "manual__1", "failed") == 1


def test_what_nobody_finishes_is_told_even_if_the_sweeper_is_killed_over_it(ops):
    fetch(ops.services, ops.run(1), 0, 1)
    assert watch(ops.later(hours=1, minutes=30).services, HOURLY)["stale"] == 0
    late = ops.later(hours=2, minutes=30)
    assert watch(late.services, HOURLY)["stale"] == 1
    ((title, (says,)), *_) = [one for one in told(late) if "finished" in one[0]]
    assert title == "Batches that cannot be finished"
    assert says.startswith("1 batches were fetched more than 2 hours ago and are not matched, the oldest is raw/dt=")


def test_once_a_day_the_doctor_looks_and_what_is_well_is_not_told(ops):
    assert watch(ops.services, DAILY)["unwell"] == 0
    assert told(ops) == []
    assert list(ops.store.list("outbox/")) == []


def test_what_the_doctor_finds_is_told_and_turns_the_task_red(ops):
    ops.slack.channels = (OPS,)
    with pytest.raises(UnwellError, match="invite the bot"):
        watch(ops.services, DAILY)
    ((title, (says,)),) = told(ops)
    assert title == "wirewatch doctor: slack receiver news-desk"
    assert "channel_not_found" in says


def test_a_dead_alert_is_told_by_the_drain_itself_for_the_retry_of_its_task_may_be_green(ops):
    ops.slack.faults = lambda method, arguments: Fault("msg_too_long") if arguments["channel"] == CHANNEL else None
    with pytest.raises(DeliveryError):
        ops.ingest()
    deliver(ops.services, Where("ingest_live · deliver"))
    ((title, _),) = told(ops)
    assert title.endswith("messages were refused for good")


def test_a_deployment_without_slack_is_unwell_only_where_a_receiver_needs_it(deployment):
    offline = replace(deployment.services, open_slack=lambda: None)
    with pytest.raises(UnwellError, match="there is no connection slack_api_default"):
        watch(offline, DAILY)
    file = deployment.config / "receivers.yaml"
    config = yaml.safe_load(file.read_text())
    config["receivers"] = [{"name": one["name"], "kind": "console"} for one in config["receivers"]]
    file.write_text(yaml.safe_dump(config))
    assert watch(offline, DAILY)["unwell"] == 0


def test_a_refused_token_is_told_once_it_works_again(ops):
    ops.slack.token, right = "another", ops.slack.token
    with pytest.raises(UnwellError, match="put a valid bot token"):
        watch(ops.services, DAILY)
    with pytest.raises(DeliveryError):
        deliver(ops.services)
    ops.slack.token = right
    assert [title for title, _ in told(ops)] == ["wirewatch doctor: slack token"]


def test_the_doctor_disturbs_no_delivery(ops, caplog):
    """Its probes lie in the outbox while others drain it."""
    with caplog.at_level(logging.WARNING):
        ops.ingest()
        before = len(ops.slack.messages)
        seen = []

        class Watched(Store):
            def put_new(self, key, body):
                written = super().put_new(key, body)
                if key.startswith("outbox/doctor-") and not seen:
                    seen.append(deliver(ops.services))
                return written

        watched = Watched(ops.store._client, ops.store.place)
        watch(replace(ops.services, store=watched), DAILY)
    assert seen == [{"not_yet": seen[0]["not_yet"]}]
    assert len(ops.slack.messages) == before
    assert list(ops.store.list("outbox/")) == []


def test_failures_are_in_the_delivery_log_like_any_message(ops):
    report(ops.services, [Failure("parked desk", "desk is parked")])
    told(ops)
    (item,) = ops.store.list("delivery/")
    known = delivery_log.read(ops.store, item.key.removeprefix("delivery/").removesuffix(".json"))
    assert (known.entry.state, known.entry.severity) == ("sent", "high")
