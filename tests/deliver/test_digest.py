"""A day as one message: what counts, what is a story, what waited, and what is honest to say of earlier days."""

from datetime import date, timedelta

import pytest

from include.wirewatch.config.receivers import ConsoleReceiver
from include.wirewatch.deliver.digest import Facts, Watch, articles_of, bars, compose, stories_of, usual_of
from include.wirewatch.deliver.due import day_of, edition_at
from include.wirewatch.deliver.render import render_message, render_text
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.models import ArticleMatches, BulletinLine, BulletinSection
from tests.deliver.conftest import rule_match
from tests.fakes.slack_limits import message_error

DESK = ConsoleReceiver.model_validate(
    {"name": "desk", "kind": "console", "timezone": "Europe/Berlin", "digest": {"at": "08:00"}}
)
DAY = day_of(DESK, date(2026, 11, 24))  # a Tuesday; 07:00 UTC to 07:00 UTC
NOW = DAY.end + timedelta(minutes=4)
RULES = ("ceasefire", "sanctions", "ultimatum")
WATCH = Watch(212, DAY.end - timedelta(minutes=5))


def text(seed):
    """A text none of whose 4-grams any other seed has."""
    return " ".join(f"word{place}of{seed}" for place in range(60))


def row(number, *, hour=3, rules=("sanctions",), told=False, score=50, digests=None, **changes):
    """An article of the day, hour hours after its beginning."""
    facts = {
        "article_id": f"article-{number}",
        "url": f"https://harbour-courier.example/{number}",
        "title": f"Story {number}",
        "publisher": "Harbour Courier",
        "matches": tuple(rule_match(rule, 1, score) for rule in rules),
        "decision": "alerted" if told else "digest",
        "receivers": ("desk",) if told else (),
        "digests": {"desk": rules} if digests is None else digests,
        "matched_at": DAY.start + timedelta(hours=hour),
        "signature": signature_of(text(number)),
        **changes,
    }
    return ArticleMatches.model_validate(facts)


def facts(**changes):
    return Facts(RULES, {}, DAY.start, WATCH)._replace(**changes)


def digest_of(*rows, now=NOW, **changes):
    return compose(DAY, "Europe/Berlin", rows, facts(**changes), now)


def section(bulletin, start):
    return next((one for one in bulletin.sections if one.heading.startswith(start)), None)


def titles(one):
    return [line.text for line in one.lines]


def history(*days, **counts):
    return {DAY.day - timedelta(days=back): dict(counts) for back in days}


def test_a_digest_says_how_much_there_was_and_when_it_covers():
    bulletin = digest_of(row(1, told=True), row(2), row(3, rules=("ceasefire", "sanctions")))
    assert bulletin.title == "Daily digest, Tuesday 24 November: 3 stories in 3 articles"
    assert bulletin.notes[:2] == (
        "Mon 23 Nov 08:00 to Tue 24 Nov 08:00, Europe/Berlin",
        "2 stories waited for this digest",
    )
    assert bulletin.figures == {"ceasefire": 1, "sanctions": 3, "ultimatum": 0}
    assert (bulletin.alert_id, bulletin.edition) == (DAY.digest_id, edition_at(NOW))
    assert bulletin.not_before == NOW, "quiet hours do not hold it back"


def test_stories_link_to_their_first_article_and_say_who_told_them():
    copies = [
        row(number, signature=signature_of(text("same")), publisher=publisher, score=score, told=True)
        for number, publisher, score in ((1, "Harbour Courier", 40), (2, "Northgate Press", 70), (3, "Herald", 10))
    ]
    bulletin = digest_of(*copies, row(4, score=90, told=True))
    assert section(bulletin, "Told by most").lines == (
        BulletinLine(
            text="Story 1",
            url="https://harbour-courier.example/1",
            detail="3 publishers: Harbour Courier, Northgate Press and 1 more · sanctions · score 70",
        ),
    )
    assert titles(section(bulletin, "Highest scores")) == ["Story 4"], "not the same story twice"
    assert "2 stories in 4 articles" in bulletin.title


def test_stories_are_ordered_by_publishers_and_by_score():
    wide = [
        row(f"{copies}-{number}", signature=signature_of(text(copies)), publisher=f"Paper {number}", score=90 - copies)
        for copies in (2, 4, 3)
        for number in range(copies)
    ]
    bulletin = digest_of(*wide, *[row(number, score=number) for number in range(20, 40)])
    assert titles(section(bulletin, "Told by most")) == ["Story 4-0", "Story 3-0", "Story 2-0"]
    assert titles(section(bulletin, "Highest scores")) == [f"Story {number}" for number in (39, 38, 37, 36, 35)]


def test_an_article_in_several_batches_counts_once():
    bulletin = digest_of(row(1), row(1, hour=5), row(1, hour=7, rules=("sanctions", "ultimatum")))
    assert bulletin.figures == {"ceasefire": 0, "sanctions": 1, "ultimatum": 1}
    assert "1 story in 1 article" in bulletin.title


def test_an_article_that_the_day_before_counted_does_not_count_again():
    bulletin = digest_of(row(1, hour=-2), row(1, hour=2, rules=("sanctions", "ultimatum")), row(2, hour=-1), row(2))
    assert bulletin.figures == {"ceasefire": 0, "sanctions": 0, "ultimatum": 1}
    assert titles(section(bulletin, "Highest scores")) == ["Story 1"], "one more rule is news"


def test_the_days_bounds_are_its_own():
    rows = [row(number, matched_at=moment) for number, moment in enumerate((DAY.start, DAY.end))]
    bulletin = digest_of(*rows, now=DAY.end + timedelta(days=9))
    assert titles(section(bulletin, "Highest scores")) == ["Story 0"]
    assert bulletin.figures["sanctions"] == 1, "a rerun of later on counts that day alone"


def test_only_what_is_this_receivers_counts_by_the_rules_that_lead_to_it():
    rows = [row(1, digests={"night": ("sanctions",)}), row(2, rules=("ceasefire", "ultimatum"), score=80)]
    rows[1] = rows[1].model_copy(update={"digests": {"desk": ("ultimatum",)}})
    assert digest_of(*rows).figures == {"ceasefire": 0, "sanctions": 0, "ultimatum": 1}


@pytest.mark.parametrize("decision", ["stale", "quiet", "silenced", "no_route", "already_alerted"])
def test_what_is_nobodys_digest_is_in_none(decision):
    assert "nothing matched" in digest_of(row(1, decision=decision, digests={})).title


def test_what_is_told_at_once_after_it_waited_waits_no_more():
    bulletin = digest_of(row(1), row(1, hour=4, rules=("sanctions", "ceasefire"), told=True))
    assert "waited" not in str(bulletin.sections) + str(bulletin.notes)


def test_what_waited_is_listed_below_the_top_and_what_does_not_fit_is_counted():
    bulletin = digest_of(*[row(number, score=90 - number) for number in range(40)])
    top, waited = section(bulletin, "Highest scores"), section(bulletin, "Also waited")
    assert [line.detail.endswith("· waited") for line in top.lines] == [True] * 5
    assert titles(waited)[0] == "Story 5", "no line twice"
    assert not any("waited" in line.detail for line in waited.lines)
    assert len(waited.lines) + waited.more == 35
    assert "and 20 more" in str([block.to_dict() for block in render_message(bulletin).blocks])
    told = digest_of(*[row(number, score=90, told=True) for number in range(9)], row(10, score=5))
    assert titles(section(told, "Waited")) == ["Story 10"]


def test_a_day_without_matches_says_that_the_watch_is_alive():
    bulletin = digest_of()
    assert bulletin.title == "Daily digest, Tuesday 24 November: nothing matched"
    assert bulletin.sections == ()
    assert "new articles were looked at 212 times, the last time at 07:55" in bulletin.notes[-1]
    assert "The watch" not in str(digest_of(row(1)).notes), "where something matched, it is seen to run"
    assert message_error({"text": "x", "blocks": [block.to_dict() for block in render_message(bulletin).blocks]}) == ""


def test_a_day_on_which_nothing_was_looked_at_says_so():
    assert "ask the operators if the watch runs" in digest_of(watch=Watch(0)).notes[-1]


def test_the_first_digest_says_that_nothing_was_counted_before_it_was_set_up():
    assert any(note.startswith("The first digest") for note in digest_of(is_first=True).notes)
    assert not any(note.startswith("The first digest") for note in digest_of().notes)


def test_what_waited_on_days_without_a_digest_is_told_and_not_counted_as_todays():
    since = DAY.start - timedelta(days=2)
    bulletin = digest_of(row(1, hour=-30), row(2), since=since)
    assert titles(section(bulletin, "Highest scores")) == ["Story 1", "Story 2"]
    assert bulletin.figures["sanctions"] == 1
    assert any(note.startswith("There was no digest since Sat 21 Nov 08:00") for note in bulletin.notes)


def test_a_digest_of_a_day_that_is_not_over_says_so_and_is_nobodys_history():
    bulletin = digest_of(row(1), now=DAY.end - timedelta(hours=3))
    assert "So far: composed at 05:00" in bulletin.notes
    assert bulletin.figures == {}


def test_each_rule_is_compared_with_its_median_of_the_days_before():
    known = history(1, 2, 3, 4, ceasefire=4, sanctions=1) | history(5, 6, 7, ceasefire=10, sanctions=1, ultimatum=6)
    rows = [row(number, rules=("ceasefire",)) for number in range(12)] + [row(20), row(21, rules=("tariffs",))]
    bulletin = digest_of(*rows, history=known)
    one = section(bulletin, "Articles by rule")
    assert one.heading == "Articles by rule, and the median of the 7 days before"
    assert one.preformatted.splitlines() == [
        "ceasefire ██████████ 12  usually 4 ↑",
        "sanctions █           1  usually 1",
        "tariffs   █           1  new",
        "ultimatum             0  usually 6 ↓",
    ]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((), "Articles by rule; no earlier day is known, too few to say what is usual"),
        ((1,), "Articles by rule; 1 earlier day is known, too few to say what is usual"),
        ((1, 4), "Articles by rule; 2 earlier days are known, too few to say what is usual"),
        ((1, 2, 5), "Articles by rule, and the median of the 3 earlier days that are known"),
    ],
)
def test_missing_history_is_named(days, expected):
    one = section(digest_of(row(1), history=history(*days, sanctions=5, ceasefire=2)), "Articles by rule")
    assert one.heading == expected
    assert ("usually" in one.preformatted) == (len(days) >= 3)


def test_a_rule_that_earlier_days_did_not_know_has_no_median_of_zero():
    usual = usual_of(("old", "new"), {DAY.day - timedelta(days=back): {"old": 0} for back in range(1, 8)})
    assert usual == {"old": 0, "new": None}


def test_many_rules_are_cut_to_the_busiest_and_a_long_name_stays_in_its_column():
    figures = {f"rule-{number:02}-of-a-long-name": number for number in range(1, 31)}
    rows = bars(figures, {}).splitlines()
    assert len(rows) == 13
    assert rows[0] == "rule-30-of-a-lo… ██████████ 30"
    assert rows[-1] == f"and 18 more rules with {sum(range(1, 19))} articles together"
    assert all(len(line) <= 48 for line in rows)


def test_copies_are_told_apart_as_in_the_channel():
    alike, other = signature_of(text("same")), signature_of(text("other"))
    rows = [row(1, signature=alike), row(2, signature=other), row(3, signature=alike), row(4, signature="")]
    stories = stories_of(articles_of(rows, "desk", DAY.start, DAY.end))
    assert [[article.title for article in story.articles] for story in stories] == [
        ["Story 1", "Story 3"],
        ["Story 2"],
        ["Story 4"],
    ]


def test_a_section_for_ops_comes_last():
    trouble = BulletinSection(heading="Sources in trouble: 1 of 9", lines=(BulletinLine(text="herald"),))
    assert digest_of(row(1), sources=trouble).sections[-1] == trouble
    assert digest_of(sources=trouble).sections == (trouble,)
    assert "nothing matched" in digest_of(sources=trouble).title
    assert digest_of(sources=trouble, rules=()).title.endswith("24 November: sources in trouble: 1 of 9")


def test_the_largest_digest_stays_under_every_limit():
    rows = [
        row(
            number,
            title="<" * 3000,
            url="https://x.example/" + "a" * 1900,
            publisher="&" * 500,
            rules=(f"rule-{number}",),
        )
        for number in range(300)
    ]
    bulletin = digest_of(*rows, history=history(1, 2, 3, **{f"rule-{number}": 5 for number in range(300)}))
    message = render_message(bulletin)
    for block in message.blocks:
        block.validate_json()
    assert message_error({"text": message.text, "blocks": [block.to_dict() for block in message.blocks]}) == ""
    assert "Articles by rule" in str([block.to_dict() for block in message.blocks]), "the figures are not crowded out"


def test_a_digest_in_a_log_is_plain_lines():
    lines = render_text(digest_of(row(1, told=True))).splitlines()
    assert lines[0] == "Daily digest, Tuesday 24 November: 1 story in 1 article"
    assert "  - Story 1  Harbour Courier · sanctions · score 50  https://harbour-courier.example/1" in lines
