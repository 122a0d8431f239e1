"""Copies of one text become replies to the first alert about it, whoever is first and whatever is killed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import combinations

import pytest
from slack_sdk import WebClient

from include.wirewatch.deliver import outbox, story
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.story import (
    ALIKE,
    Stories,
    Texts,
    assign,
    hashes_in,
    likeness,
    signature_of,
)
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from tests.deliver.conftest import NOW, FakeChannel, make_alert
from tests.deliver.test_drain import DyingStore, Killed, drain
from tests.fakes.slack_server import CHANNEL
from tests.newsroom.content import load_publishers

PIECES = [piece for publisher in load_publishers(NOW) for piece in publisher.pieces]
TEXT = " ".join(f"word{number}" for number in range(200))


def copy(number, *, text=TEXT, **changes):
    facts = {"not_before": NOW - timedelta(days=300), "signature": signature_of(text), "publisher": f"Paper {number}"}
    return make_alert(number, **{**facts, **changes})


def enqueue(store, *alerts):
    for alert in alerts:
        outbox.enqueue(store, alert)


def text_of(piece):
    return "\n".join((piece.title, *piece.paragraphs))


def test_the_newsrooms_syndicated_pieces_are_alike_and_all_others_are_far_from_it():
    signed = [(piece, signature_of(text_of(piece))) for piece in PIECES]
    pairs = list(combinations([(piece, signature) for piece, signature in signed if signature], 2))
    copies = [likeness(a, b) for (p, a), (q, b) in pairs if p.syndicated and p.syndicated == q.syndicated]
    others = [likeness(a, b) for (p, a), (q, b) in pairs if not (p.syndicated and p.syndicated == q.syndicated)]
    assert copies
    assert min(copies) > 2 * ALIKE
    assert len(others) > 500
    assert max(others) < ALIKE / 3


def test_two_independent_reports_of_one_event_stay_separate_although_they_share_its_quotes():
    quotes = (
        "“We will not sign anything that leaves the harbour closed for another winter,” the minister told reporters. "
        "“The ships are waiting and so are the people who live from them,” she added before boarding her train."
    )
    one = (
        f"The talks on the harbour of Port Tremayne broke up on Monday without a paper. {quotes} Delegates said the "
        "dispute had narrowed to two clauses, one on inspections and one on who pays the pilots, and that all had "
        "agreed to meet once more on Thursday in the same hotel. Fuel in the town is sold by the litre since Sunday, "
        "and the hospital has asked for generators. A convoy of eleven lorries was turned back at the northern gate."
    )
    other = (
        f"No deal yet: negotiators left the Hotel Continental after nine hours with nothing signed. {quotes} Our "
        "correspondent saw the two heads of delegation shake hands in the lobby. What separates them now, according to "
        "people in the room, is the question of boarding parties and a bill of four million crowns. Shops at the quay "
        "closed early. The next round begins in three days' time, and both governments have kept their envoys in place."
    )
    assert likeness(signature_of(one), signature_of(other)) < ALIKE


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text + " Reporting by the wire; edited by us.",
        lambda text: " ".join(text.split()[:110]),
        lambda text: text.replace("word50 ", "another ").replace("word90 ", "").replace("word150", "other"),
        lambda text: f"By our staff with agencies. {text.upper()}",
    ],
    ids=["a credit line", "cut to the half", "edited", "wrapped"],
)
def test_a_copy_is_known_after_light_editing(edit):
    assert likeness(signature_of(TEXT), signature_of(edit(TEXT))) >= ALIKE


def test_a_script_without_spaces_has_signatures_too():
    text = "双方代表周五在港口继续谈判，停火协议仍未签署，记者从现场报道，预计下周将有新的进展，市民希望航线早日恢复。"
    assert signature_of(text)
    assert likeness(signature_of(text), signature_of(text + "编辑：林。")) >= ALIKE


def test_a_text_too_short_to_tell_has_no_signature_and_no_story():
    assert signature_of("Talks on a ceasefire go on.") == ""


def test_copies_reply_to_the_first_and_it_counts_them_and_their_publishers(store, clock, channel):
    first, *others = alerts = [copy(1), copy(2), copy(3), copy(4, publisher="Paper 2")]
    enqueue(store, *alerts)
    assert drain(store, clock, channel).run(90).counts == {"posted": 4}
    assert channel.places[first.alert_id] == BY_ITSELF
    assert {channel.places[alert.alert_id] for alert in others} == {Place(first.alert_id, "1")}
    assert list(channel.copies) == [first.alert_id]
    assert sorted(channel.copies[first.alert_id]) == ["Paper 2", "Paper 2", "Paper 3"]


def test_another_text_another_receiver_and_another_day_lead_stories_of_their_own(store, clock):
    desk, night = FakeChannel(), FakeChannel()
    enqueue(store, copy(1), copy(2, text=TEXT.replace("word", "thing")), copy(3, receiver="night"))
    drain(store, clock, {"desk": desk, "night": night}).run(90)
    clock.sleep(story.WINDOW.total_seconds())
    enqueue(store, copy(4))
    drain(store, clock, {"desk": desk, "night": night}).run(90)
    assert {*desk.places.values(), *night.places.values()} == {BY_ITSELF}


def test_the_file_stays_bounded_and_forgets_the_oldest_first():
    full = Stories(
        stories=tuple(
            story.Story(lead=str(n), publisher="p", signature=signature_of(f"{n} " * 9 + TEXT), at=NOW)
            for n in range(story.MAX_STORIES)
        )
    )
    decided, lead = assign(full, copy(1, text=TEXT.replace("word", "thing")), NOW)
    assert lead == ""
    assert [item.lead for item in decided.stories] == [*map(str, range(1, story.MAX_STORIES)), copy(1).alert_id]


def test_a_decision_is_repeated_by_every_rerun():
    stories, _ = assign(Stories(), copy(1), NOW)
    stories, lead = assign(stories, copy(2), NOW)
    assert lead == copy(1).alert_id
    assert assign(stories, copy(2), NOW + 2 * story.WINDOW) == (stories, lead)
    assert assign(stories, copy(1), NOW + 2 * story.WINDOW) == (stories, "")


def test_copies_that_arrive_at_the_same_moment_make_one_parent(store, clock, channel):
    alerts = [copy(number) for number in range(8)]
    enqueue(store, *alerts)
    workers = [drain(store, clock, channel, owner=f"worker-{number}") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda worker: worker.run(90), workers))
    drain(store, clock, channel).run(90)
    assert sorted(channel.posted) == sorted(alert.alert_id for alert in alerts)
    (parent,) = [alert_id for alert_id, place in channel.places.items() if place == BY_ITSELF]
    assert {place.parent for place in channel.places.values()} == {"", parent}
    assert len(channel.copies[parent]) == 7
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize(
    "dies_at", range(1, 8), ids=["story", "claim", "write-ahead", "sent", "edit ahead", "edited", "delete"]
)
def test_killed_at_any_write_of_a_copy_it_is_one_reply_and_counted_once(store, clock, channel, dies_at, after_effect):
    first, second = copy(1), copy(2)
    enqueue(store, first)
    drain(store, clock, channel).run(90)
    enqueue(store, second)
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert channel.posted == [first.alert_id, second.alert_id]
    assert channel.places[second.alert_id] == Place(first.alert_id, "1")
    assert channel.copies == {first.alert_id: ("Paper 2",)}
    assert list(outbox.waiting(store)) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2, 3, 4, 5], ids=["story", "claim", "write-ahead", "sent", "delete"])
def test_killed_at_any_write_of_the_first_it_still_leads(store, clock, channel, dies_at, after_effect):
    first, second = copy(1), copy(2)
    enqueue(store, first)
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, channel).run(90)
    enqueue(store, second)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, channel, owner="worker-2").run(90)
    assert sorted(channel.posted) == sorted([first.alert_id, second.alert_id])
    assert [place.parent for place in channel.places.values()].count("") == 1
    assert len(set(channel.copies)) == 1


def test_slack_shows_the_count_in_the_first_alert_and_keeps_its_id(store, slack_server):
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=5)
    enqueue(store, copy(1), copy(2), copy(3))
    Drain(store, {"desk": SlackChannel(client, CHANNEL)}, "w", post_interval_s=0, now=lambda: datetime.now(UTC)).run(20)
    parent, *replies = slack_server.messages
    assert "2 copies at 2 publishers: Paper " in str(parent["blocks"])
    assert parent["metadata"]["event_payload"] == {"alert_id": copy(1).alert_id}
    assert {reply["thread_ts"] for reply in replies} == {parent["ts"]}
    assert "A copy of the article above." in str(replies[0]["blocks"])


def test_a_text_has_the_signature_that_is_stored_of_it():
    """Another one would part copies from what stories/*/24h-3.json has: who changes it raises the 3."""
    text = f"{TEXT} {TEXT}\nL\u2019\u00c9t\u00e9 2026_27\u3000\u7f16\u8f91\uff1a\u6797 \u0431"
    assert sha256(signature_of(text).encode()).hexdigest()[:16] == "8d16d6b33849a478"


def test_many_texts_are_looked_up_with_the_same_result_as_one_by_one():
    words = [f"word{number}" for number in range(90)]
    texts = [" ".join(words[:cut] + [f"other{cut}-{number}" for number in range(90 - cut)]) for cut in range(0, 91, 6)]
    signatures = ["", *map(signature_of, texts)]
    known = Texts()
    for number, signature in enumerate(signatures):
        alike = [(likeness(earlier, signature), -index) for index, earlier in enumerate(signatures[:number])]
        best, index = max(alike, default=(0.0, 0))
        assert known.copied_by(hashes_in(signature)) == (-index if best >= ALIKE else None)
        known.add(number, hashes_in(signature))
    assert any(known.copied_by(hashes_in(signature)) for signature in signatures)
