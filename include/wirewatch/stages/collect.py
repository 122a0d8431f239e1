"""Entries → captures in a WARC, many hosts at once, within one budget of time. Used by fetch and fetch_day."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import Poll
from include.wirewatch.fetch import Client, RobotsStore
from include.wirewatch.models import Batch, BatchItem, Capture, Entry, Outcome, Reason, SourceReport
from include.wirewatch.settings import Settings, version
from include.wirewatch.stages.services import Summary
from include.wirewatch.store import Store


class Pick(NamedTuple):
    """An entry chosen for fetching. attempts: how often its page has failed before."""

    source: Source
    entry: Entry
    first_seen: datetime
    first_poll: bool = False
    attempts: int = 0


def open_client(settings: Settings, store: Store | None = None) -> Client:
    """The polite client, with the one User-Agent that names this project and whom to write to.

    store: where robots.txt files are remembered for a day; without it, they are for as long as the client lives.
    """
    contact = f"; +{settings.contact}" if settings.contact else ""
    return Client(
        user_agent=f"Wirewatch/{version()} (news archive{contact})",
        timeout_s=settings.fetch_timeout_s,
        max_body_bytes=settings.max_body_bytes,
        robots_store=RobotsStore(store) if store else None,
    )


async def capture_all(
    client: Client, picks: Sequence[Pick], writer: RawWriter, budget_s: float
) -> list[tuple[Pick, BatchItem]]:
    """Fetch every pick, each capture into the writer as it arrives. What the budget does not allow is `not_fetched`."""

    async def one(pick: Pick) -> BatchItem:
        return _item(pick, await client.get(pick.entry.url, source=pick.source, accept="page"), writer)

    tasks = [asyncio.create_task(one(pick)) for pick in picks]
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=budget_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
    ran_out = Outcome(reason=Reason.NOT_FETCHED, detail=f"the batch's {budget_s:g} s were over")
    return [
        (pick, _item(pick, ran_out, writer) if task.cancelled() else task.result())
        for pick, task in zip(picks, tasks, strict=True)
    ]


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


def _item(pick: Pick, answer: Capture | Outcome, writer: RawWriter) -> BatchItem:
    item = BatchItem(
        entry=pick.entry,
        first_seen=pick.first_seen,
        first_poll=pick.first_poll,
        outcome=answer if isinstance(answer, Outcome) else Outcome(reason=Reason.FETCHED, status=answer.status),
    )
    if isinstance(answer, Outcome):
        return item
    return item.model_copy(
        update={
            "final_url": answer.final_url,
            "fetched_at": answer.fetched_at,
            "content_type": answer.header("Content-Type"),
            "raw": writer.add(answer),
        }
    )
