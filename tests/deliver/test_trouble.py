"""What goes wrong with one message or receiver, and who is told: refusals, unreadable objects, faults of our own."""

import pytest

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.receiver import (
    DuplicateError,
    MessageFaultError,
    ReceiverFaultError,
    StrangeRefusalError,
    UnknownOutcomeError,
)
from include.wirewatch.deliver.story import lead_of, signature_of
from include.wirewatch.deliver.thread import BY_ITSELF
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Failure
from tests.deliver.conftest import FakeChannel, make_alert
from tests.deliver.test_drain import DyingStore, Killed, drain

SIGNATURE = signature_of(" ".join(f"word{number}" for number in range(100)))


@pytest.mark.parametrize("is_found", [True, False], ids=["and it is found", "and it is out of sight"])
def test_what_the_receiver_calls_a_duplicate_is_looked_for_and_never_posted_again(store, clock, channel, is_found):
    outbox.enqueue(store, make_alert(0, signature=SIGNATURE))
    if is_found:
        channel.after_accept = [DuplicateError("duplicate_message")]
    else:
        channel.faults = [DuplicateError("duplicate_message")]
    assert drain(store, clock, channel).run(90).counts == {"unknown": 1}
    clock.sleep(SETTLE.total_seconds())
    posted = list(channel.posted)
    assert drain(store, clock, channel).run(90).counts == {"found" if is_found else "out_of_sight": 1}
    assert channel.posted == posted
    entry = delivery_log.read(store, make_alert(0).alert_id).entry
    assert (entry.state, bool(entry.ts)) == ("sent", is_found)
    outbox.enqueue(store, make_alert(1, signature=SIGNATURE))
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert bool(channel.places[make_alert(1).alert_id].parent) is is_found, "nobody can reply to what is out of sight"


def test_a_duplicate_of_an_earlier_try_is_looked_for_from_then_on(store, clock, channel):
    outbox.enqueue(store, make_alert())
    channel.faults = [UnknownOutcomeError("no answer")]
    drain(store, clock, channel).run(90)
    first_try = clock.now
    clock.sleep(SETTLE.total_seconds())
    channel.faults = [DuplicateError("duplicate_message")]
    drain(store, clock, channel).run(90)
    drain(store, clock, channel).run(90)
    assert channel.searched == [first_try, first_try]


def test_a_receiver_with_a_fault_is_parked_and_the_others_go_on(store, clock):
    broken, working = FakeChannel(), FakeChannel()
    broken.faults = [ReceiverFaultError("not_in_channel: invite the bot")]
    alerts = [make_alert(1), make_alert(2), make_alert(1, receiver="night")]
    for alert in alerts:
        outbox.enqueue(store, alert)
    result = drain(store, clock, {"desk": broken, "night": working}).run(90)
    assert result.counts == {"parked": 2, "posted": 1}
    says = "receiver 'desk' is parked: not_in_channel: invite the bot"
    assert result.failures == [Failure("parked desk", says, about="desk")]
    assert len(list(outbox.waiting(store))) == 2
    assert drain(store, clock, {"desk": broken, "night": working}).run(90).counts == {"posted": 2}


class Picky(FakeChannel):
    """Refuses some messages for a reason of next year."""

    def __init__(self, *refused):
        super().__init__()
        self.refused = {alert.alert_id for alert in refused}

    def post(self, outgoing, place=BY_ITSELF, *, plain=False):
        if outgoing.alert_id in self.refused:
            raise StrangeRefusalError("of_next_year", "of_next_year: see the documentation")
        return super().post(outgoing, place, plain=plain)


def test_one_message_that_is_refused_strangely_stays_open_and_parks_nobody(store, clock):
    alerts = [make_alert(number) for number in range(3)]
    channel = Picky(alerts[0])
    for alert in alerts:
        outbox.enqueue(store, alert)
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"refused": 1, "posted": 2}
    (failure,) = result.failures
    assert failure == Failure(
        f"refused {alerts[0].alert_id}",
        f"alert {alerts[0].alert_id} for 'desk' is refused: of_next_year: see the documentation",
        "desk",
    )
    channel.refused.clear()
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert not channel.searched, "a refusal is certain"


def test_two_messages_that_are_refused_for_the_same_strange_reason_park_their_receiver(store, clock):
    alerts = [make_alert(number) for number in range(4)]
    for alert in alerts:
        outbox.enqueue(store, alert)
    result = drain(store, clock, Picky(*alerts)).run(90)
    assert result.counts == {"refused": 1, "parked": 3}
    assert [failure.subject for failure in result.failures] == ["parked desk"]


def test_the_only_message_that_is_refused_strangely_may_be_its_receivers_fault(store, clock):
    outbox.enqueue(store, make_alert())
    (failure,) = drain(store, clock, Picky(make_alert())).run(90).failures
    assert failure.says.endswith("; no other message went there, so it may be the receiver's fault")


def test_a_refused_message_is_tried_as_plain_text_and_then_kept_as_dead(store, clock, channel):
    alert = make_alert()
    outbox.enqueue(store, alert)
    channel.faults = [MessageFaultError("invalid_blocks")]
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert channel.plain == [True]

    other = make_alert(2)
    outbox.enqueue(store, other)
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"dead": 1}
    assert "msg_too_long" in result.failures[0].says
    known = delivery_log.read(store, other.alert_id)
    assert known.entry.state == "dead"
    assert known.entry.alert == other, "nothing is lost: the log keeps the alert"


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [3, 4, 5], ids=["dead", "tell", "delete"])
def test_killed_at_any_write_of_a_dead_alert_its_failure_is_told(store, clock, channel, dies_at, after_effect):
    alert, told = make_alert(), "told"
    outbox.enqueue(store, alert)
    dying = DyingStore(store, dies_at, after_effect=after_effect)

    def drain_once(store):
        channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]
        telling = drain(store, clock, channel)
        telling.tell = lambda failures: store.put(told, repr(failures).encode())
        return telling.run(90)

    with pytest.raises(Killed):
        drain_once(dying)
    for _ in range(2):
        clock.sleep((LEASE + SETTLE).total_seconds())
        drain_once(store)
    assert f"dead {alert.alert_id}" in store.get(told).body.decode()
    assert "msg_too_long" in store.get(told).body.decode()
    assert list(outbox.waiting(store)) == []


def test_a_dead_alert_is_a_failure_of_the_retry_as_well_when_the_first_try_could_not_tell_it(store, clock, channel):
    outbox.enqueue(store, make_alert())
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]

    def cannot_tell(failures):
        raise StoreError("S3 is away")

    first = drain(store, clock, channel)
    first.tell = cannot_tell
    with pytest.raises(StoreError):
        first.run(90)
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"dead": 1}
    assert "msg_too_long" in result.failures[0].says
    assert drain(store, clock, channel).run(90).failures == []


def test_a_receiver_that_left_the_file_keeps_its_alerts(store, clock):
    outbox.enqueue(store, make_alert())
    result = drain(store, clock, {}).run(90)
    assert "no longer in receivers.yaml" in result.failures[0].says
    assert len(list(outbox.waiting(store))) == 1


def test_a_marker_that_cannot_be_read_is_told_and_the_others_are_delivered(store, clock, channel):
    outbox.enqueue(store, make_alert())
    store.put("outbox/0000.json", b'{"alert_id": "0000", "from": "a newer version"}')
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"posted": 1, "unreadable": 1}
    assert "outbox/0000.json is not readable" in result.failures[0].says
    assert store.get("outbox/0000.json") is not None, "it stays for the version that knows it"


NEWER = b'{"from": "a newer version"}'


@pytest.mark.parametrize(
    "key",
    [f"delivery/{make_alert(1).alert_id}.json", f"delivery/{make_alert(0).alert_id}.json", "stories/desk/24h-3.json"],
    ids=["its log entry", "its parent's log entry", "the stories"],
)
def test_an_object_that_cannot_be_read_holds_up_only_what_hangs_on_it(store, clock, channel, key):
    other = FakeChannel()
    outbox.enqueue(store, make_alert(0, signature=SIGNATURE))
    drain(store, clock, channel).run(90)
    store.put(key, NEWER)
    outbox.enqueue(store, make_alert(1, signature=SIGNATURE))
    outbox.enqueue(store, make_alert(2, receiver="night"))
    result = drain(store, clock, {"desk": channel, "night": other}).run(90)
    assert result.counts == {"unreadable": 1, "posted": 1}
    assert other.posted == [make_alert(2, receiver="night").alert_id]
    assert [failure.subject for failure in result.failures] == [f"unreadable {key}"]
    assert [waiting.alert_id for waiting in outbox.waiting(store)] == [make_alert(1).alert_id]


def test_a_parent_in_the_outbox_that_cannot_be_read_holds_up_its_replies_alone(store, clock, channel):
    lead_of(store, make_alert(0, signature=SIGNATURE), clock())
    store.put(f"outbox/{make_alert(0).alert_id}.json", NEWER)
    outbox.enqueue(store, make_alert(1, signature=SIGNATURE))
    outbox.enqueue(store, make_alert(2))
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"unreadable": 2, "posted": 1}
    assert len(result.failures) == 1, "one object is one failure"


def test_a_fault_of_our_own_with_one_message_holds_up_no_other(store, clock, channel, caplog):
    outbox.enqueue(store, make_alert(0))
    outbox.enqueue(store, make_alert(1))
    channel.faults = [ZeroDivisionError("xoxb-of-somebody")]
    result = drain(store, clock, channel).run(90)
    assert result.counts == {"broken": 1, "posted": 1}
    (failure,) = result.failures
    assert failure.says.endswith("for 'desk' cannot be delivered: ZeroDivisionError")
    assert "Traceback" in caplog.text
    assert len(list(outbox.waiting(store))) == 1


def test_a_store_that_fails_stops_the_drain(store, clock, channel):
    outbox.enqueue(store, make_alert())
    channel.faults = [StoreError("S3 is away")]
    with pytest.raises(StoreError):
        drain(store, clock, channel).run(90)
