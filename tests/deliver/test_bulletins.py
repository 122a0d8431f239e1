"""Messages that are not about one article: posted once, edited in place, never going back to an earlier edition."""

import pytest

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.receiver import BusyError, GoneError, MessageFaultError, UnknownOutcomeError
from include.wirewatch.deliver.render import render_message, render_text
from include.wirewatch.deliver.safe_text import END_OF_ISOLATE, ISOLATE
from include.wirewatch.models import BulletinLine, BulletinSection
from tests.deliver.conftest import make_bulletin
from tests.deliver.test_drain import DyingStore, Killed, drain
from tests.fakes.slack_limits import message_error


def enqueue_all(store, *bulletins):
    for bulletin in bulletins:
        outbox.enqueue(store, bulletin)


def enqueue_and_drain(store, clock, channel, *bulletins):
    enqueue_all(store, *bulletins)
    return drain(store, clock, channel).run(90)


def test_a_failure_is_posted_once_however_often_it_is_enqueued(store, clock, channel):
    for _ in range(3):
        outbox.enqueue(store, make_bulletin())
        drain(store, clock, channel).run(90)
    assert channel.posted == ["bulletin-1"]
    assert list(outbox.waiting(store)) == []


def test_a_later_edition_edits_the_message_and_an_earlier_one_is_dropped(store, clock, channel):
    for edition in (2, 3, 1):
        outbox.enqueue(store, make_bulletin(edition))
        drain(store, clock, channel).run(90)
    assert channel.posted == ["bulletin-1"]
    assert channel.editions == {"bulletin-1": [2, 3]}
    assert list(outbox.waiting(store)) == []


def test_editions_that_wait_together_end_with_the_latest(store, clock, channel):
    enqueue_all(store, make_bulletin(1), make_bulletin(2), make_bulletin(3))
    drain(store, clock, channel).run(90)
    assert channel.posted == ["bulletin-1"]
    assert channel.editions["bulletin-1"][-1] == 3


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 8))
def test_killed_at_any_write_one_message_shows_the_latest_edition(store, clock, channel, dies_at, after_effect):
    enqueue_all(store, make_bulletin(1), make_bulletin(2))
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    for _ in range(2):
        clock.sleep((LEASE + SETTLE).total_seconds())
        drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == ["bulletin-1"]
    assert channel.editions["bulletin-1"][-1] == 2
    assert list(outbox.waiting(store)) == []


def test_a_later_edition_finds_the_lost_post_of_an_earlier_one_and_edits_it(store, clock, channel):
    outbox.enqueue(store, make_bulletin(1))
    channel.after_accept.append(UnknownOutcomeError("no answer"))
    drain(store, clock, channel).run(90)
    outbox.remove(store, make_bulletin(1))
    outbox.enqueue(store, make_bulletin(2))
    for _ in range(2):
        clock.sleep(SETTLE.total_seconds())
        drain(store, clock, channel).run(90)
    assert channel.posted == ["bulletin-1"]
    assert channel.editions == {"bulletin-1": [1, 2]}


def test_a_later_edition_waits_while_an_earlier_one_may_still_arrive(store, clock, channel):
    outbox.enqueue(store, make_bulletin(1))
    drain(store, clock, channel).run(90)
    edit = channel.update

    def slow_edit(outgoing, place, posted, copies=(), *, plain=False):
        outbox.enqueue(store, make_bulletin(3))
        assert drain(store, clock, channel, owner="worker-2").run(90).counts["settling"]
        edit(outgoing, place, posted, copies)
        raise UnknownOutcomeError("no answer")

    channel.update = slow_edit
    outbox.enqueue(store, make_bulletin(2))
    assert drain(store, clock, channel).run(90).counts == {"unknown": 1}
    channel.update = edit
    assert drain(store, clock, channel).run(90).counts == {"settling": 2}
    clock.sleep(SETTLE.total_seconds())
    drain(store, clock, channel).run(90)
    assert channel.editions["bulletin-1"][-1] == 3
    assert list(outbox.waiting(store)) == []


def test_an_edit_waits_for_a_busy_receiver(store, clock, channel):
    outbox.enqueue(store, make_bulletin(1))
    drain(store, clock, channel).run(90)
    outbox.enqueue(store, make_bulletin(2))
    channel.update_faults = [BusyError(200)]
    assert drain(store, clock, channel).run(90).counts == {"left_for_next": 1}
    clock.sleep(200)
    assert drain(store, clock, channel).run(90).counts == {"edited": 1}
    assert list(outbox.waiting(store)) == []


def test_the_edition_of_a_message_that_is_gone_is_posted_anew_and_later_ones_edit_that(store, clock, channel):
    enqueue_and_drain(store, clock, channel, make_bulletin(1))
    channel.update_faults = [GoneError("message_not_found")]
    result = enqueue_and_drain(store, clock, channel, make_bulletin(2))
    assert (result.counts, result.failures) == ({"posted": 1}, [])
    enqueue_and_drain(store, clock, channel, make_bulletin(3))
    assert channel.posted == ["bulletin-1", "bulletin-1"]
    assert channel.editions == {"bulletin-1": [1, 2, 3]}
    assert delivery_log.read(store, "bulletin-1").entry.ts == "2"
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 7), ids=["edit ahead", "reopen", "claim", "write ahead", "sent", "delete"])
def test_killed_at_any_write_of_an_edit_that_becomes_a_post_it_is_posted_once(
    store, clock, channel, dies_at, after_effect
):
    enqueue_and_drain(store, clock, channel, make_bulletin(1))
    outbox.enqueue(store, make_bulletin(2))
    edit = channel.update

    def gone(outgoing, place, posted, copies=(), *, plain=False):
        if posted.ts == "1":
            raise GoneError("message_not_found")
        edit(outgoing, place, posted, copies, plain=plain)

    channel.update = gone
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    for _ in range(2):
        clock.sleep((LEASE + SETTLE).total_seconds())
        drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == ["bulletin-1", "bulletin-1"]
    assert channel.editions["bulletin-1"][-1] == 2
    assert list(outbox.waiting(store)) == []


def test_what_may_not_be_edited_any_more_is_not_taken_for_the_lost_post_of_its_new_edition(store, clock, channel):
    enqueue_and_drain(store, clock, channel, make_bulletin(1))
    channel.update_faults, channel.faults = [GoneError("cant_update_message")], [UnknownOutcomeError("no answer")]
    assert enqueue_and_drain(store, clock, channel, make_bulletin(2)).counts == {"unknown": 1}
    clock.sleep(SETTLE.total_seconds())
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}
    assert channel.editions["bulletin-1"] == [1, 2]


def test_an_edition_that_is_refused_is_shown_as_plain_text(store, clock, channel):
    enqueue_and_drain(store, clock, channel, make_bulletin(1))
    channel.update_faults = [MessageFaultError("invalid_blocks")]
    assert enqueue_and_drain(store, clock, channel, make_bulletin(2)).failures == []
    assert channel.plain_edits == [True]
    assert channel.editions == {"bulletin-1": [1, 2]}


def test_an_edition_that_is_refused_as_plain_text_too_is_a_failure_and_the_next_one_is_tried(store, clock, channel):
    enqueue_and_drain(store, clock, channel, make_bulletin(1))
    channel.update_faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]
    result = enqueue_and_drain(store, clock, channel, make_bulletin(2))
    assert result.counts == {"not_edited": 1}
    assert [failure.says for failure in result.failures] == [
        "digest bulletin-1 for 'desk' could not be brought up to date: msg_too_long"
    ]
    assert list(outbox.waiting(store)) == []
    enqueue_and_drain(store, clock, channel, make_bulletin(3))
    assert channel.editions == {"bulletin-1": [1, 3]}


def test_what_was_refused_for_good_is_tried_again_with_the_next_edition(store, clock, channel):
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]
    outbox.enqueue(store, make_bulletin(1))
    assert drain(store, clock, channel).run(90).failures[0].subject == "dead bulletin-1"
    outbox.enqueue(store, make_bulletin(2))
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}


def test_a_bulletin_of_a_thread_waits_for_the_one_that_opens_it(store, clock, channel):
    outbox.enqueue(store, make_bulletin(number=2, parent="bulletin-1"))
    assert drain(store, clock, channel).run(90).counts == {"waits_for_parent": 1}
    outbox.enqueue(store, make_bulletin(1))
    assert drain(store, clock, channel).run(90).counts == {"posted": 2}
    assert channel.places["bulletin-2"].parent == "bulletin-1"


def test_a_quiet_runs_bulletin_leaves_the_delivery_log_alone(store, clock, channel):
    under = "backfills/spring/delivery/"
    enqueue_all(store, make_bulletin(1, log_under=under), make_bulletin(number=2, log_under=under, parent="bulletin-1"))
    drain(store, clock, channel).run(90)
    assert channel.places["bulletin-2"].thread_ts == "1"
    assert list(store.list("delivery/")) == []
    assert delivery_log.read(store, "bulletin-1", under).entry.state == "sent"


def test_the_largest_bulletin_stays_under_every_limit():
    line = BulletinLine(text="<&>" * 400, url="https://x.example/" + "a" * 1900, detail="d" * 400)
    section = BulletinSection(heading="h" * 999, lines=(line,) * 99, preformatted="█" * 40 + "\n" + "x" * 99_000)
    bulletin = make_bulletin(1, title="t" * 3000, notes=("n" * 5000,) * 20, sections=(section,) * 40)
    message = render_message(bulletin)
    blocks = [block.to_dict() for block in message.blocks]
    assert message_error({"text": message.text, "blocks": blocks}) == ""
    for block in message.blocks:
        block.validate_json()
    assert "and 97 more" in str(blocks), "what does not fit is counted"
    assert "no room for 39 more sections" in str(blocks[-1])


def test_a_bulletin_in_a_log_says_the_same_and_hides_nothing():
    lines = (BulletinLine(text="Talks go on", url="https://x.example/1", detail="score 80"), BulletinLine(text="Fin"))
    section = BulletinSection(heading="Top", lines=lines, preformatted="ceasefire ███ 3")
    text = render_text(make_bulletin(1, notes=("\u202eTuesday",), sections=(section,)))
    assert text.splitlines() == [
        "Bulletin 1, edition 1",
        "  Tuesday",
        "  Top",
        "  - Talks go on  score 80  https://x.example/1",
        "  - Fin",
        "    ceasefire ███ 3",
    ]


def test_a_line_in_which_some_part_runs_from_right_to_left_keeps_the_order_of_its_parts():
    line = BulletinLine(text="שלום!", url="https://x.example/1", detail="צהריים · ceasefire · score 80")
    (block,) = render_message(make_bulletin(1, sections=(BulletinSection(lines=(line,)),))).blocks[1:]
    link, detail = block.to_dict()["elements"][0]["elements"][0]["elements"]
    assert link["text"] == f"{ISOLATE}שלום!{END_OF_ISOLATE}"
    assert detail["text"] == f" – {ISOLATE}צהריים{END_OF_ISOLATE} · ceasefire · score 80"
