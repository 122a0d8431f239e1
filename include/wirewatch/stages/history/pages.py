"""The routes that are asked over HTTP: every source's listing of the day, then the pages, slice by slice.

Publishers are asked as live polling asks them; the Wayback Machine by one request at a time (fetch/patient.py).
"""

import logging
from collections.abc import Mapping, Sequence
from itertools import zip_longest

from include.wirewatch.config.sources import Source
from include.wirewatch.discover.history import Answer, Gets, ask_routes
from include.wirewatch.discover.history.wayback import capture_of
from include.wirewatch.fetch import Client
from include.wirewatch.fetch.patient import PatientClient
from include.wirewatch.models import Capture, Outcome, Reason, RouteReport
from include.wirewatch.settings import WAYBACK, Settings
from include.wirewatch.stages.collect import Budget, Pick, ask_all, open_client, try_all
from include.wirewatch.stages.history.day import Day, Trail
from include.wirewatch.urls import host_of

log = logging.getLogger(__name__)
# A day's sitemap, and a month's, are larger than a page may be: the protocol allows 50 MB.
MAX_LISTING_BYTES = 16_000_000
# At 2.5 s each, five minutes: what a kill may cost an archive that is to be asked sparingly.
SLICE_MEMENTOS = 120


class Web:
    """How the day's publishers and the Wayback Machine are asked; both clients are open."""

    def __init__(self, publishers: Client, wayback: PatientClient, settings: Settings) -> None:
        self._publishers, self._wayback, self._settings = publishers, wayback, settings

    def gets(self, source: Source) -> Gets:
        async def listing(url: str, headers: Mapping[str, str]) -> Capture | Outcome:
            return await self._publishers.get(
                url, source=source, accept="listing", headers=headers, max_body_bytes=MAX_LISTING_BYTES
            )

        async def section(url: str, headers: Mapping[str, str]) -> Capture | Outcome:
            return await self._publishers.get(url, source=source, accept="section", headers=headers)

        return Gets(listing, section, self._wayback.listing, self._settings.wayback_url)

    async def page(self, pick: Pick) -> Capture | Outcome:
        """The page of a pick: the publisher's own, or an archive's capture of it."""
        if not pick.archive_url:
            return await self._publishers.get(pick.entry.url, source=pick.source, accept="page")
        answer = await self._wayback.memento(pick.archive_url)
        if isinstance(answer, Outcome):
            return answer
        return capture_of(answer, pick.entry.url, self._settings.max_body_bytes)


async def ask_and_fetch(day: Day, trails: Sequence[Trail]) -> int:
    """Ask the routes from each trail's next on, and fetch what they list. How much the time left undone."""
    settings = day.services.settings
    budget = Budget(day.budget.left_s())
    begin = {trail.source.name: trail.next_route or 0 for trail in trails}
    async with (
        open_client(settings, day.services.store) as publishers,
        open_client(settings, timeout_s=settings.wayback_timeout_s) as archive,
    ):
        web = Web(publishers, PatientClient(archive, wayback_source(settings)), settings)

        async def ask(source: Source) -> Answer:
            return await ask_routes(source, day.day, web.gets(source), begin[source.name])

        asked = await ask_all([trail.source for trail in trails], ask, budget)
        answers = [_answer_of(trail, asked[trail.source.name]) for trail in trails]
        for trail, answer in zip(trails, answers, strict=True):
            trail.follow(answer)
            for report in answer.reports:
                log.info("history.route source=%s %s %s", trail.source.name, report.label, report.outcome.detail)
        picks = in_turn([day.picks_of(trail, answer) for trail, answer in zip(trails, answers, strict=True)])
        never_asked = sum(isinstance(one, Outcome) and one.reason is Reason.NOT_FETCHED for one in asked.values())
        return never_asked + await _fetch_slices(day, web, picks, budget)


def _answer_of(trail: Trail, asked: Answer | Outcome) -> Answer:
    """An Outcome stands for routes that could not be asked at all: too late, or by an error that nobody foresaw."""
    if isinstance(asked, Answer):
        return asked
    route = trail.source.history[trail.next_route or 0].kind
    return Answer(reports=(RouteReport(route=route, outcome=asked),))


async def _fetch_slices(day: Day, web: Web, picks: list[Pick], budget: Budget) -> int:
    while picks:
        chunk, rest = next_chunk(picks, day.slices.room)
        items = await try_all(chunk, web.page, day.slices.writer, budget)
        late = sum(item is None for item in items)
        for item in items:
            if item is not None:
                day.slices.add(item, day.reports)
        if late:
            return late + len(rest)
        picks = rest
    return 0


def in_turn(by_source: Sequence[Sequence[Pick]]) -> list[Pick]:
    """One of each source, then the next of each: a slice spreads over many hosts, and none of them holds up all."""
    return [pick for row in zip_longest(*by_source) for pick in row if pick is not None]


def next_chunk(picks: Sequence[Pick], room: int) -> tuple[list[Pick], list[Pick]]:
    """What to fetch next, `room` at most and SLICE_MEMENTOS of an archive's; and the rest, in order."""
    chunk: list[Pick] = []
    rest: list[Pick] = []
    mementos = 0
    for pick in picks:
        is_memento = bool(pick.archive_url)
        if len(chunk) >= room or (is_memento and mementos >= SLICE_MEMENTOS):
            rest.append(pick)
        else:
            chunk.append(pick)
            mementos += is_memento
    return chunk, rest


def wayback_source(settings: Settings) -> Source:
    """The Wayback Machine as the client knows a source: its pace, and its host where that is a private one.

    A machine of one's own is named by the deployment's settings, which analysts' files cannot change.
    """
    url = settings.wayback_url
    return Source.model_validate(
        {
            "name": "wayback",
            "publisher": "Internet Archive",
            "kind": "sitemap",
            "url": url,
            "delay_s": settings.wayback_delay_s,
            "concurrency": 1,
            "allow_hosts": () if url == WAYBACK else (host_of(url),),
        }
    )
