"""wirewatch alerts, as it is called."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from include.wirewatch.cli import app
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.receiver import MessageFaultError
from include.wirewatch.deliver.revive import dead, revive
from tests.deliver.conftest import NOW, FakeChannel, make_alert
from tests.deliver.test_drain import DyingStore, Killed
from tests.fakes.slack_limits import message_error

ALERT = make_alert(not_before=NOW - timedelta(days=300))


@pytest.fixture
def refused(store):
    """A store with one dead alert."""
    outbox.enqueue(store, ALERT)
    channel = FakeChannel()
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("no_text")]
    Drain(store, {"desk": channel}, "worker", post_interval_s=0).run(90)
    return store


def test_preview_shows_every_kind_of_message():
    done = CliRunner().invoke(app, ["alerts", "preview"])
    assert done.exit_code == 0
    for text in ("Ceasefire within reach", "3 copies at 2 publishers", "A copy of the article", "Addendum", "stories"):
        assert text in done.output


def test_previewed_blocks_are_such_as_slack_takes():
    done = CliRunner().invoke(app, ["alerts", "preview", "--json"])
    messages = [json.loads(line) for line in done.output.splitlines()]
    assert [message["kind"] for message in messages] == ["alert", "copy", "addendum", "rollup"]
    assert not any(map(message_error, messages))


def test_a_revived_alert_is_posted_once(refused):
    assert [entry.alert_id for entry in dead(refused)] == [ALERT.alert_id]
    assert revive(refused, ALERT.alert_id, NOW - timedelta(days=300))
    assert list(dead(refused)) == []
    channel = FakeChannel()
    for _ in range(2):
        Drain(refused, {"desk": channel}, "worker", post_interval_s=0).run(90)
    assert channel.posted == [ALERT.alert_id]
    assert not revive(refused, ALERT.alert_id, NOW), "what was sent is not dead"


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2], ids=["log", "marker"])
def test_killed_while_reviving_the_alert_can_still_be_revived(refused, dies_at, after_effect):
    long_ago = NOW - timedelta(days=300)
    with pytest.raises(Killed):
        revive(DyingStore(refused, dies_at, after_effect=after_effect), ALERT.alert_id, long_ago)
    for entry in list(dead(refused)):
        assert revive(refused, entry.alert_id, long_ago)
    channel = FakeChannel()
    Drain(refused, {"desk": channel}, "worker", post_interval_s=0).run(90)
    assert channel.posted == [ALERT.alert_id]


def test_retry_revives_all_and_says_when_there_is_none(refused, s3, monkeypatch):
    monkeypatch.setenv("WIREWATCH_STORE", refused.url("").rstrip("/"))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.airflow_connection())
    done = CliRunner().invoke(app, ["alerts", "retry", "--json"])
    assert (done.exit_code, json.loads(done.output)) == (0, {"revived": [ALERT.alert_id]})
    assert CliRunner().invoke(app, ["alerts", "retry"]).exit_code == 1
