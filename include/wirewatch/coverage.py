"""How much of a source's day live polling found, what only history found, and an estimate of what neither found. Pure.

Two lists of the same day, by Chapman's estimator: with n1 articles found live, n2 listed by history and m on both,
N = (n1 + 1)(n2 + 1) / (m + 1) - 1 were published, and N less those on either list were missed by both (Seber, The
Estimation of Animal Abundance, 3.1). It supposes that the lists are independent, which these are not: what a publisher
puts into its feed it also puts into its sitemap. Such dependence makes the estimate too small: a lower bound.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from datetime import UTC, date

from include.wirewatch.archive import is_held
from include.wirewatch.models import Batch, BatchItem, Coverage, ScanPosition
from include.wirewatch.urls import canonicalise

# A day's articles may have been archived from the day before (time zones) to two days after (late lists).
KNOWN_FROM, KNOWN_TO = -1, 2
# With fewer on both lists the estimate is mostly chance.
MIN_BOTH = 7
# Routes whose list is what the publisher says it published; the archives' lists are of what they happened to capture.
FULL_LISTS = frozenset({"sitemap", "archive_url"})


def page_of(url: str) -> str:
    """One name for a page over all routes: archives know many pages by http that are https today. Raises ValueError."""
    return canonicalise(url).partition("://")[2]


@dataclass
class Held:
    """What the archive holds around one day.

    live: every address of an article that live polling archived → its page. live_of_day: source → its pages of the day.
    history: the pages that other history runs fetched. scanned: source → those of them that came from ccnews that day.
    positions: how far other runs have scanned that day.
    """

    live: dict[str, str] = field(default_factory=dict)
    live_of_day: dict[str, set[str]] = field(default_factory=dict)
    history: set[str] = field(default_factory=set)
    scanned: dict[str, set[str]] = field(default_factory=dict)
    positions: list[ScanPosition] = field(default_factory=list)

    @property
    def pages(self) -> set[str]:
        """Whatever need not be fetched again."""
        return {*self.live, *self.history}

    def add(self, batch: Batch, day: date) -> None:
        """One more batch of the days around."""
        is_days_own = batch.dt == day.isoformat()
        if batch.history and batch.history.scan and is_days_own:
            self.positions.append(batch.history.scan)
        for item in filter(is_held, batch.items):
            pages = [page_of(url) for url in (item.final_url, item.entry.url) if url]
            if batch.history is not None:
                self.history.update(pages)
                if item.history_route == "ccnews" and is_days_own:
                    self.scanned.setdefault(item.entry.source, set()).add(pages[-1])
            else:
                self.live.update(dict.fromkeys(pages, pages[0]))
                if _day_of(item, batch) == day:
                    self.live_of_day.setdefault(item.entry.source, set()).add(pages[0])


def held_around(batches: Iterable[Batch], day: date) -> Held:
    """From the batches of the days around that one, less the run's own."""
    held = Held()
    for batch in batches:
        held.add(batch, day)
    return held


def coverage_of(source: str, route: str, listed: Set[str], held: Held) -> Coverage:
    """A source's day. listed: the pages that its route listed, those that live polling had found among them."""
    both = {held.live[page] for page in listed if page in held.live}
    live = both | held.live_of_day.get(source, set())
    only = sum(page not in held.live for page in listed)
    missed = missed_by_both(len(live), len(both) + only, len(both)) if route in FULL_LISTS else None
    return Coverage(live=len(live), history_only=only, both=len(both), missed=missed)


def missed_by_both(first: int, second: int, both: int) -> int | None:
    """Chapman's estimate of what is on neither of two lists; None where too little is on both to say anything."""
    if both < MIN_BOTH:
        return None
    published = (first + 1) * (second + 1) / (both + 1) - 1
    return max(round(published - (first + second - both)), 0)


def coverage_line(source: str, route: str, coverage: Coverage) -> str:
    """One line for the log."""
    missed = "?" if coverage.missed is None else coverage.missed
    return (
        f"history.coverage source={source} route={route or 'none'} live={coverage.live} "
        f"history_only={coverage.history_only} missed≈{missed}"
    )


def _day_of(item: BatchItem, batch: Batch) -> date:
    published = item.entry.published
    return published.astimezone(UTC).date() if published else date.fromisoformat(batch.dt)
