"""A quiet run's days as bulletins: one message for each receiver, and in its thread a reply for each day.

In: what was found on the days that are done. Out: Bulletins. Pure.
The message is composed from all days each time, so it says the same in whatever order they come. An article counts
once in the whole backfill; "alerted before" means that the receiver was sent an alert about it by the time that its day
was done. Copies of a text are one story, as in the channel (story.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from include.wirewatch.config.receivers import Route
from include.wirewatch.deliver.digest import DayArticle, bars, line_of, stories_of
from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.deliver.route import route_matches
from include.wirewatch.deliver.wording import among, number
from include.wirewatch.models import ArticleMatches, Bulletin, BulletinSection, Record, RuleMatch

TOP = 10
BAR_CHARS = 20
SPANS_SHOWN = 8
LACKING_CHARS = 250


class BackfillId(NamedTuple):
    """Which backfill it is. under: where all that it writes lies."""

    label: str
    dag_id: str

    @property
    def under(self) -> str:
        return f"backfills/{self.label}/"

    def message_id(self, receiver: str, day: str = "") -> str:
        """The identity of a receiver's message, or of its reply about one day."""
        return alert_id(f"backfill {self.label}", receiver, day)


class Reading(Record):
    """What one receiver reads of a day. articles: id → the rules by which they reach it. told: alerted on before."""

    articles: dict[str, tuple[str, ...]]
    told: tuple[str, ...]
    reply: Bulletin


class DayResult(Record):
    """A day that is done. first, last: the backfill's days, as the run's conf says; None where it does not.

    lacking: the sources that may have more of it, for they could not be reached, or not to the end.
    """

    day: date
    first: date | None = None
    last: date | None = None
    lacking: tuple[str, ...] = ()
    readings: dict[str, Reading]


def routed(rows: Iterable[ArticleMatches], routes: tuple[Route, ...]) -> dict[str, dict[str, ArticleMatches]]:
    """Receiver → article id → its row, with the matches that lead there. Rows of one article are put together.

    Silences are not asked: they have no beginning, so none can say what was mute on a past day.
    """
    found: dict[str, dict[str, ArticleMatches]] = {}
    for row in rows:
        for receiver, matches in route_matches(row, row.matches, routes).items():
            known = found.setdefault(receiver, {})
            earlier = known.get(row.article_id)
            together = _merged(earlier.matches if earlier else (), matches)
            known[row.article_id] = (earlier or row).model_copy(update={"matches": together})
    return found


def read_day(
    backfill: BackfillId, receiver: str, day: date, rows: Mapping[str, ArticleMatches], told: Set[str], now: datetime
) -> Reading:
    """A receiver's day. rows: as routed() has them; told: ids of those articles that it was alerted on before."""
    found = sorted(rows.items(), key=lambda item: (-_score(item[1]), item[0]))
    stories = stories_of(_article(row, is_told=article_id in told) for article_id, row in found)
    counted = f"{number(len(stories), 'story', 'stories')} in {_articles(len(found), len(told))}"
    lines = tuple(line_of(story, "new" if story.waits else "alerted before") for story in stories[:TOP])
    reply = Bulletin(
        kind="backfill",
        alert_id=backfill.message_id(receiver, day.isoformat()),
        receiver=receiver,
        title=f"{day:%A} {day.day} {day:%B %Y}: {counted if found else 'nothing matched'}",
        sections=(BulletinSection(lines=lines, more=max(len(stories) - TOP, 0)),) if lines else (),
        edition=1,
        parent=backfill.message_id(receiver),
        log_under=f"{backfill.under}delivery/",
        enqueued_at=now,
        not_before=now,
    )
    articles = {article_id: tuple(match.rule for match in row.matches) for article_id, row in found}
    return Reading(articles=articles, told=tuple(sorted(told)), reply=reply)


def compose(
    backfill: BackfillId, receiver: str, done: Iterable[DayResult], span: tuple[date, date] | None, now: datetime
) -> Bulletin:
    """A receiver's message. span: the first and the last day of the backfill; None: nobody said."""
    days = sorted(done, key=lambda one: one.day)
    articles, told = _together(one.readings[receiver] for one in days if receiver in one.readings)
    wanted = days_of(span, [one.day for one in days])
    left = [day for day in wanted if day not in {one.day for one in days}]
    progress = f"{len(days)} of {number(len(wanted), 'day', 'days')}" if span else number(len(days), "day", "days")
    is_done = bool(span and not left)
    says = f"done, {number(len(days), 'day', 'days')}" if is_done else f"{progress} done"
    found = _articles(len(articles), len(told)) if articles else "nothing matched"
    figures = Counter(rule for rules in articles.values() for rule in rules)
    return Bulletin(
        kind="backfill",
        alert_id=backfill.message_id(receiver),
        receiver=receiver,
        title=f"Backfill {backfill.label}: {says}" + (f", {found}" if days else ""),
        notes=tuple(_notes(backfill, wanted, left if days else [], _lacking(days))),
        sections=tuple(_sections(bar_of(len(days), len(wanted)) if span else "", progress, figures)),
        edition=1,
        log_under=f"{backfill.under}delivery/",
        enqueued_at=now,
        not_before=now,
    )


def days_of(span: tuple[date, date] | None, done: Iterable[date]) -> list[date]:
    """Every day of the backfill, in order: those that its conf named, and any other that is done."""
    asked = [span[0] + timedelta(days=count) for count in range((span[1] - span[0]).days + 1)] if span else []
    return sorted({*asked, *done})


def span_of(ranges: Iterable[tuple[date | None, date | None]]) -> tuple[date, date] | None:
    """The days from the first to the last that any run's conf names; None where none names both."""
    known = [(first, last) for first, last in ranges if first and last]
    return (min(first for first, _ in known), max(last for _, last in known)) if known else None


def bar_of(done: int, of: int) -> str:
    """`██████░░░░░░░░░░░░░░`: full only when all is done, empty only before anything is."""
    full = done * BAR_CHARS // of if done else 0
    return ("█" * max(full, 1 if done else 0)).ljust(BAR_CHARS, "░")


def succeed(before: DayResult | None, result: DayResult) -> DayResult:
    """The result of a day that was done before: a reply that says something else is a later edition of it.

    Who had a reply keeps it, though nothing of the day leads there any more.
    """
    if before is None:
        return result
    gone = {
        receiver: reading.model_copy(update={"articles": {}, "told": (), "reply": _emptied(reading.reply)})
        for receiver, reading in before.readings.items()
        if receiver not in result.readings
    }
    readings = {
        receiver: reading.model_copy(update={"reply": edition_after(_reply(before, receiver), reading.reply)})
        for receiver, reading in {**result.readings, **gone}.items()
    }
    return result.model_copy(update={"readings": readings})


def edition_after(before: Bulletin | None, bulletin: Bulletin) -> Bulletin:
    """The bulletin that is to be shown: the one before, if they say the same, else a later edition."""
    if before is None:
        return bulletin
    when = {"enqueued_at": before.enqueued_at, "not_before": before.not_before, "edition": before.edition}
    if bulletin.model_copy(update=when) == before:
        return before
    return bulletin.model_copy(update={"edition": before.edition + 1})


def _notes(
    backfill: BackfillId, wanted: Sequence[date], left: Sequence[date], lacking: Mapping[str, Sequence[date]]
) -> list[str]:
    over = f"{_day(wanted[0])} to {_day(wanted[-1])}, " if wanted else ""
    lost = [f"{source} ({_spans(days, 2)})" for source, days in lacking.items()]
    return [
        f"{over}{backfill.dag_id}",
        *([f"Not done: {_spans(left, SPANS_SHOWN)}"] if left else []),
        *([f"May lack articles of: {among(lost, _fitting(lost))}"] if lost else []),
        "These runs alert nobody. New: you were sent no alert about it. The days are in the thread",
    ]


def _fitting(parts: Sequence[str]) -> int:
    """How many of them a note can hold, one at least."""
    return next((count for count in range(len(parts), 1, -1) if len(among(parts, count)) <= LACKING_CHARS), 1)


def _lacking(done: Sequence[DayResult]) -> dict[str, list[date]]:
    """Source → the days of which it may have more; the one with most of them first."""
    found: dict[str, list[date]] = {}
    for one in done:
        for source in one.lacking:
            found.setdefault(source, []).append(one.day)
    return dict(sorted(found.items(), key=lambda item: (-len(item[1]), item[0])))


def _sections(bar: str, progress: str, figures: Counter[str]) -> list[BulletinSection]:
    by_rule = BulletinSection(heading="Articles by rule", preformatted=bars(figures, {}))
    return [
        *([BulletinSection(preformatted=f"{bar} {progress}")] if bar else []),
        *([by_rule] if figures else []),
    ]


def _spans(days: Sequence[date], limit: int) -> str:
    """`1 Nov to 3 Nov 2026, 7 Nov 2026`."""
    starts = [0, *(place for place, (one, other) in enumerate(pairwise(days), 1) if (other - one).days > 1)]
    runs = [days[start:end] for start, end in zip(starts, [*starts[1:], len(days)], strict=True)]
    shown = [f"{_day(run[0])} to {_day(run[-1])}" if len(run) > 1 else _day(run[0]) for run in runs]
    return among(shown, limit)


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _articles(count: int, told: int) -> str:
    return f"{number(count, 'article', 'articles')}, {count - told} new, {told} alerted before"


def _together(readings: Iterable[Reading]) -> tuple[dict[str, tuple[str, ...]], set[str]]:
    """Every article of all days with all its rules, and those that were told."""
    articles: dict[str, tuple[str, ...]] = {}
    told: set[str] = set()
    for reading in readings:
        told.update(reading.told)
        for article_id, rules in reading.articles.items():
            articles[article_id] = tuple(dict.fromkeys((*articles.get(article_id, ()), *rules)))
    return articles, told


def _article(row: ArticleMatches, *, is_told: bool) -> DayArticle:
    rules = tuple(match.rule for match in row.matches)
    return DayArticle(row.title, row.url, row.publisher, row.signature, rules, _score(row), not is_told)


def _merged(known: tuple[RuleMatch, ...], more: tuple[RuleMatch, ...]) -> tuple[RuleMatch, ...]:
    """One match a rule, the one with the higher score."""
    best: dict[str, RuleMatch] = {}
    for match in (*known, *more):
        if match.rule not in best or match.score > best[match.rule].score:
            best[match.rule] = match
    return tuple(best.values())


def _score(row: ArticleMatches) -> int:
    return max(match.score for match in row.matches)


def _reply(result: DayResult, receiver: str) -> Bulletin | None:
    reading = result.readings.get(receiver)
    return reading.reply if reading else None


def _emptied(reply: Bulletin) -> Bulletin:
    day = reply.title.partition(":")[0]
    return reply.model_copy(update={"title": f"{day}: nothing matched", "sections": ()})
