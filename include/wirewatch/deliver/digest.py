"""One receiver's day as a bulletin: what was told by many, what scored highest, what waited, how busy each rule was.

In: rows of matches batches, each with the time at which it was decided. Out: a Bulletin. Pure.
An article counts once for a rule, in whatever batches it lies, on the day when it first matched. Copies of a text are
one story, as in the channel (story.py). A day without matches says so: silence could as well be a watch that is down.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from include.wirewatch.deliver.due import HISTORY_DAYS, DigestDay, edition_at
from include.wirewatch.deliver.safe_text import clip
from include.wirewatch.deliver.story import Texts, hashes_in
from include.wirewatch.deliver.wording import among, number
from include.wirewatch.models import ArticleMatches, Bulletin, BulletinLine, BulletinSection

TOP, WAITING_SHOWN, RULES_SHOWN = 5, 15, 12
TITLE_CHARS = 110
# Narrow enough for a phone to show a row without breaking it.
NAME_CHARS, BAR_CHARS = 16, 10
# Fewer known days do not say what is usual.
MIN_DAYS = 3
# An unusual number: twice or half of what is usual, and not by one or two articles.
UNUSUAL_FACTOR, UNUSUAL_BY = 2, 3


class DayArticle(NamedTuple):
    """An article that matched on the day. waits: nobody told this receiver of it at once."""

    title: str
    url: str
    publisher: str
    signature: str
    rules: tuple[str, ...]
    score: int
    waits: bool


class DayStory(NamedTuple):
    """An article and its copies, in the order they came."""

    articles: tuple[DayArticle, ...]

    @property
    def publishers(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(article.publisher for article in self.articles if article.publisher))

    @property
    def score(self) -> int:
        return max(article.score for article in self.articles)

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(rule for article in self.articles for rule in article.rules))

    @property
    def waits(self) -> bool:
        return all(article.waits for article in self.articles)


class Watch(NamedTuple):
    """What shows that the watch is alive: how many batches were matched on the day, and when the last one was."""

    batches: int
    latest: datetime | None = None


class Facts(NamedTuple):
    """What a digest is made of, beside the matches.

    rules: those that can reach the receiver. history: the figures of earlier days, of those that are known.
    since: the end of what the latest digest before told; earlier than the day's start where days were missed.
    is_first: no digest of the week before is known. sources: what ops are told beside it.
    """

    rules: tuple[str, ...]
    history: Mapping[date, Mapping[str, int]]
    since: datetime
    watch: Watch
    is_first: bool = False
    sources: BulletinSection | None = None


def compose(day: DigestDay, zone: str, rows: Iterable[ArticleMatches], facts: Facts, now: datetime) -> Bulletin:
    """The day's digest, of the rows decided by now. rows: of this day and of some time before it, each dated."""
    ordered = sorted(rows, key=lambda row: row.matched_at or day.end)
    counted = articles_of(ordered, day.receiver, day.start, day.end)
    figures = dict.fromkeys(facts.rules, 0) | Counter(rule for article in counted for rule in article.rules)
    # Usually the same articles; after days without a digest, what waited then is told now.
    stories = stories_of(articles_of(ordered, day.receiver, facts.since, day.end))
    return Bulletin(
        kind="digest",
        alert_id=day.digest_id,
        receiver=day.receiver,
        title=f"Daily digest, {day.day:%A} {day.day.day} {day.day:%B}: {_headline(stories, facts)}",
        notes=tuple(_notes(day, zone, stories, facts, now)),
        sections=tuple(section for section in (*_sections(stories, figures, facts), facts.sources) if section),
        figures=figures if now >= day.end else {},
        edition=edition_at(now),
        enqueued_at=now,
        not_before=now,
    )


def articles_of(rows: Iterable[ArticleMatches], receiver: str, start: datetime, end: datetime) -> list[DayArticle]:
    """The articles that first matched some rule from start on, and before end, in the order of their rows."""
    known: set[tuple[str, str]] = set()
    told: set[str] = set()
    found: dict[str, list[tuple[ArticleMatches, tuple[str, ...]]]] = {}
    for row in rows:
        if receiver not in row.digests or row.matched_at is None or row.matched_at >= end:
            continue
        new = tuple(rule for rule in row.digests[receiver] if (row.article_id, rule) not in known)
        known |= {(row.article_id, rule) for rule in new}
        told |= {row.article_id} if receiver in row.receivers else set()
        if new and row.matched_at >= start:
            found.setdefault(row.article_id, []).append((row, new))
    return [_article(parts, waits=article_id not in told) for article_id, parts in found.items()]


def stories_of(articles: Iterable[DayArticle]) -> list[DayStory]:
    """Each article with its copies below it, as the channel threads them: alike the first one of a story."""
    texts, stories = Texts(), list[list[DayArticle]]()
    for article in articles:
        hashes = hashes_in(article.signature)
        lead = texts.copied_by(hashes)
        if lead is None:
            texts.add(len(stories), hashes)
            stories.append([article])
        else:
            stories[lead].append(article)
    return [DayStory(tuple(story)) for story in stories]


def line_of(story: DayStory, mark: str = "") -> BulletinLine:
    """`Talks go on – 2 publishers: Harbour Courier, Herald · sanctions · score 70 · waited`, the title linked."""
    first, publishers = story.articles[0], story.publishers
    who = among(publishers, 2)
    parts = [
        f"{len(publishers)} publishers: {who}" if len(publishers) > 1 else who,
        among(story.rules, 4),
        f"score {story.score}",
        mark,
    ]
    return BulletinLine(text=clip(first.title, TITLE_CHARS), url=first.url, detail=" · ".join(filter(None, parts)))


def bars(figures: Mapping[str, int], usual: Mapping[str, float | None]) -> str:
    """`ceasefire  ██████ 12  usually 4 ↑`, a row for each rule that had articles or usually has, the busiest first.

    usual: None for a rule of which too few days are known.
    """
    worth = [rule for rule, count in figures.items() if count or usual.get(rule)]
    worth.sort(key=lambda rule: (-figures[rule], -(usual.get(rule) or 0), rule))
    shown, rest = worth[:RULES_SHOWN], worth[RULES_SHOWN:]
    most = max((figures[rule] for rule in shown), default=0)
    width, digits = min(NAME_CHARS, max(map(len, shown), default=0)), len(str(most))
    is_compared = any(value is not None for value in usual.values())
    rows = []
    for rule in shown:
        count = figures[rule]
        bar = "█" * -(-count * BAR_CHARS // max(most, 1))
        beside = f"  {_beside(count, usual.get(rule))}" if is_compared else ""
        rows.append(f"{clip(rule, NAME_CHARS):<{width}} {bar:<{BAR_CHARS}} {count:>{digits}}{beside}")
    if rest:
        rows.append(f"and {len(rest)} more rules with {sum(figures[rule] for rule in rest)} articles together")
    return "\n".join(rows)


def usual_of(rules: Iterable[str], history: Mapping[date, Mapping[str, int]]) -> dict[str, float | None]:
    """Each rule's median over the days that counted it; None where those are too few."""
    days = {rule: [figures[rule] for figures in history.values() if rule in figures] for rule in rules}
    return {rule: median(counts) if len(counts) >= MIN_DAYS else None for rule, counts in days.items()}


def _article(parts: list[tuple[ArticleMatches, tuple[str, ...]]], *, waits: bool) -> DayArticle:
    row = parts[0][0]
    rules = tuple(rule for _, new in parts for rule in new)
    score = max(match.score for row, new in parts for match in row.matches if match.rule in new)
    return DayArticle(row.title, row.url, row.publisher, row.signature, rules, score, waits)


def _sections(stories: list[DayStory], figures: Mapping[str, int], facts: Facts) -> list[BulletinSection]:
    by_score = sorted(stories, key=lambda story: (-story.score, -len(story.publishers)))
    wide = sorted((story for story in by_score if len(story.publishers) > 1), key=lambda story: -len(story.publishers))
    wide = wide[:TOP]
    high = [story for story in by_score if story not in wide][:TOP]
    waiting = [story for story in by_score if story.waits and story not in wide and story not in high]
    also = "Also waited for this digest" if any(story.waits for story in (*wide, *high)) else "Waited for this digest"
    fixed = bars(figures, usual_of(figures, facts.history))
    sections = [
        BulletinSection(heading=_bars_heading(len(facts.history)), preformatted=fixed),
        BulletinSection(heading="Told by most publishers", lines=tuple(map(_marked, wide))),
        BulletinSection(heading="Highest scores", lines=tuple(map(_marked, high))),
        BulletinSection(
            heading=also,
            lines=tuple(map(line_of, waiting[:WAITING_SHOWN])),
            more=max(len(waiting) - WAITING_SHOWN, 0),
        ),
    ]
    return [section for section in sections if section.lines or section.preformatted]


def _marked(story: DayStory) -> BulletinLine:
    return line_of(story, "waited" if story.waits else "")


def _notes(day: DigestDay, zone: str, stories: list[DayStory], facts: Facts, now: datetime) -> list[str]:
    local = ZoneInfo(zone)
    times = [f"{moment.astimezone(local):%a %d %b %H:%M}" for moment in (day.start, day.end)]
    notes = [f"{times[0]} to {times[1]}, {zone}"]
    if now < day.end:
        notes.append(f"So far: composed at {now.astimezone(local):%H:%M}")
    if waiting := sum(story.waits for story in stories):
        notes.append(f"{number(waiting, 'story', 'stories')} waited for this digest")
    if facts.since < day.start:
        notes.append(f"There was no digest since {facts.since.astimezone(local):%a %d %b %H:%M}: what waited is here")
    if facts.is_first:
        notes.append("The first digest, or the first for a week: what matched before it was set up is not in it")
    # Where something matched, the watch is seen to run.
    return notes if stories else [*notes, _alive(facts.watch, local)]


def _alive(watch: Watch, local: ZoneInfo) -> str:
    if watch.latest is None:
        return "No new article was looked at on this day. Where that is unusual, ask the operators if the watch runs"
    latest = f"the last time at {watch.latest.astimezone(local):%H:%M}"
    return f"The watch is running: new articles were looked at {number(watch.batches, 'time', 'times')}, {latest}"


def _bars_heading(days: int) -> str:
    if days < MIN_DAYS:
        known = number(days, "earlier day is", "earlier days are") if days else "no earlier day is"
        return f"Articles by rule; {known} known, too few to say what is usual"
    known = f"the {days} days before" if days == HISTORY_DAYS else f"the {days} earlier days that are known"
    return f"Articles by rule, and the median of {known}"


def _beside(count: int, usual: float | None) -> str:
    if usual is None:
        return "new"
    is_unusual = abs(count - usual) >= UNUSUAL_BY
    is_high, is_low = count >= UNUSUAL_FACTOR * usual, count * UNUSUAL_FACTOR <= usual
    return f"usually {usual:g}" + (" ↑" if is_unusual and is_high else " ↓" if is_unusual and is_low else "")


def _headline(stories: list[DayStory], facts: Facts) -> str:
    if not stories and not facts.rules and facts.sources:
        return facts.sources.heading.lower()  # no match leads to this receiver: it looks after the sources
    if not stories:
        return "nothing matched"
    articles = sum(len(story.articles) for story in stories)
    return f"{number(len(stories), 'story', 'stories')} in {number(articles, 'article', 'articles')}"
