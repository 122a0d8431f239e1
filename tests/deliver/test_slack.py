"""The real slack-sdk client against a workspace that speaks Slack's wire format."""

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk import WebClient

from include.wirewatch.deliver.decide import SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.outbox import enqueue, waiting
from include.wirewatch.deliver.receiver import (
    BusyError,
    DuplicateError,
    GoneError,
    MessageFaultError,
    ReceiverFaultError,
    StrangeRefusalError,
    ThreadGoneError,
    UnknownOutcomeError,
    wait_s,
)
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.thread import BY_ITSELF
from include.wirewatch.models import BulletinLine, BulletinSection
from tests.deliver.conftest import NOW, Clock, make_alert, make_bulletin
from tests.fakes.slack_server import CHANNEL, Fault


@pytest.fixture
def slack(slack_server):
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=1)
    return SlackChannel(client, CHANNEL)


def long_ago():
    return datetime.now(UTC) - timedelta(minutes=5)


def test_an_alert_is_posted_with_its_id_and_without_previews(slack, slack_server):
    alert = make_alert()
    posted = slack.post(alert)
    (message,) = slack_server.messages
    assert (posted.channel, posted.ts) == (CHANNEL, message["ts"])
    assert message["metadata"]["event_payload"] == {"alert_id": alert.alert_id}
    assert message["text"].startswith("Harbour Courier: “Talks on a ceasefire")
    assert [block["type"] for block in message["blocks"]] == ["rich_text", "context", "rich_text", "rich_text"]


def test_a_posted_alert_is_found_among_others_and_an_absent_one_is_not(slack):
    for number in range(40):
        slack.post(make_alert(number))
    assert slack.find(make_alert(3), BY_ITSELF, long_ago()) is not None
    assert slack.find(make_alert(99), BY_ITSELF, long_ago()) is None


def test_one_reading_of_the_channel_serves_every_message_that_is_looked_for(slack, slack_server):
    for number in range(20):
        slack.post(make_alert(number))
    for number in range(25):
        assert (slack.find(make_alert(number), BY_ITSELF, long_ago()) is not None) is (number < 20)
    assert slack_server.calls.count("conversations.history") == 1


def test_the_channel_is_read_again_for_a_post_that_could_not_have_arrived_before(slack_server):
    clock = Clock()
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=1)
    slack = SlackChannel(client, CHANNEL, now=clock)
    last_try = clock.now - SETTLE
    assert slack.find(make_alert(1), BY_ITSELF, last_try) is None
    slack.post(make_alert(2))
    clock.sleep(30)
    assert slack.find(make_alert(2), BY_ITSELF, last_try + timedelta(seconds=30)) is not None
    assert slack.find(make_alert(2), BY_ITSELF, last_try - timedelta(hours=3)) is not None, "further back"
    assert slack_server.calls.count("conversations.history") == 3


def test_a_lost_post_is_found_however_much_the_channel_was_told_since(slack, slack_server):
    posted = slack.post(make_alert())
    began = float(posted.ts)
    (message,) = slack_server.messages
    for second in range(4_200):
        ts = f"{began + 3600 + second:.6f}"
        slack_server.messages.append({**message, "ts": ts, "metadata": None})
    last_try = datetime.fromtimestamp(began, UTC)
    assert slack.find(make_alert(), BY_ITSELF, last_try) == posted
    assert slack.find(make_alert(2), BY_ITSELF, last_try) is None, "so it can be posted again"


@pytest.mark.parametrize(
    ("kind", "error", "accepted"),
    [
        ("drop_before", UnknownOutcomeError, 0),
        ("drop_after", UnknownOutcomeError, 1),
        ("http_500_before", UnknownOutcomeError, 0),
        ("http_500_after", UnknownOutcomeError, 1),
        ("rate_limited", BusyError, 0),
        ("invalid_blocks", MessageFaultError, 0),
        ("msg_too_long", MessageFaultError, 0),
        ("invalid_auth", ReceiverFaultError, 0),
        ("not_in_channel", ReceiverFaultError, 0),
        ("is_archived", ReceiverFaultError, 0),
        ("fatal_error", UnknownOutcomeError, 0),
        ("update_failed", UnknownOutcomeError, 0),
        ("restricted_action_read_only_channel", ReceiverFaultError, 0),
        ("restricted_action_thread_locked", ThreadGoneError, 0),
        ("restricted_action_non_threadable_channel", ThreadGoneError, 0),
        ("duplicate_message", DuplicateError, 0),
        ("org_login_required", StrangeRefusalError, 0),
        ("some_refusal_of_next_year", StrangeRefusalError, 0),
    ],
)
def test_each_fault_has_its_meaning_and_one_post_at_most(slack, slack_server, kind, error, accepted):
    slack_server.faults = [Fault(kind, retry_after_s=7)]
    with pytest.raises(error) as caught:
        slack.post(make_alert())
    assert len(slack_server.messages) == accepted
    assert slack_server.calls == ["chat.postMessage"], "never sent twice by the client itself"
    if isinstance(caught.value, BusyError):
        assert caught.value.retry_after_s == 7
    assert slack_server.token not in str(caught.value)


def test_an_edit_of_a_message_that_somebody_deleted_says_that_it_is_gone(slack, slack_server):
    posted = slack.post(make_alert())
    slack_server.messages.clear()
    with pytest.raises(GoneError):
        slack.update(make_alert(), BY_ITSELF, posted)


def test_tries_of_one_edition_have_one_client_id_and_editions_have_different_ones(slack, slack_server):
    for bulletin in (make_bulletin(1), make_bulletin(1), make_bulletin(2)):
        slack.post(bulletin)
    first, again, later = (message["client_msg_id"] for message in slack_server.messages)
    assert first == again != later


def test_of_two_messages_with_one_id_the_latest_is_found(slack):
    slack.post(make_alert())
    latest = slack.post(make_alert())
    assert slack.find(make_alert(), BY_ITSELF, long_ago()) == latest


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [
        ("7", 7),
        ("0", 1),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90),
        ("soon", 30),
        ("999999", 3600),
        ("", 30),
    ],
)
def test_retry_after_is_bounded_and_may_be_nonsense(sent, seconds):
    assert wait_s(sent, NOW) == seconds


def test_a_post_that_is_accepted_too_late_for_the_client_is_an_unknown_outcome(slack, slack_server):
    slack_server.faults = [Fault("slow", delay_s=1.3)]
    with pytest.raises(UnknownOutcomeError):
        slack.post(make_alert())
    assert len(slack_server.messages) == 1


def test_a_wrong_token_says_which_connection_to_mend(slack_server):
    client = WebClient(token="xoxb-wrong", base_url=slack_server.base_url, retry_handlers=[])
    with pytest.raises(ReceiverFaultError, match="connection 'slack_api_default'") as caught:
        SlackChannel(client, CHANNEL).post(make_alert())
    assert "xoxb" not in str(caught.value)


def test_a_workspace_that_cannot_be_searched_is_not_taken_for_an_absent_message(slack_server):
    client = WebClient(token="xoxb-wrong", base_url=slack_server.base_url, retry_handlers=[])
    with pytest.raises(UnknownOutcomeError):
        SlackChannel(client, CHANNEL).find(make_alert(), BY_ITSELF, long_ago())


def test_the_largest_alert_is_accepted(slack, slack_server):
    from tests.deliver.test_render import largest_alert

    slack.post(largest_alert())
    assert len(slack_server.messages) == 1


def test_lost_answers_end_in_one_message_each(slack_server, store):
    """Every other post loses its answer, accepted or not; drained until nothing is left."""
    kinds = iter(["drop_after", "", "http_500_before", "", "http_500_after", "", "drop_before", ""] * 20)
    slack_server.faults = lambda method, arguments: Fault(kind) if (kind := next(kinds)) else None
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=1)
    clock = Clock()
    clock.now = datetime.now(UTC) - timedelta(hours=5)  # stays behind the workspace's own clock
    alerts = [make_alert(number, not_before=clock.now) for number in range(8)]
    for alert in alerts:
        enqueue(store, alert)
    for _ in range(20):
        slack = SlackChannel(client, CHANNEL, now=clock)  # a new one for each drain, as the task has
        Drain(store, {"desk": slack}, "worker", post_interval_s=0, now=clock, sleep=clock.sleep).run(90)
        clock.sleep(300)
        if not list(waiting(store)):
            break
    ids = [message["metadata"]["event_payload"]["alert_id"] for message in slack_server.messages]
    assert sorted(ids) == sorted(alert.alert_id for alert in alerts)


def test_a_refused_alert_that_comes_as_plain_text_still_has_its_link(slack, slack_server):
    slack.post(make_alert(url="https://a.example/1?a=1&b=2", title="x" * 3_000), plain=True)
    (message,) = slack_server.messages
    assert message["text"].endswith("\nhttps://a.example/1?a=1&amp;b=2")
    assert not message["blocks"]


def test_a_refused_failure_that_comes_as_plain_text_still_says_why(slack, slack_server):
    says = BulletinSection(heading="What it says", lines=(BulletinLine(text="rules.yaml:3:1: <wrong>"),))
    slack.post(make_bulletin(sections=(says,)), plain=True)
    assert "rules.yaml:3:1: &lt;wrong&gt;" in slack_server.messages[0]["text"]
