"""A backfill as one message: what counts, which days are done, and that no order of days can be seen in it."""

from datetime import UTC, date, datetime, timedelta
from itertools import permutations

import pytest

from include.wirewatch.config.receivers import Route
from include.wirewatch.deliver.backfill import (
    BackfillId,
    DayResult,
    bar_of,
    compose,
    days_of,
    edition_after,
    read_day,
    routed,
    span_of,
    succeed,
)
from include.wirewatch.deliver.render import render_message, render_text
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.models import ArticleMatches, BulletinLine
from tests.deliver.conftest import rule_match
from tests.fakes.slack_limits import message_error

MAY = BackfillId("may", "ingest_history")
DAY = date(2026, 5, 1)
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SPAN = (DAY, date(2026, 5, 5))
ALL = (Route(to=("desk",)),)


def row(number, *rules, score=50, **changes):
    """An article; without rules it matches ceasefire."""
    facts = {
        "article_id": f"article-{number}",
        "url": f"https://harbour-courier.example/{number}",
        "title": f"Story {number}",
        "publisher": "Harbour Courier",
        "language": "en",
        "matches": tuple(rule_match(rule, 1, score) for rule in rules or ("ceasefire",)),
        "decision": "quiet",
        **changes,
    }
    return ArticleMatches.model_validate(facts)


def reading(*rows, day=DAY, told=()):
    found = routed(rows, ALL).get("desk", {})
    return read_day(MAY, "desk", day, found, set(told), NOW)


def result(number, *rows, told=(), span=SPAN):
    """The number-th day, done."""
    day = DAY + timedelta(days=number)
    readings = {"desk": reading(*rows, day=day, told=told)} if rows else {}
    return DayResult(day=day, first=span and span[0], last=span and span[1], readings=readings)


def message(*days, span=SPAN):
    return compose(MAY, "desk", days, span, NOW)


@pytest.mark.parametrize(
    ("days", "span", "title"),
    [
        ((), SPAN, "Backfill may: 0 of 5 days done"),
        ((), None, "Backfill may: 0 days done"),
        ((result(0),), SPAN, "Backfill may: 1 of 5 days done, nothing matched"),
        ((result(0, row(1)),), SPAN, "Backfill may: 1 of 5 days done, 1 article, 1 new, 0 alerted before"),
        ((result(0, row(1)),), None, "Backfill may: 1 day done, 1 article, 1 new, 0 alerted before"),
        (
            (result(0, row(1), row(2), told=["article-1"]), result(3, row(3))),
            SPAN,
            "Backfill may: 2 of 5 days done, 3 articles, 2 new, 1 alerted before",
        ),
        (tuple(result(number) for number in range(5)), SPAN, "Backfill may: done, 5 days, nothing matched"),
        ((result(0, row(1)),), (DAY, DAY), "Backfill may: done, 1 day, 1 article, 1 new, 0 alerted before"),
    ],
    ids=[
        "begun",
        "begun without a range",
        "nothing yet",
        "one",
        "no total",
        "told and new",
        "all of nothing",
        "one day",
    ],
)
def test_the_title_says_how_far_it_is_and_what_it_brought(days, span, title):
    assert message(*days, span=span).title == title


@pytest.mark.parametrize(
    ("done", "note"),
    [
        ((0,), "Not done: 2 May 2026 to 5 May 2026"),
        ((4,), "Not done: 1 May 2026 to 4 May 2026"),
        ((0, 2, 4), "Not done: 2 May 2026, 4 May 2026"),
        ((1, 2), "Not done: 1 May 2026, 4 May 2026 to 5 May 2026"),
    ],
    ids=str,
)
def test_the_days_that_are_not_done_are_named(done, note):
    notes = message(*(result(number) for number in done)).notes
    assert notes[:2] == ("1 May 2026 to 5 May 2026, ingest_history", note)


def test_what_may_be_lacking_is_named_with_its_days_the_worst_first():
    lost = [("ours",), ("theirs", "ours"), (), ("ours",), ()]
    days = [result(number, row(number)).model_copy(update={"lacking": names}) for number, names in enumerate(lost)]
    notes = message(*days).notes
    assert notes[1] == "May lack articles of: ours (1 May 2026 to 2 May 2026, 4 May 2026), theirs (2 May 2026)"


def test_what_is_lacking_fits_into_its_note_and_the_rest_is_counted():
    names = tuple(f"a-source-with-a-longer-name-{number}" for number in range(9))
    days = [result(2 * number).model_copy(update={"lacking": names}) for number in range(10)]
    (note,) = (note for note in message(*days).notes if note.startswith("May lack"))
    first = "May lack articles of: a-source-with-a-longer-name-0 (1 May 2026, 3 May 2026 and 8 more), a-source-with-a"
    assert note.startswith(first)
    assert note.endswith(" and 6 more")
    assert note in render_text(message(*days))


@pytest.mark.parametrize("done", [(), range(5)], ids=["none is done", "all are done"])
def test_before_the_first_day_and_after_the_last_none_is_named(done):
    assert not [note for note in message(*map(result, done)).notes if note.startswith("Not done")]


def test_no_order_of_days_can_be_seen():
    days = [result(0, row(1), row(2, "sanctions")), result(1), result(2, row(1, "ultimatum"), told=["article-1"])]
    assert len({message(*order).model_dump_json() for order in permutations(days)}) == 1


def test_an_article_of_several_days_counts_once_with_all_its_rules():
    both = message(result(0, row(1), row(2)), result(1, row(1, "ultimatum")))
    assert "2 articles, 2 new" in both.title
    assert both.sections[1].preformatted == "ceasefire ██████████ 2\nultimatum █████      1"


def test_a_receiver_without_a_match_is_told_how_far_it_is_all_the_same():
    assert compose(MAY, "editors", [result(0, row(1))], SPAN, NOW).title.endswith("1 of 5 days done, nothing matched")


@pytest.mark.parametrize(
    ("done", "of", "bar"),
    [
        (0, 30, "░" * 20),
        (1, 365, "█" + "░" * 19),
        (15, 30, "█" * 10 + "░" * 10),
        (364, 365, "█" * 19 + "░"),
        (30, 30, "█" * 20),
        (1, 1, "█" * 20),
    ],
)
def test_the_bar_is_empty_only_before_the_first_day_and_full_only_after_the_last(done, of, bar):
    assert bar_of(done, of) == bar


def test_the_days_are_those_that_the_confs_name_together_and_any_other_that_is_done():
    later = date(2026, 5, 9)
    assert span_of([(None, None), (DAY, DAY), (DAY, later), (later, None)]) == (DAY, later)
    assert span_of([(None, None)]) is None
    assert days_of((DAY, DAY), [later]) == [DAY, later]
    assert days_of(None, [later, DAY]) == [DAY, later]


def test_copies_are_one_story_and_the_best_one_leads():
    same = signature_of(" ".join(f"word{place}" for place in range(60)))
    copies = [
        row(1, score=40, signature=same),
        row(2, score=70, signature=same, publisher="Northgate Press"),
        row(3, "sanctions", score=60),
    ]
    reply = reading(*copies, told=["article-1"]).reply
    assert reply.title == "Friday 1 May 2026: 2 stories in 3 articles, 2 new, 1 alerted before"
    assert reply.sections[0].lines == (
        BulletinLine(
            text="Story 2",
            url="https://harbour-courier.example/2",
            detail="2 publishers: Northgate Press, Harbour Courier · ceasefire · score 70 · alerted before",
        ),
        BulletinLine(
            text="Story 3",
            url="https://harbour-courier.example/3",
            detail="Harbour Courier · sanctions · score 60 · new",
        ),
    )
    assert reading(*reversed(copies), told=["article-1"]).reply == reply, "rows may come in any order"


def test_of_many_stories_the_best_are_shown_and_the_others_counted():
    reply = reading(*(row(number, score=number) for number in range(1, 16))).reply
    (section,) = reply.sections
    assert [line.text for line in section.lines] == [f"Story {number}" for number in range(15, 5, -1)]
    assert section.more == 5


def test_a_reply_stands_in_the_thread_of_the_message_and_both_log_under_the_label():
    reply, head = reading(row(1)).reply, message()
    assert reply.parent == head.alert_id != reply.alert_id
    assert {reply.log_under, head.log_under} == {"backfills/may/delivery/"}
    assert len({compose(BackfillId(label, "x"), "desk", (), SPAN, NOW).alert_id for label in ("may", "june")}) == 2


def test_a_receiver_gets_what_its_routes_lead_to_and_rows_of_one_article_are_one():
    routes = (Route(to=("desk",), languages=("en",)), Route(to=("editors",), rules=("sanctions",)))
    rows = [row(1), row(1, "sanctions"), row(1, score=90), row(2, language="uk")]
    found = routed(rows, routes)
    assert {receiver: set(articles) for receiver, articles in found.items()} == {
        "desk": {"article-1"},
        "editors": {"article-1"},
    }
    assert [(m.rule, m.score) for m in found["desk"]["article-1"].matches] == [("ceasefire", 90), ("sanctions", 50)]
    assert [m.rule for m in found["editors"]["article-1"].matches] == ["sanctions"]


def test_what_says_the_same_keeps_its_edition_and_what_does_not_gets_the_next():
    first = message()
    later = first.model_copy(update={"enqueued_at": NOW + timedelta(days=1), "not_before": NOW + timedelta(days=1)})
    assert edition_after(None, first) == first
    assert edition_after(first, later) is first
    changed = edition_after(first, message(result(0)))
    assert (changed.edition, edition_after(changed, first).edition) == (2, 3)


def test_a_day_that_is_done_again_keeps_the_replies_that_are_out():
    before = result(0, row(1))
    assert succeed(None, before) == before
    assert succeed(before, result(0, row(1))) == before
    more = succeed(before, result(0, row(1), row(2))).readings["desk"].reply
    assert (more.edition, more.title) == (2, "Friday 1 May 2026: 2 stories in 2 articles, 2 new, 0 alerted before")
    none = succeed(before, result(0)).readings["desk"]
    assert (none.reply.edition, none.reply.title) == (2, "Friday 1 May 2026: nothing matched")
    assert (none.articles, none.reply.sections) == ({}, ())


def test_the_largest_ones_stay_under_every_limit():
    rules = [f"rule-{'x' * 50}-{number}" for number in range(40)]
    facts = {"title": "<&>" * 400, "url": f"https://x.example/{'a' * 1900}"}
    long = reading(*(row(number, *rules, **facts) for number in range(50)))
    label = BackfillId("l" * 63, "ingest_history")
    lost = tuple(f"{'s' * 60}-{number}" for number in range(20))
    days = [
        DayResult(day=DAY + timedelta(days=2 * number), lacking=lost, readings={"desk": long}) for number in range(50)
    ]
    head = compose(label, "desk", days, (DAY, DAY + timedelta(days=200)), NOW)
    for bulletin in (head, long.reply):
        sent = render_message(bulletin)
        assert message_error({"text": sent.text, "blocks": [block.to_dict() for block in sent.blocks]}) == ""


def test_in_a_log_it_reads_like_this():
    days = (result(0, row(1), row(2, "sanctions"), told=["article-2"]), result(2, row(3)))
    assert render_text(message(*days)).splitlines() == [
        "Backfill may: 2 of 5 days done, 3 articles, 2 new, 1 alerted before",
        "  1 May 2026 to 5 May 2026, ingest_history",
        "  Not done: 2 May 2026, 4 May 2026 to 5 May 2026",
        "  These runs alert nobody. New: you were sent no alert about it. The days are in the thread",
        "    ████████░░░░░░░░░░░░ 2 of 5 days",
        "  Articles by rule",
        "    ceasefire ██████████ 2",
        "    sanctions █████      1",
    ]
