"""What a receiver asked us to wait is kept for whoever drains next."""

from datetime import timedelta

from include.wirewatch.deliver import busy, outbox
from include.wirewatch.deliver.receiver import BusyError
from tests.deliver.conftest import NOW, FakeChannel, make_alert
from tests.deliver.test_drain import drain


def test_a_wait_outlives_the_drain_and_holds_up_nobody_else(store, clock, channel):
    other = FakeChannel()
    channels = {"desk": channel, "night": other}
    outbox.enqueue(store, make_alert(1))
    channel.faults = [BusyError(3600)]
    drain(store, clock, channels).run(90)
    outbox.enqueue(store, make_alert(1, receiver="night"))
    clock.sleep(150)
    assert drain(store, clock, channels, owner="worker-2").run(90).counts == {"left_for_next": 1, "posted": 1}
    clock.sleep(3600 - 150)
    assert drain(store, clock, channels, owner="worker-2").run(90).counts == {"posted": 1}


def test_a_wait_that_ends_within_the_next_drain_is_waited_for(store, clock, channel):
    outbox.enqueue(store, make_alert(1))
    channel.faults = [BusyError(100)]
    drain(store, clock, channel).run(90)
    clock.sleep(50)
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert clock.now == NOW + timedelta(seconds=100)


def test_the_longest_wait_wins_and_none_is_longer_than_an_hour(store):
    for minutes in (10, 30, 20):
        busy.keep(store, "desk", NOW + timedelta(minutes=minutes))
    busy.keep(store, "night", NOW + timedelta(days=9))
    assert busy.waits(store, NOW) == {"desk": NOW + timedelta(minutes=30), "night": NOW + timedelta(hours=1)}
    assert busy.waits(store, NOW + timedelta(minutes=30)).keys() == {"night"}
    busy.keep(store, "desk", NOW + timedelta(minutes=40))
    assert busy.waits(store, NOW + timedelta(minutes=30))["desk"] == NOW + timedelta(minutes=40)


def test_a_wait_that_cannot_be_read_holds_up_nothing_and_is_written_over(store, clock, channel):
    store.put("busy/desk.json", b'{"from": "a newer version"}')
    outbox.enqueue(store, make_alert(1))
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    busy.keep(store, "desk", NOW + timedelta(minutes=5))
    assert busy.waits(store, NOW) == {"desk": NOW + timedelta(minutes=5)}
