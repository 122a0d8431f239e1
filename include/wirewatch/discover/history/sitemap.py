"""The sitemap route: the entries of one day, from that day's sitemap or from the files of an index that cover it.

An entry's day is that of its news date, else the one that its address names, else its lastmod's, in UTC. One without
any counts only in a file that is the day's own by its name. Formats: the sitemaps.org protocol 0.9 ("XML tag
definitions", "Using Sitemap index files"), and Google's news extension.
"""

from collections.abc import Sequence
from datetime import UTC, date

from include.wirewatch.config.history import HistoryRoute
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import sitemap
from include.wirewatch.discover.history.spans import ONE_DAY, day_of, span_of
from include.wirewatch.discover.parsed import Parsed
from include.wirewatch.discover.poll import Get, Poll, read_listing
from include.wirewatch.discover.sitemap import File
from include.wirewatch.models import Entry

# Of a day: one file, its two neighbours, or the indexes above them. Of undated files, as many as this.
MAX_FILES = 20


async def entries_of(source: Source, route: HistoryRoute, day: date, get: Get) -> Poll:
    """What the sitemap lists for one day."""

    def parse(body: bytes, source: Source, url: str, _content_type: str) -> Parsed:
        span = span_of(url)
        is_days_own = route.names_day or (span is not None and span.first == span.last == day)
        read = sitemap.read(body, source, url, lambda entry: is_of(entry, day, otherwise=is_days_own))
        return Parsed(read.entries, read.trouble, tuple(promising(read.files, day)))

    return await read_listing(source, route.address(day), get, parse, max_files=MAX_FILES)


def is_of(entry: Entry, day: date, *, otherwise: bool) -> bool:
    """Whether the entry is the day's. otherwise: the answer for one that does not say."""
    if entry.published_from == "sitemap:news" and entry.published is not None:
        return entry.published.astimezone(UTC).date() == day
    if (named := day_of(entry.url)) is not None:
        return named == day
    return entry.published.astimezone(UTC).date() == day if entry.published else otherwise


def promising(files: Sequence[File], day: date) -> list[str]:
    """The files that can hold entries of that day, the most promising first.

    Order: those whose name covers the day, the shortest span first → the neighbours of a one-day file, for publishers
    count days in their own zone → those without a date in their name that were changed on that day or later, soonest
    first (a file that is full is not changed any more) → those that say nothing, in the file's order.
    A file that covers other days, or was last changed before, is left out.
    """
    ranked = []
    for position, file in enumerate(files):
        if (rank := _rank(file, day)) is not None:
            ranked.append((rank, position, file.url))
    return [url for _, _, url in sorted(ranked)]


def _rank(file: File, day: date) -> tuple[int, float] | None:
    span = span_of(file.url)
    if span is not None:
        if span.holds(day):
            return 0, span.days
        near = span.first in (day - ONE_DAY, day + ONE_DAY) and span.days == 1
        return (1, 0) if near else None
    if file.modified is None:
        return 3, 0
    return (2, file.modified.timestamp()) if file.modified.astimezone(UTC).date() >= day else None
