"""Sources → entries → captures in a WARC, many hosts at once, within one budget of time. For fetch and fetch_day.

What one URL does, late or broken, is its own outcome: it never takes the batch along.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import Get, Poll
from include.wirewatch.fetch import Client, RobotsStore
from include.wirewatch.models import Batch, BatchItem, Capture, Entry, Outcome, Reason, SourceReport
from include.wirewatch.settings import Settings, product
from include.wirewatch.stages.services import Summary
from include.wirewatch.store import Store
from include.wirewatch.urls import canonicalise, redact

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Ask = Callable[[Source, Get], Awaitable[Poll]]
GetPage = Callable[["Pick"], Awaitable[Capture | Outcome]]

# Names are looked up in threads, and a dead one holds its thread for many seconds. asyncio's own pool has six of them
# on two cores; this has one for each request that the client has in flight.
THREADS = 64
# Of the budget; so that slow listings leave time for pages.
POLLS_SHARE = 0.5


class Pick(NamedTuple):
    """An entry chosen for fetching. attempts: how often its page has failed before.

    route, archive_url: of history: the route that listed it, and where an archive keeps it, if one does.
    """

    source: Source
    entry: Entry
    first_seen: datetime
    first_poll: bool = False
    attempts: int = 0
    route: str = ""
    archive_url: str = ""


class Budget:
    """One task's time for the network, from its creation on."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    def left_s(self, share: float = 1.0) -> float:
        """What is left of the first `share` of it, waiting for slow hosts' turns included."""
        return max(self._end - self.seconds * (1 - share) - time.monotonic(), 0.0)


def run_async(work: Coroutine[Any, Any, Result]) -> Result:
    """asyncio.run with as many threads as there may be names looked up at once."""

    async def with_threads() -> Result:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        return await work

    return asyncio.run(with_threads())


def open_client(settings: Settings, store: Store | None = None, *, timeout_s: float | None = None) -> Client:
    """The polite client, with the one User-Agent that names this project and whom to write to.

    store: where robots.txt files are remembered for a day; without it, they are for as long as the client lives.
    timeout_s: in place of the setting.
    """
    contact = f"; +{settings.contact}" if settings.contact else ""
    return Client(
        user_agent=f"{product()} (news archive{contact})",
        timeout_s=timeout_s or settings.fetch_timeout_s,
        max_body_bytes=settings.max_body_bytes,
        robots_store=RobotsStore(store) if store else None,
    )


async def ask_all(
    sources: Sequence[Source], ask: Callable[[Source], Awaitable[Result]], budget: Budget
) -> dict[str, Result | Outcome]:
    """Ask every source, the first ones first where they share a host; by name. An Outcome says why there is no answer.

    Late ones are `not_fetched`; what is raised costs that source alone.
    """

    async def one(source: Source) -> Result | Outcome:
        try:
            return await ask(source)
        except Exception as error:
            return _broken(error, source.url)

    answers = await _within(budget.left_s(POLLS_SHARE), map(one, sources))
    late = _ran_out(budget)
    return {source.name: late if one is None else one for source, one in zip(sources, answers, strict=True)}


async def poll_all(client: Client, sources: Sequence[Source], ask: Ask, budget: Budget) -> dict[str, Poll]:
    """What each source lists now, by name."""

    async def poll(source: Source) -> Poll:
        async def get(url: str, headers: Mapping[str, str]) -> Capture | Outcome:
            return await client.get(url, source=source, accept="listing", headers=headers)

        return await ask(source, get)

    answers = await ask_all(sources, poll, budget)
    polls = {name: _no_poll(one) if isinstance(one, Outcome) else one for name, one in answers.items()}
    for name, found in polls.items():
        if found.detail:
            log.warning("poll.trouble source=%s reason=%s %s", name, found.outcome.label, found.detail)
    return polls


async def capture_all(
    client: Client, picks: Sequence[Pick], writer: RawWriter, budget: Budget
) -> list[tuple[Pick, BatchItem]]:
    """Fetch every pick, each capture into the writer as it arrives. What the budget does not allow is `not_fetched`."""

    async def get(pick: Pick) -> Capture | Outcome:
        return await client.get(pick.entry.url, source=pick.source, accept="page")

    items = await try_all(picks, get, writer, budget)
    late = _ran_out(budget)
    return [(pick, item or item_of(pick, late, writer)) for pick, item in zip(picks, items, strict=True)]


async def try_all(picks: Sequence[Pick], get: GetPage, writer: RawWriter, budget: Budget) -> list[BatchItem | None]:
    """Each pick's item, in order, its capture in the writer; None for those that the budget left no time for."""

    async def one(pick: Pick) -> BatchItem:
        try:
            return item_of(pick, await get(pick), writer)
        except Exception as error:
            return item_of(pick, _broken(error, pick.entry.url), writer)

    return await _within(budget.left_s(), map(one, picks))


def item_of(pick: Pick, answer: Capture | Outcome, writer: RawWriter) -> BatchItem:
    """What came of a pick; a capture goes into the writer."""
    item = BatchItem(
        entry=pick.entry,
        first_seen=pick.first_seen,
        first_poll=pick.first_poll,
        outcome=answer if isinstance(answer, Outcome) else Outcome(reason=Reason.FETCHED, status=answer.status),
        history_route=pick.route,
    )
    if isinstance(answer, Outcome):
        return item
    return item.model_copy(
        update={
            "final_url": answer.final_url,
            "fetched_at": answer.fetched_at,
            "content_type": answer.header("Content-Type"),
            "raw": writer.add(answer),
            "archive_url": answer.archived.url if answer.archived else "",
        }
    )


def not_taken(picks: Iterable[Pick], taken: set[str], page_of: Callable[[str], str] = canonicalise) -> Iterator[Pick]:
    """The picks whose page is not in `taken` yet; each one that is handed out is added to it."""
    for pick in picks:
        page = page_of(pick.entry.url)
        if page not in taken:
            taken.add(page)
            yield pick


def report_of(source: Source, poll: Poll, items: Sequence[BatchItem]) -> SourceReport:
    """What later stages need to know of a source, kept with the batch."""
    return SourceReport(
        publisher=source.publisher,
        language=source.language,
        tags=source.tags,
        alert_max_age_s=source.alert_max_age.total_seconds(),
        poll=poll.outcome,
        listed=len(poll.entries),
        seen=len(poll.entries) - sum(item.entry.source == source.name for item in items),
    )


def summarise(batch: Batch, key: BatchKey) -> Summary:
    """The batch's key, sources and failed polls, and its items by outcome. The key is "" when there are no items."""
    polled = batch.sources.values()
    failed = sum(report.poll.reason not in {Reason.FETCHED, Reason.UNCHANGED} for report in polled)
    outcomes = Counter(item.outcome.label for item in batch.items)
    counts: Summary = {"sources": len(polled), "sources_failed": failed, "entries": len(batch.items)}
    return {"batch": key.record if batch.items else "", **counts, **dict(sorted(outcomes.items()))}


async def _within(seconds: float, work: Iterable[Coroutine[Any, Any, Result]]) -> list[Result | None]:
    """The result of each, in order; None for those that were late, and cancelled."""
    tasks = [asyncio.create_task(one) for one in work]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=seconds)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    return [None if task.cancelled() else task.result() for task in tasks]


def _ran_out(budget: Budget) -> Outcome:
    return Outcome(reason=Reason.NOT_FETCHED, detail=f"the batch's {budget.seconds:g} s did not suffice")


def _broken(error: Exception, url: str) -> Outcome:
    log.error("fetch.unexpected url=%s", redact(url), exc_info=error)
    return Outcome(reason=Reason.BAD_RESPONSE, detail=f"unexpected {type(error).__name__}; the log has its traceback")


def _no_poll(outcome: Outcome) -> Poll:
    return Poll((), outcome, detail=outcome.detail)
