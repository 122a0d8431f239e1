"""A first alert that is refused for good: one of its copies leads the story, and the others reply to that."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.receiver import MessageFaultError
from include.wirewatch.deliver.revive import revive
from include.wirewatch.deliver.story import copies_of
from include.wirewatch.deliver.thread import BY_ITSELF
from tests.deliver.conftest import FakeChannel
from tests.deliver.test_drain import DyingStore, Killed, drain
from tests.deliver.test_story import copy, enqueue


class Refusing(FakeChannel):
    """Takes everything but these."""

    def __init__(self, *refused):
        super().__init__()
        self.refused = {alert.alert_id for alert in refused}

    def post(self, outgoing, place=BY_ITSELF, *, plain=False):
        if outgoing.alert_id in self.refused:
            raise MessageFaultError("invalid_blocks")
        return super().post(outgoing, place, plain=plain)


@pytest.fixture
def refusing(store, clock):
    """A channel that has refused copy(0), which led the story."""
    channel = Refusing(copy(0))
    enqueue(store, copy(0))
    drain(store, clock, channel).run(90)
    return channel


def leads_of(channel):
    return [alert_id for alert_id, place in channel.places.items() if place == BY_ITSELF]


def test_the_first_copy_of_a_dead_alert_leads_and_counts_the_others(store, clock, refusing):
    enqueue(store, *map(copy, range(1, 6)))
    drain(store, clock, refusing).run(90)
    (lead,) = leads_of(refusing)
    assert {place.parent for place in refusing.places.values()} == {"", lead}
    assert len(refusing.posted) == 5
    assert len(refusing.copies[lead]) == 4
    assert list(outbox.waiting(store)) == []


def test_where_the_next_one_is_refused_too_the_one_after_it_leads(store, clock, refusing):
    refusing.refused.add(copy(1).alert_id)
    enqueue(store, copy(1))
    drain(store, clock, refusing).run(90)
    enqueue(store, copy(2), copy(3))
    drain(store, clock, refusing).run(90)
    assert len(leads_of(refusing)) == 1
    assert sorted(refusing.posted) == sorted([copy(2).alert_id, copy(3).alert_id])


def test_several_workers_agree_on_who_leads(store, clock, refusing):
    enqueue(store, *map(copy, range(1, 9)))
    workers = [drain(store, clock, refusing, owner=f"worker-{number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda worker: worker.run(90), workers))
    workers[0].run(90)
    assert len(refusing.posted) == 8
    (lead,) = leads_of(refusing)
    assert len(copies_of(store, "desk", lead)) == 7


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 7), ids=["story", "lead", "claim", "write-ahead", "sent", "delete"])
def test_killed_at_any_write_one_copy_leads(store, clock, refusing, dies_at, after_effect):
    enqueue(store, copy(1))
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, refusing).run(90)
    enqueue(store, copy(2))
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, refusing, owner="worker-2").run(90)
    assert sorted(refusing.posted) == sorted([copy(1).alert_id, copy(2).alert_id])
    (lead,) = leads_of(refusing)
    assert len(refusing.copies[lead]) == 1
    assert list(outbox.waiting(store)) == []


def test_a_dead_lead_that_is_revived_replies_to_its_successor(store, clock, refusing):
    enqueue(store, copy(1))
    drain(store, clock, refusing).run(90)
    refusing.refused.clear()
    revive(store, copy(0).alert_id, clock())
    drain(store, clock, refusing).run(90)
    assert refusing.places[copy(0).alert_id].parent == copy(1).alert_id
    assert refusing.copies == {copy(1).alert_id: ("Paper 0",)}
