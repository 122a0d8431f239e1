"""A rule that matches an article later is an addendum in the thread of the first alert, whatever happens between."""

from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk import WebClient

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.offer import offer
from include.wirewatch.deliver.receiver import MessageFaultError, ThreadGoneError
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from tests.deliver.conftest import NOW, make_alert, rule_match
from tests.deliver.test_drain import DyingStore, Killed, drain
from tests.fakes.slack_server import CHANNEL, Fault

LONG_AGO = NOW - timedelta(days=300)  # due for the real clock as well
FIRST = make_alert(not_before=LONG_AGO)
BOTH = make_alert(not_before=LONG_AGO, matches=(rule_match(), rule_match("sanctions")), batch="a-later-one")
ADDENDUM = outbox.alert_id(FIRST.article_id, "desk", "sanctions")


def waiting_ids(store):
    return {alert.alert_id for alert in outbox.waiting(store)}


def test_a_rule_that_matches_after_delivery_is_posted_in_the_thread_once(store, clock, channel):
    assert offer(store, FIRST)
    drain(store, clock, channel).run(90)
    assert offer(store, BOTH)
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert channel.posted == [FIRST.alert_id, ADDENDUM]
    assert channel.places[ADDENDUM] == Place(FIRST.alert_id, "1", broadcast=False)
    assert offer(store, BOTH), "a batch matched again says what it said"
    assert not offer(store, BOTH.model_copy(update={"batch": "another"})), "everything has been told"
    assert delivery_log.read(store, ADDENDUM).entry.rules == ("sanctions",)


def test_a_rule_that_matches_before_delivery_waits_for_the_first_alert(store, clock, channel):
    offer(store, FIRST)
    offer(store, BOTH)
    assert waiting_ids(store) == {FIRST.alert_id, ADDENDUM}
    first = outbox.read(store, FIRST.alert_id)
    outbox.remove(store, first)
    outbox.enqueue(store, first)  # listed after its addendum now
    assert drain(store, clock, channel).run(90).counts == {"posted": 2}
    assert channel.posted == [FIRST.alert_id, ADDENDUM]


def test_an_article_known_by_another_url_gets_the_addendum_there(store, clock, channel):
    offer(store, FIRST)
    drain(store, clock, channel).run(90)
    moved = make_alert(2, matches=(rule_match(), rule_match("sanctions")))
    assert offer(store, moved, [FIRST.article_id])
    drain(store, clock, channel).run(90)
    assert channel.posted == [FIRST.alert_id, ADDENDUM]


def test_a_batch_matched_again_says_what_it_said(store, clock, channel):
    assert offer(store, FIRST)
    assert offer(store, FIRST)
    assert len(waiting_ids(store)) == 1
    drain(store, clock, channel).run(90)
    assert offer(store, FIRST), "after the delivery as well"
    assert not offer(store, FIRST.model_copy(update={"batch": "another"}))
    assert waiting_ids(store) == set()


def test_a_reply_waits_while_its_parent_is_being_posted(store, clock, channel):
    offer(store, FIRST)
    offer(store, BOTH)
    channel.faults.append(Killed())
    with pytest.raises(Killed):
        drain(store, clock, channel).run(90)
    counts = drain(store, clock, channel, owner="worker-2").run(90).counts
    assert counts == {"owned": 1, "waits_for_parent": 1}
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == [FIRST.alert_id, ADDENDUM]


def test_the_reply_to_a_dead_alert_is_promoted(store, clock, channel):
    offer(store, FIRST)
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("no_text")]
    drain(store, clock, channel).run(90)
    offer(store, BOTH)
    drain(store, clock, channel).run(90)
    assert channel.posted == [ADDENDUM]
    assert channel.places[ADDENDUM] == BY_ITSELF


def test_a_reply_whose_thread_is_gone_is_promoted_in_the_same_drain(store, clock, channel):
    offer(store, FIRST)
    drain(store, clock, channel).run(90)
    offer(store, BOTH)
    channel.faults = [ThreadGoneError("thread_not_found")]
    drain(store, clock, channel).run(90)
    drain(store, clock, channel).run(90)
    assert channel.posted == [FIRST.alert_id, ADDENDUM]
    assert channel.places[ADDENDUM] == BY_ITSELF


def test_only_a_more_severe_reply_is_shown_in_the_channel_too(store, clock, channel):
    offer(store, FIRST)
    drain(store, clock, channel).run(90)
    urgent = rule_match("ultimatum", severity="high")
    offer(store, make_alert(matches=(rule_match(), urgent, rule_match("sanctions", severity="normal"))))
    drain(store, clock, channel).run(90)
    assert channel.places[ADDENDUM].broadcast is False
    assert channel.places[outbox.alert_id(FIRST.article_id, "desk", "ultimatum")].broadcast is True


def test_a_marker_that_comes_back_with_one_rule_more_loses_none(store, clock, channel):
    offer(store, FIRST)
    drain(store, clock, channel).run(90)
    outbox.enqueue(store, BOTH)  # another worker looked before, and wrote after the delivery
    drain(store, clock, channel).run(90)
    drain(store, clock, channel).run(90)
    assert channel.posted == [FIRST.alert_id, ADDENDUM]


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2, 3, 4], ids=["claim", "write-ahead", "sent", "delete"])
def test_killed_at_any_write_of_a_reply_nothing_is_lost_or_doubled(store, clock, channel, dies_at, after_effect):
    offer(store, FIRST)
    drain(store, clock, channel).run(90)
    offer(store, BOTH)
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == [FIRST.alert_id, ADDENDUM]
    assert channel.places[ADDENDUM].thread_ts == "1"
    assert waiting_ids(store) == set()


@pytest.mark.parametrize("dies_at", [1, 2], ids=["first", "second"])
def test_killed_while_enqueueing_the_rerun_enqueues_the_rest(store, dies_at):
    offer(store, FIRST)
    many = make_alert(matches=(rule_match(), rule_match("sanctions"), rule_match("ultimatum")), batch="later")
    with pytest.raises(Killed):
        offer(DyingStore(store, dies_at, after_effect=True), many)
    offer(store, many)
    assert len(waiting_ids(store)) == 3


def test_slack_shows_the_addendum_in_the_thread_and_finds_it_there_after_a_lost_answer(store, clock, slack_server):
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=2)
    channels = {"desk": SlackChannel(client, CHANNEL)}
    offer(store, FIRST)
    offer(store, BOTH)
    slack_server.faults = lambda method, arguments: Fault("drop_after") if arguments.get("thread_ts") else None
    Drain(store, channels, "worker-1", post_interval_s=0).run(20)
    parent, reply = slack_server.messages
    assert reply["thread_ts"] == parent["ts"]
    assert "Addendum" in str(reply["blocks"])
    slack_server.faults = []
    later = FakeLater()
    assert Drain(store, channels, "worker-2", post_interval_s=0, now=later).run(20).counts == {"found": 1}
    assert len(slack_server.messages) == 2


class FakeLater:
    """The real clock, once the answer can no longer arrive."""

    def __call__(self):
        return datetime.now(UTC) + LEASE + SETTLE


def test_slack_without_the_thread_promotes(store, slack_server):
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=2)
    channels = {"desk": SlackChannel(client, CHANNEL)}
    offer(store, FIRST)
    Drain(store, channels, "worker-1", post_interval_s=0).run(20)
    slack_server.messages.clear()
    offer(store, BOTH)
    for _ in range(2):
        Drain(store, channels, "worker-1", post_interval_s=0).run(20)
    (message,) = slack_server.messages
    assert not message["thread_ts"]
    assert "an earlier alert, which is not here" in str(message["blocks"])
