"""A receiver with group_by gets one message for what belongs together; its thread holds the rest, counted exactly."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from slack_sdk import WebClient

from include.wirewatch.config.receivers import ConsoleReceiver
from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.offer import offer
from include.wirewatch.deliver.receiver import MessageFaultError
from include.wirewatch.deliver.rollup import Gathering
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.story import Stories, assign, signature_of
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from tests.deliver.conftest import NOW, make_alert, rule_match
from tests.deliver.test_drain import DyingStore, Killed
from tests.deliver.test_storms import enqueue, event, rollups_of
from tests.fakes.slack_server import CHANNEL

TEXT = " ".join(f"word{number}" for number in range(200))


def drain(store, clock, channel, *, owner="worker-1", **gathering):
    ours = Gathering(**{"group_by": "rule", **gathering})
    return Drain(store, {"desk": channel}, owner, {"desk": ours}, now=clock, sleep=clock.sleep)


def deliver(store, clock, channel, *alerts, **gathering):
    enqueue(store, *alerts)
    return drain(store, clock, channel, **gathering).run(90)


def titles_of(store, channel):
    return sorted(delivery_log.read(store, rollup).entry.alert.title for rollup in rollups_of(channel))


def test_every_story_is_in_the_thread_of_its_groups_message_which_counts_them_and_their_publishers(
    store, clock, channel
):
    alerts = [event(1), event(2), event(3, "sanctions"), event(4, publisher="Paper 1")]
    assert deliver(store, clock, channel, *alerts).counts == {"posted": 6}
    assert titles_of(store, channel) == ["Stories that match ceasefire", "Stories that match sanctions"]
    ceasefire = channel.places[event(1).alert_id].parent
    assert channel.posted.index(ceasefire) < channel.posted.index(event(1).alert_id)
    assert [channel.places[event(number).alert_id].parent for number in (2, 4)] == [ceasefire] * 2
    assert channel.places[event(3).alert_id].parent not in ("", ceasefire)
    assert sorted(channel.copies[ceasefire]) == ["Paper 1", "Paper 1", "Paper 2"]
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize(
    ("by", "changes", "titles"),
    [
        ("publisher", [{"publisher": "A"}, {"publisher": "B"}, {"publisher": "A"}], ["Stories at A", "Stories at B"]),
        ("language", [{"language": "de"}, {"language": "de"}, {"language": ""}], ["Stories in the language de"]),
        ("tag", [{"tags": ("war", "sea")}, {"tags": ()}, {"tags": ("war",)}], ["Stories tagged war"]),
    ],
)
def test_stories_are_gathered_by_what_the_receiver_wants_and_stand_alone_without_it(
    store, clock, channel, by, changes, titles
):
    alerts = []
    for number, change in enumerate(changes):
        tags = change.pop("tags", ())
        match = rule_match().model_copy(update={"tags": tags})
        alerts.append(event(number, **{**change, "matches": (match,)}))
    deliver(store, clock, channel, *alerts, group_by=by)
    assert titles_of(store, channel) == titles
    alone = {"language": [2], "tag": [1]}.get(by, [])
    assert [n for n in range(3) if channel.places[alerts[n].alert_id] == BY_ITSELF] == alone


def test_of_several_rules_the_best_one_decides(store, clock, channel):
    matches = (rule_match("ceasefire", score=40), rule_match("sanctions", score=70))
    deliver(store, clock, channel, event(1, matches=matches))
    assert titles_of(store, channel) == ["Stories that match sanctions"]


def test_the_window_is_counted_from_the_first_story_and_the_next_one_opens_another_message(store, clock, channel):
    for number in (1, 2, 3):
        deliver(store, clock, channel, event(number), group_window=timedelta(hours=2))
        clock.sleep(3600)
    first, second, third = (channel.places[event(number).alert_id].parent for number in (1, 2, 3))
    assert first == second != third


def test_what_is_in_no_group_may_still_be_in_a_storm(store, clock, channel):
    deliver(store, clock, channel, *[event(number) for number in range(5)], group_by="language", storm_stories=3)
    assert titles_of(store, channel) == ["More than 3 stories within 60 minutes match ceasefire"]
    assert len(channel.copies) == 1


def test_a_group_counts_on_although_its_stories_are_forgotten_before_it():
    stories, now = Stories(), NOW
    for number in range(30):
        stories, _ = assign(stories, event(number), now, Gathering(group_by="rule"))
        now += timedelta(minutes=47)
    late, _ = assign(stories, event(99), now + timedelta(hours=2), Gathering(group_by="rule"))
    assert len(late.stories) < 31
    assert [sum(rollup.publishers.values()) for rollup in late.rollups] == [30, 1]


def test_a_copy_in_a_group_says_of_which_story_and_counts_for_it_alone(store, clock, channel):
    signature = signature_of(TEXT)
    first, copy = event(1, signature=signature), event(2, signature=signature)
    for alert in (event(0), first, copy):
        deliver(store, clock, channel, alert)
    (rollup,) = rollups_of(channel)
    thread_ts = channel.places[first.alert_id].thread_ts
    assert channel.places[copy.alert_id] == Place(first.alert_id, thread_ts, copy_of=first.title)
    assert channel.copies == {rollup: ("Paper 0", "Paper 1"), first.alert_id: ("Paper 2",)}


def test_an_addendum_in_a_group_is_in_its_thread(store, clock, channel):
    offer(store, event(1))
    drain(store, clock, channel).run(90)
    offer(store, event(1, "ceasefire", "sanctions", batch="later"))
    drain(store, clock, channel).run(90)
    assert len(channel.posted) == 3
    assert channel.places[channel.posted[2]].thread_ts == channel.places[event(1).alert_id].thread_ts
    assert len(channel.copies) == 1


def test_only_a_story_that_is_more_severe_than_the_opening_message_is_shown_in_the_channel_too(store, clock, channel):
    urgent = (rule_match("ultimatum", severity="high"),)
    for alert in (event(1, publisher="A"), event(2, publisher="A", matches=urgent), event(3, publisher="A")):
        deliver(store, clock, channel, alert, group_by="publisher")
    for alert in (event(4, publisher="B", matches=urgent), event(5, publisher="B", matches=urgent)):
        deliver(store, clock, channel, alert, group_by="publisher")
    shown = [number for number in range(1, 6) if channel.places[event(number).alert_id].broadcast]
    assert shown == [2], "the message that a severe story opens is as severe, and stands in the channel"


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 11))
def test_killed_at_any_write_of_a_groups_first_story_there_is_one_message_and_nothing_is_lost_or_doubled(
    store, clock, channel, dies_at, after_effect
):
    enqueue(store, event(4))
    # The decision; the rollup's marker, claim, write-ahead, sent, delete; the story's claim, write-ahead, sent, delete.
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    deliver(store, clock, channel, event(5), owner="worker-2")
    (rollup,) = rollups_of(channel)
    assert sorted(channel.posted) == sorted([rollup, event(4).alert_id, event(5).alert_id])
    assert channel.copies[rollup] == ("Paper 4", "Paper 5")
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 6))
def test_killed_at_any_write_of_a_copy_in_a_group_it_is_one_reply_and_counted_once(
    store, clock, channel, dies_at, after_effect
):
    first, copy = (event(number, signature=signature_of(TEXT)) for number in (1, 2))
    deliver(store, clock, channel, first)
    enqueue(store, copy)
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    (rollup,) = rollups_of(channel)
    assert channel.posted == [rollup, first.alert_id, copy.alert_id]
    assert channel.copies == {rollup: ("Paper 1",), first.alert_id: ("Paper 2",)}
    assert list(outbox.waiting(store)) == []


def test_a_group_whose_message_is_refused_shows_its_stories_by_themselves(store, clock, channel):
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("no_text")]
    result = deliver(store, clock, channel, event(1))
    assert "is dead" in result.failures[0].says
    assert channel.places == {event(1).alert_id: BY_ITSELF}


def test_slack_shows_the_group_its_count_and_whose_copy_it_is(store, slack_server):
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=5)
    signature = signature_of(TEXT)
    channels = {"desk": SlackChannel(client, CHANNEL)}
    by_rule = {"desk": Gathering(group_by="rule")}
    for alert in (event(1), event(2, signature=signature), event(3, signature=signature)):
        enqueue(store, alert)
        Drain(store, channels, "w", by_rule, post_interval_s=0, now=lambda: datetime.now(UTC)).run(20)
    opening, *replies = slack_server.messages
    assert "Stories that match ceasefire" in str(opening["blocks"])
    assert "2 stories at 2 publishers: Paper " in str(opening["blocks"])
    assert {reply["thread_ts"] for reply in replies} == {opening["ts"]}
    assert "A copy of “Talks on a ceasefire go on, day 2” above." in str(replies[-1]["blocks"])
    assert [sum("1 copy at 1 publisher" in str(reply["blocks"]) for reply in replies)] == [1]


def test_an_entry_of_the_delivery_log_from_before_there_were_groups_is_read(store, clock, channel):
    deliver(store, clock, channel, make_alert(1), group_by=None)
    (item,) = store.list("delivery/")
    store.put(item.key, store.get(item.key).body.replace(b'"in_rollup":false,"copy_of":""', b'"is_storm":true'))
    assert delivery_log.read(store, make_alert(1).alert_id).entry.in_rollup


@pytest.mark.parametrize("window", ["0s", "25h", "24"])
def test_a_window_that_cannot_be_counted_is_refused(window):
    with pytest.raises(ValidationError):
        ConsoleReceiver.model_validate({"name": "x", "kind": "console", "group_by": "rule", "group_window": window})
