"""A rule that floods a receiver gets one rollup; the rest is in its thread, and none is dropped."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk import WebClient

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.receiver import MessageFaultError
from include.wirewatch.deliver.rollup import Gathering
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.deliver.thread import BY_ITSELF
from tests.deliver.conftest import NOW, FakeChannel, make_alert, rule_match
from tests.deliver.test_drain import DyingStore, Killed
from tests.fakes.slack_server import CHANNEL

PATIENCE = {"desk": Gathering(3, timedelta(hours=1))}


def event(number, *rules, **changes):
    matches = tuple(rule_match(rule) for rule in rules or ("ceasefire",))
    facts = {"matches": matches, "publisher": f"Paper {number}", "not_before": NOW - timedelta(days=300)}
    return make_alert(number, **{**facts, **changes})


def enqueue(store, *alerts):
    for alert in alerts:
        outbox.enqueue(store, alert)


def drain(store, clock, channel, owner="worker-1"):
    return Drain(store, {"desk": channel}, owner, PATIENCE, now=clock, sleep=clock.sleep)


def rollups_of(channel):
    return {place.parent for place in channel.places.values() if place.in_rollup}


def test_the_stories_over_the_limit_are_in_the_thread_of_one_rollup_that_counts_them(store, clock, channel):
    alerts = [event(number) for number in range(8)]
    enqueue(store, *alerts)
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"posted": 9}
    (rollup,) = rollups_of(channel)
    assert channel.posted.index(rollup) == 3, "the first three stand by themselves, then comes the rollup"
    assert {alert.alert_id for alert in alerts} | {rollup} == set(channel.posted), "none is dropped"
    assert [channel.places[alert_id].parent for alert_id in channel.posted] == ["", "", "", "", *[rollup] * 5]
    assert len(channel.copies[rollup]) == 5
    assert list(outbox.waiting(store)) == []
    assert delivery_log.read(store, rollup).entry.alert.title == (
        "More than 3 stories within 60 minutes match ceasefire"
    )


def test_a_story_with_a_rule_that_is_not_in_a_storm_stands_by_itself(store, clock, channel):
    enqueue(store, *[event(number) for number in range(5)])
    drain(store, clock, channel).run(90)
    enqueue(store, event(9, "ceasefire", "sanctions"))
    drain(store, clock, channel).run(90)
    assert channel.places[event(9).alert_id] == BY_ITSELF


def test_the_storm_ends_when_a_window_was_quiet_and_the_next_one_has_a_rollup_of_its_own(store, clock, channel):
    enqueue(store, *[event(number) for number in range(5)])
    drain(store, clock, channel).run(90)
    clock.sleep(2 * 3600)
    enqueue(store, *[event(number) for number in range(10, 15)])
    drain(store, clock, channel).run(90)
    assert len(rollups_of(channel)) == 2
    assert list(channel.places.values()).count(BY_ITSELF) == 8


def test_a_copy_of_a_story_counts_for_the_story_and_not_for_the_storm(store, clock, channel):
    signature = signature_of(" ".join(f"word{number}" for number in range(100)))
    enqueue(store, *[event(number, signature=signature) for number in range(6)])
    drain(store, clock, channel).run(90)
    assert rollups_of(channel) == set()


def test_another_receiver_has_its_own_patience(store, clock):
    desk, night = FakeChannel(), FakeChannel()
    enqueue(store, *[event(number, receiver=name) for number in range(5) for name in ("desk", "night")])
    Drain(store, {"desk": desk, "night": night}, "w", PATIENCE, now=clock, sleep=clock.sleep).run(90)
    assert len(rollups_of(desk)) == 1
    assert rollups_of(night) == set()


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 11))
def test_killed_at_any_write_of_a_storm_there_is_one_rollup_and_nothing_is_lost_or_doubled(
    store, clock, channel, dies_at, after_effect
):
    enqueue(store, *[event(number) for number in range(3)])
    drain(store, clock, channel).run(90)
    enqueue(store, event(4))
    # The decision; the rollup's marker, claim, write-ahead, sent, delete; the story's claim, write-ahead, sent, delete.
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    enqueue(store, event(5))
    drain(store, clock, channel, owner="worker-2").run(90)
    (rollup,) = rollups_of(channel)
    expected = [*(event(number).alert_id for number in (0, 1, 2, 4, 5)), rollup]
    assert sorted(channel.posted) == sorted(expected)
    assert {channel.places[event(number).alert_id].parent for number in (4, 5)} == {rollup}
    assert channel.copies[rollup] == ("Paper 4", "Paper 5")
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize(
    ("gathering", "gathered"),
    [(PATIENCE["desk"], 9), (Gathering(group_by="rule"), 12)],
    ids=["in one storm", "in one group"],
)
def test_several_workers_make_one_rollup(store, clock, channel, gathering, gathered):
    alerts = [event(number) for number in range(12)]
    enqueue(store, *alerts)
    by_desk = {"desk": gathering}
    workers = [
        Drain(store, {"desk": channel}, f"worker-{number}", by_desk, now=clock, sleep=clock.sleep)
        for number in range(4)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: worker.run(90), workers))
    workers[0].run(90)
    (rollup,) = rollups_of(channel)
    assert sorted(channel.posted) == sorted([rollup, *(alert.alert_id for alert in alerts)])
    assert len(channel.copies[rollup]) == gathered


def test_a_rollup_that_is_refused_promotes_its_stories(store, clock, channel):
    enqueue(store, *[event(number) for number in range(3)])
    drain(store, clock, channel).run(90)
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("no_text")]
    enqueue(store, event(4))
    result = drain(store, clock, channel).run(90)
    assert "is dead" in result.failures[0].says
    assert channel.places[event(4).alert_id] == BY_ITSELF


def test_slack_shows_the_rollup_and_its_count(store, slack_server):
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=5)
    enqueue(store, *[event(number) for number in range(5)])
    channels = {"desk": SlackChannel(client, CHANNEL)}
    Drain(store, channels, "w", PATIENCE, post_interval_s=0, now=lambda: datetime.now(UTC)).run(20)
    (rollup,) = [message for message in slack_server.messages if "More than 3 stories" in message["text"]]
    assert "In this thread: 2 stories at 2 publishers: Paper " in str(rollup["blocks"])
    replies = [message for message in slack_server.messages if message["thread_ts"] == rollup["ts"]]
    assert len(replies) == 2
    assert "copy" not in str(replies[0]["blocks"])
