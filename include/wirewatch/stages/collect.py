"""Entries → captures in a WARC, many hosts at once, within one budget of time. Used by fetch and fetch_day."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from include.wirewatch.archive import RawWriter
from include.wirewatch.config.sources import Source
from include.wirewatch.fetch import Client
from include.wirewatch.models import BatchItem, Capture, Entry, Outcome, Reason, SourceReport
from include.wirewatch.settings import Settings, version

# Requests in flight over all hosts; each host has its own, much lower limit in the client.
IN_FLIGHT = 64


class Pick(NamedTuple):
    """An entry chosen for fetching. attempts: how often its page has failed before."""

    source: Source
    entry: Entry
    first_seen: datetime
    first_poll: bool = False
    attempts: int = 0


def open_client(settings: Settings) -> Client:
    """The polite client, with the one User-Agent that names this project and whom to write to."""
    contact = f"; +{settings.contact}" if settings.contact else ""
    return Client(
        user_agent=f"Wirewatch/{version()} (news archive{contact})",
        timeout_s=settings.fetch_timeout_s,
        max_body_bytes=settings.max_body_bytes,
    )


async def capture_all(
    client: Client, picks: Sequence[Pick], writer: RawWriter, budget_s: float
) -> list[tuple[Pick, BatchItem]]:
    """Fetch every pick, each capture into the writer as it arrives. What the budget does not allow is `not_fetched`."""
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(pick: Pick) -> BatchItem:
        async with gate:
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


def count_outcomes(items: Sequence[BatchItem], reports: Sequence[SourceReport]) -> dict[str, int]:
    """Items by outcome, and sources whose poll failed: for the log and the summary."""
    counts = Counter(item.outcome.label for item in items)
    failed = sum(report.poll.reason not in {Reason.FETCHED, Reason.UNCHANGED} for report in reports)
    return {"sources": len(reports), "sources_failed": failed, "entries": len(items), **dict(sorted(counts.items()))}


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
