"""The routes of one source, in their order, until one answers.

A route answers with at least one entry of the day; one that fails, is broken or has none is passed over, and all that
were asked are reported with their outcome. `ccnews` is not asked here but named: one scan of a day's files serves all
sources, and is the caller's to make.
"""

from datetime import date
from typing import NamedTuple

from include.wirewatch.config.history import HistoryRoute
from include.wirewatch.config.sources import Source
from include.wirewatch.discover.history import archive_url, sitemap, wayback
from include.wirewatch.discover.poll import Get
from include.wirewatch.models import Entry, Outcome, RouteReport

# Pages of one source on one day; a wire agency has a few thousand.
MAX_DAY_ENTRIES = 10_000


class Gets(NamedTuple):
    """How to ask: for a feed or sitemap, for a page of links, for the Wayback Machine, which lies at wayback_url."""

    listing: Get
    section: Get
    wayback: Get
    wayback_url: str


class Find(NamedTuple):
    """An entry of the day. archive_url: where its capture lies; "" where the publisher is to be asked."""

    entry: Entry
    archive_url: str = ""


class Answer(NamedTuple):
    """What a source's routes came to, those from `begin` on. route: the one that answered; "" for none.

    scan_at: the index of a ccnews route that comes next, where nothing before it has answered; else None.
    """

    finds: tuple[Find, ...] = ()
    route: str = ""
    reports: tuple[RouteReport, ...] = ()
    scan_at: int | None = None


async def ask_routes(source: Source, day: date, gets: Gets, begin: int = 0) -> Answer:
    """Ask the routes from index `begin` on until one answers or a scan is due."""
    roomy = source.model_copy(update={"max_entries": MAX_DAY_ENTRIES})
    reports: list[RouteReport] = []
    for index, route in enumerate(source.history[begin:], begin):
        if route.kind == "ccnews":
            return Answer(reports=tuple(reports), scan_at=index)
        finds, outcome = await _ask(roomy, route, day, gets)
        reports.append(RouteReport(route=route.kind, outcome=outcome, listed=len(finds)))
        if finds:
            return Answer(finds, route.kind, tuple(reports))
    return Answer(reports=tuple(reports))


async def _ask(source: Source, route: HistoryRoute, day: date, gets: Gets) -> tuple[tuple[Find, ...], Outcome]:
    if route.kind == "wayback":
        captures = await wayback.captures_of(source, route.value, day, gets.wayback, gets.wayback_url)
        finds = (Find(Entry(url=url, source=source.name), address) for url, address in captures.found.items())
        return tuple(finds), captures.outcome
    if route.kind == "archive_url":
        poll = await archive_url.entries_of(source, route, day, gets.section)
    else:
        poll = await sitemap.entries_of(source, route, day, gets.listing)
    return tuple(Find(entry) for entry in poll.entries), poll.outcome
