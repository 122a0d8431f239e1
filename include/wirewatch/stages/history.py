"""fetch_day: what the sources published on one day, less what the archive holds → one raw batch under that day.

Reads no frontier and writes none: the archive itself says what is known.
"""

import logging
import uuid
from collections.abc import Awaitable
from datetime import date, timedelta

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import Get, Poll, discover_day
from include.wirewatch.models import Batch
from include.wirewatch.runs import Run
from include.wirewatch.stages.collect import (
    Budget,
    Pick,
    capture_all,
    not_taken,
    open_client,
    poll_all,
    report_of,
    run_async,
    summarise,
)
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.urls import canonicalise

log = logging.getLogger(__name__)

# A day's articles may have been archived by live runs from the day before (time zones) to two days after (late lists).
KNOWN_FROM, KNOWN_TO = -1, 2
BUDGET_S = 3 * 3600 - 600


def fetch_day(services: Services, run: Run) -> Summary:
    """Fetch one day of history, run.dt. A rerun finds its batch and fetches nothing."""
    key = run.batch_key(0)
    batch = archive.find_batch(services.store, key)
    if batch is None:
        batch = run_async(_fetch_day(services, run, key))
        if batch.items:
            batch = archive.commit_batch(services.store, batch)
    summary = summarise(batch, key)
    log.info(summary_line("fetch_day.done", summary))
    return summary


async def _fetch_day(services: Services, run: Run, key: BatchKey) -> Batch:
    now, day = services.now(), date.fromisoformat(run.dt)

    def ask(source: Source, get: Get) -> Awaitable[Poll]:
        return discover_day(source, day, get)

    sources = [source for source in services.config.sources().value.sources if source.enabled and source.history]
    near = [day + timedelta(days=offset) for offset in range(KNOWN_FROM, KNOWN_TO + 1)]
    known = {canonicalise(url) for url in archive.archived_urls(services.store, near, except_batch=key.batch)}
    writer = RawWriter(key.warc(uuid.uuid4().hex[:8]), now)
    async with open_client(services.settings, services.store) as client:
        budget = Budget(BUDGET_S)
        polls = await poll_all(client, sources, ask, budget)
        listed = (
            Pick(source, entry, first_seen=now, first_poll=True)
            for source in sources
            for entry in polls[source.name].entries
        )
        fetched = await capture_all(client, list(not_taken(listed, known)), writer, budget)
    items = tuple(item for _, item in fetched)
    reports = {source.name: report_of(source, polls[source.name], items) for source in sources}
    return Batch(
        batch=key.batch,
        dt=key.dt,
        quiet=run.quiet,
        interval_end=run.interval_end,
        warc=writer.save(services.store),
        items=items,
        sources=reports,
    )
