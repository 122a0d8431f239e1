"""A first alert shows how many copies it has: each once, by edits that keep the pace and cannot undo one another."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise

import pytest

from include.wirewatch.deliver import outbox, story
from include.wirewatch.deliver.decide import SETTLE
from include.wirewatch.deliver.receiver import (
    BusyError,
    GoneError,
    MessageFaultError,
    ReceiverFaultError,
    UnknownOutcomeError,
)
from include.wirewatch.deliver.story import WINDOW, Stories, assign, copies_of, signature_of
from tests.deliver.conftest import NOW, FakeChannel, make_alert
from tests.deliver.test_drain import Killed, drain
from tests.deliver.test_story import TEXT, copy, enqueue


def test_every_copy_is_counted_once_however_many_they_are(store):
    signature = signature_of(TEXT)
    alerts = [copy(number, publisher=f"Paper {number % 7}", signature=signature) for number in range(251)]
    stories = Stories()
    for alert in alerts + alerts:
        stories, lead = assign(stories, alert, NOW)
        assert lead == ("" if alert == alerts[0] else alerts[0].alert_id)
    store.put("stories/desk/24h-3.json", stories.model_dump_json().encode())
    counted = copies_of(store, "desk", alerts[0].alert_id)
    assert Counter(counted) == Counter(alert.publisher for alert in alerts[1:])
    assert len(stories.stories[0].copies) == story.MAX_COPIES

    succeeded = story.succeed(stories, alerts[-1], alerts[0].alert_id)
    store.put("stories/desk/24h-3.json", succeeded.model_dump_json().encode())
    assert len(copies_of(store, "desk", alerts[-1].alert_id)) == 249


@pytest.mark.parametrize(
    "error", [BusyError(30), UnknownOutcomeError("no answer"), Killed()], ids=lambda e: type(e).__name__
)
def test_an_edit_that_failed_is_repeated_and_the_copy_is_not(store, clock, channel, error):
    enqueue(store, copy(1), copy(2))
    channel.update_faults = [error]
    with suppress(Killed):
        drain(store, clock, channel).run(90)
    assert not channel.copies
    clock.sleep(SETTLE.total_seconds())
    assert drain(store, clock, channel).run(90).counts == {"already_sent": 1}
    assert channel.copies == {copy(1).alert_id: ("Paper 2",)}
    assert len(channel.posted) == 2


class Counting(FakeChannel):
    """Every edit takes takes_s, and fails."""

    def __init__(self, clock, error, takes_s=0):
        super().__init__()
        self.clock, self.error, self.takes_s, self.edited_at = clock, error, takes_s, []

    def update(self, *arguments, **options):
        self.edited_at.append(self.clock.now)
        self.clock.sleep(self.takes_s)
        if self.error:
            raise self.error
        super().update(*arguments, **options)


def copied(store, clock, channel, leads=5):
    """So many alerts, delivered, and a copy of each in the outbox."""
    texts = [TEXT.replace("word", f"word{number}x") for number in range(leads)]
    enqueue(store, *[copy(number, text=text) for number, text in enumerate(texts)])
    drain(store, clock, channel).run(90)
    enqueue(store, *[copy(100 + number, text=text) for number, text in enumerate(texts)])


def test_a_receiver_that_is_busy_is_asked_for_no_further_count(store, clock):
    channel = Counting(clock, BusyError(60))
    copied(store, clock, channel)
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"posted": 5}
    assert len(channel.edited_at) == 1
    assert len(list(outbox.waiting(store))) == 5, "they are counted by the next drain"


def test_counts_stop_at_a_deadline_of_their_own(store, clock):
    channel = Counting(clock, UnknownOutcomeError("no answer"), takes_s=10)
    copied(store, clock, channel)
    began = clock.now
    drain(store, clock, channel).run(24)
    assert len(channel.edited_at) > 1
    assert max(channel.edited_at) < began + timedelta(seconds=24 + 8)


def test_a_backlog_that_takes_all_the_time_leaves_some_for_counts(store, clock):
    channel = Counting(clock, None)
    copied(store, clock, channel)
    enqueue(store, *[make_alert(1000 + number) for number in range(60)])
    result = drain(store, clock, channel).run(30)
    assert result.counts["left_for_next"] > 20
    assert len(channel.edited_at) == 5
    assert len(list(outbox.waiting(store))) == result.counts["left_for_next"]


def test_counts_keep_their_distance_like_posts(store, clock):
    channel = Counting(clock, None)
    copied(store, clock, channel)
    drain(store, clock, channel).run(90)
    pauses = [(later - earlier).total_seconds() for earlier, later in pairwise(channel.edited_at)]
    assert pauses == [1.0] * 4


def test_a_receiver_whose_fault_shows_at_a_count_is_parked_and_told(store, clock):
    channel = Counting(clock, ReceiverFaultError("missing_scope: install the app again"))
    copied(store, clock, channel)
    result = drain(store, clock, channel).run(90)
    assert [failure.subject for failure in result.failures] == ["parked desk"]
    assert len(channel.edited_at) == 1


@pytest.mark.parametrize("error", [UnknownOutcomeError("no answer"), Killed()], ids=lambda e: type(e).__name__)
def test_no_edit_is_made_that_one_on_its_way_could_undo(store, clock, channel, error):
    """The lost one counts one copy; arriving after one that counts two, it would stay."""
    enqueue(store, copy(1), copy(2))
    channel.update_faults = [error]
    with suppress(Killed):
        drain(store, clock, channel).run(90)
    enqueue(store, copy(3))
    assert drain(store, clock, channel, owner="worker-2").run(90).counts == {"already_sent": 1, "posted": 1}
    assert not channel.copies
    assert len(list(outbox.waiting(store))) == 2
    clock.sleep(SETTLE.total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.copies == {copy(1).alert_id: ("Paper 2", "Paper 3")}
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("later", [timedelta(minutes=5), WINDOW * 2], ids=["soon", "when the story is forgotten"])
def test_markers_that_come_back_are_no_reason_for_an_edit(store, clock, channel, later):
    enqueue(store, copy(1), copy(2), copy(3))
    drain(store, clock, channel).run(90)
    shown = dict(channel.copies)
    clock.sleep(later.total_seconds())
    enqueue(store, copy(4, text="Quite another text, which makes the story's file be written anew."))
    drain(store, clock, channel).run(90)
    channel.copies.clear()
    enqueue(store, copy(1), copy(2), copy(3))
    drain(store, clock, channel).run(90)
    assert len(shown) == 1
    assert channel.copies == {}
    assert list(outbox.waiting(store)) == []


def test_a_first_alert_that_somebody_deleted_cannot_be_edited_and_holds_nothing_up(store, clock, channel):
    enqueue(store, copy(1), copy(2))
    channel.update_faults = [GoneError("message_not_found")]
    result = drain(store, clock, channel).run(90)
    assert (result.counts, result.failures) == ({"posted": 2}, [])
    assert list(outbox.waiting(store)) == []


def test_a_count_that_is_refused_for_another_reason_is_told_and_not_tried_again(store, clock, channel):
    enqueue(store, copy(1), copy(2))
    channel.update_faults = [MessageFaultError("invalid_blocks")]
    (failure,) = drain(store, clock, channel).run(90).failures
    assert failure.says.endswith("could not be brought up to date: invalid_blocks")
    assert list(outbox.waiting(store)) == []
    enqueue(store, copy(2))
    assert drain(store, clock, channel).run(90).failures == []
