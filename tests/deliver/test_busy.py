"""What a receiver asked us to wait is kept for whoever drains next."""

from datetime import timedelta

from slack_sdk import WebClient

from include.wirewatch.deliver import busy, outbox
from include.wirewatch.deliver.console import ConsoleChannel
from include.wirewatch.deliver.receiver import BusyError
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.stages.deliver import one_a_channel
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


class Timed(FakeChannel):
    """Remembers when it was posted to."""

    def __init__(self, clock):
        super().__init__()
        self.clock, self.at = clock, []

    def post(self, *arguments, **options):
        self.at.append((self.clock.now - NOW).total_seconds())
        return super().post(*arguments, **options)


def test_two_receivers_of_one_channel_share_its_pace_and_its_waits(store, clock):
    shared = Timed(clock)
    channels = {"desk": shared, "night": shared}
    for number in range(2):
        outbox.enqueue(store, make_alert(number))
        outbox.enqueue(store, make_alert(number, receiver="night"))
    drain(store, clock, channels).run(90)
    assert shared.at == [0, 1, 2, 3]
    first, second = make_alert(8), make_alert(9)
    others = [make_alert(8, receiver="night"), make_alert(9, receiver="night")]
    for alert in (first, second, *others):
        outbox.enqueue(store, alert)
    drain(store, clock, channels).run(1.5)
    served = {alert.alert_id for alert in others} & set(shared.posted)
    assert served, "none of them has to wait until the other is through"
    drain(store, clock, channels).run(90)
    outbox.enqueue(store, make_alert(5, receiver="night"))
    shared.faults = [BusyError(600)]
    drain(store, clock, channels).run(90)
    outbox.enqueue(store, make_alert(5))
    assert drain(store, clock, channels).run(90).counts == {"left_for_next": 2}


def test_receivers_of_one_slack_channel_have_one_of_it():
    first, second, other = (SlackChannel(WebClient(token="x"), name) for name in ("C1", "C1", "C2"))
    shared = one_a_channel({"a": first, "b": second, "c": other, "d": ConsoleChannel("d")})
    assert shared["a"] is shared["b"] is first
    assert shared["c"] is other
