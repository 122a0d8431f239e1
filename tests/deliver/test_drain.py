from datetime import timedelta

import pytest

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.offer import offer
from include.wirewatch.deliver.receiver import (
    BusyError,
    UnknownOutcomeError,
)
from tests.deliver.conftest import FakeChannel, make_alert


class Killed(BaseException):
    """Stands for kill -9: nothing below catches it."""


class DyingStore:
    """A store whose process dies at its n-th write, before or after the write took effect."""

    WRITES = ("put", "put_new", "swap", "delete")

    def __init__(self, store, dies_at, *, after_effect):
        self._store, self._left, self._after = store, dies_at, after_effect

    def __getattr__(self, name):
        method = getattr(self._store, name)
        if name not in self.WRITES:
            return method

        def write(*args):
            self._left -= 1
            if self._left == 0 and not self._after:
                raise Killed
            result = method(*args)
            if self._left == 0:
                raise Killed
            return result

        return write


def drain(store, clock, *channels, owner="worker-1"):
    receivers = channels[0] if channels and isinstance(channels[0], dict) else {"desk": channels[0]}
    return Drain(store, receivers, owner, now=clock, sleep=clock.sleep)


def state_of(store, alert):
    known = delivery_log.read(store, alert.alert_id)
    return known.entry.state if known else None


def test_each_alert_is_posted_once_and_logged(store, clock, channel):
    alerts = [make_alert(number) for number in range(3)]
    for alert in alerts:
        outbox.enqueue(store, alert)
    result = drain(store, clock, channel).run(90)
    assert sorted(channel.posted) == sorted(alert.alert_id for alert in alerts)
    assert result.counts == {"posted": 3}
    assert list(outbox.waiting(store)) == []
    assert {state_of(store, alert) for alert in alerts} == {"sent"}


def test_an_alert_enqueued_again_after_delivery_is_not_posted_again(store, clock, channel):
    outbox.enqueue(store, make_alert())
    drain(store, clock, channel).run(90)
    outbox.enqueue(store, make_alert())
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"already_sent": 1}
    assert len(channel.posted) == 1
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2, 3, 4], ids=["claim", "write-ahead", "sent", "delete"])
def test_killed_at_any_write_nothing_is_lost_or_doubled(store, clock, channel, dies_at, after_effect):
    alert = make_alert()
    outbox.enqueue(store, alert)
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == [alert.alert_id]
    assert state_of(store, alert) == "sent"
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("accepted", [True, False], ids=["and it was accepted", "and it was not"])
def test_killed_while_the_post_is_under_way(store, clock, accepted):
    alert = make_alert()
    channel = FakeChannel()
    outbox.enqueue(store, alert)
    if accepted:
        channel.after_accept.append(Killed())
    else:
        channel.faults.append(Killed())
    with pytest.raises(Killed):
        drain(store, clock, channel).run(90)
    clock.sleep(1)
    assert drain(store, clock, channel, owner="worker-2").run(90).counts == {"owned": 1}
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == [alert.alert_id]
    assert channel.searched, "a post whose answer was lost is looked for before it is repeated"


def test_a_lost_answer_is_looked_for_only_once_it_can_have_arrived(store, clock, channel):
    outbox.enqueue(store, make_alert())
    channel.after_accept.append(UnknownOutcomeError("no answer"))
    assert drain(store, clock, channel).run(90).counts == {"unknown": 1}
    assert drain(store, clock, channel).run(90).counts == {"settling": 1}
    assert not channel.searched
    clock.sleep(SETTLE.total_seconds())
    assert drain(store, clock, channel).run(90).counts == {"found": 1}
    assert len(channel.posted) == 1


def test_a_busy_receiver_is_waited_for_and_its_claim_given_back(store, clock, channel):
    outbox.enqueue(store, make_alert())
    channel.faults.append(BusyError(30))
    assert drain(store, clock, channel).run(10).counts == {"left_for_next": 1}
    clock.sleep(30)
    assert drain(store, clock, channel).run(10).counts == {"posted": 1}
    assert not channel.searched, "a refusal is certain: nobody needs to look for the message"


def test_posts_to_one_receiver_keep_their_distance_and_stop_at_the_deadline(store, clock, channel):
    for number in range(5):
        outbox.enqueue(store, make_alert(number))
    result = drain(store, clock, channel).run(2.5)
    assert result.counts == {"posted": 3, "left_for_next": 2}


def test_two_workers_at_the_same_alert_make_one_post(store, clock, channel):
    alert = make_alert()
    outbox.enqueue(store, alert)

    class Interrupted(FakeChannel):
        """While it posts, a second worker drains the same outbox."""

        def post(self, alert, place, *, plain=False):
            drain(store, clock, channel, owner="worker-2").run(90)
            return channel.post(alert, place, plain=plain)

    drain(store, clock, Interrupted()).run(90)
    assert channel.posted == [alert.alert_id]


def test_a_busy_receiver_holds_up_nobody_else(store, clock):
    slow, other = FakeChannel(), FakeChannel()
    slow.faults = [BusyError(60)]
    for number in range(5):
        outbox.enqueue(store, make_alert(number))
    outbox.enqueue(store, make_alert(9, receiver="night"))
    result = drain(store, clock, {"desk": slow, "night": other}).run(20)
    assert len(other.posted) == 1
    assert result.counts == {"posted": 1, "left_for_next": 5}


def test_two_receivers_are_posted_to_in_turns(store, clock):
    first, second = FakeChannel(), FakeChannel()
    for number in range(4):
        outbox.enqueue(store, make_alert(number))
        outbox.enqueue(store, make_alert(number, receiver="night"))
    result = drain(store, clock, {"desk": first, "night": second}).run(2.5)
    assert (len(first.posted), len(second.posted)) == (3, 3), "a second's pause for each, not for both together"
    assert result.counts == {"posted": 6, "left_for_next": 2}


def test_an_alert_whose_fate_stays_unknown_becomes_a_failure(store, clock, channel):
    outbox.enqueue(store, make_alert())
    channel.faults = [UnknownOutcomeError("no answer")] * 3
    assert drain(store, clock, channel).run(90).failures == []
    clock.sleep(2 * 3600)
    failure = drain(store, clock, channel).run(90).failures[0]
    assert failure.subject == "overdue desk"
    assert failure.says == "1 messages for 'desk' are overdue, the oldest since 2026-11-24 12:00 UTC: no answer"


def test_an_article_is_known_by_each_of_its_addresses(store, clock, channel):
    # Alerted under its canonical address; a later sighting, unreadable, knows only the entry's.
    other_id = outbox.alert_id("by-entry", "desk")
    assert offer(store, make_alert(1), {"article-1", "by-entry"})
    assert not offer(store, make_alert(7, article_id="by-entry", alert_id=other_id, batch="b2"))
    drain(store, clock, channel).run(90)
    assert not offer(store, make_alert(7, article_id="by-entry", alert_id=other_id, batch="b3"))
    drain(store, clock, channel).run(90)
    assert len(channel.posted) == 1


def test_killed_between_the_pointers_and_the_outbox_the_alert_is_still_offered(store):
    with pytest.raises(Killed):
        offer(DyingStore(store, 2, after_effect=False), make_alert(1), {"article-1", "by-entry"})
    assert list(outbox.waiting(store)) == []
    assert offer(store, make_alert(1), {"article-1", "by-entry"})
    assert len(list(outbox.waiting(store))) == 1


class SlowStore:
    """S3 that takes its time over the n-th swap, while the world goes on."""

    def __init__(self, store, at, meanwhile):
        self._store, self._left, self._meanwhile = store, at, meanwhile

    def __getattr__(self, name):
        return getattr(self._store, name)

    def swap(self, *args):
        result = self._store.swap(*args)
        self._left -= 1
        if not self._left:
            self._meanwhile()
        return result


def test_a_worker_whose_lease_ran_out_while_it_wrote_ahead_lets_go(store, clock, channel):
    alert = make_alert()
    outbox.enqueue(store, alert)

    def meanwhile():
        clock.sleep((LEASE + timedelta(seconds=1)).total_seconds())
        drain(store, clock, channel, owner="worker-2").run(90)

    drain(SlowStore(store, 2, meanwhile), clock, channel).run(9000)
    assert channel.posted == [alert.alert_id]


def test_a_worker_whose_writes_were_slow_gives_its_claim_back_and_the_next_one_posts(store, clock, channel):
    alert = make_alert()
    outbox.enqueue(store, alert)
    slow = SlowStore(store, 2, lambda: clock.sleep((LEASE - SETTLE).total_seconds() + 1))
    assert drain(slow, clock, channel).run(9000).counts == {"left_for_next": 1}
    assert channel.posted == []
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert not channel.searched, "nothing was posted, and the log says so"


def test_a_lost_answer_settles_from_when_it_was_lost(store, clock):
    class TimesOut(FakeChannel):
        def post(self, alert, place=None, *, plain=False):
            clock.sleep(20)
            raise UnknownOutcomeError("no answer")

    outbox.enqueue(store, make_alert())
    drain(store, clock, TimesOut()).run(9000)
    channel = FakeChannel()
    clock.sleep(SETTLE.total_seconds() - 1)
    assert drain(store, clock, channel).run(90).counts == {"settling": 1}
    clock.sleep(1)
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
