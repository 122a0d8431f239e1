"""fetch: the sources of one shard that are due → one raw batch.

Order, which is what makes it safe to kill: captures (WARC) → commit record → frontier. A rerun that finds the commit
record fetches nothing and applies the frontier's delta again, which changes nothing.
"""

import asyncio
import logging
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import Poll, discover
from include.wirewatch.fetch import Client
from include.wirewatch.frontier import (
    Frontier,
    Handled,
    SourceState,
    delta_of,
    is_due,
    is_final,
    owned,
    unseen,
    validators_for,
)
from include.wirewatch.models import Batch, BatchItem, Capture, Outcome
from include.wirewatch.runs import Run
from include.wirewatch.stages.collect import Pick, capture_all, open_client, report_of, summarise
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.urls import canonicalise

log = logging.getLogger(__name__)
States = Mapping[str, SourceState]


def fetch(services: Services, run: Run, shard: int, shards: int) -> Summary:
    """Poll what is due, fetch what is new, store it. The summary's `batch` is "" when nothing was new."""
    key = run.batch_key(shard)
    batch = archive.find_batch(services.store, key)
    if batch is None:
        sources = [source for source in services.config.sources().value.sources if source.enabled]
        batch = asyncio.run(_fetch(services, run, key, owned(sources, shard, shards)))
        if batch.items:
            batch = archive.commit_batch(services.store, batch)
    Frontier(services.store).apply(batch.frontier)
    summary = summarise(batch, key)
    log.info(summary_line("fetch.done", summary))
    return summary


async def _fetch(services: Services, run: Run, key: BatchKey, sources: Sequence[Source]) -> Batch:
    """Everything but the commit. Only the raw copies are in S3 when it returns."""
    now = services.now()
    states = Frontier(services.store).read(sources)
    due = [source for source in sources if is_due(states.get(source.name), source, now)]
    writer = RawWriter(key.warc(uuid.uuid4().hex[:8]), now)
    async with open_client(services.settings, services.store) as client:
        polls = dict(zip((source.name for source in due), await _poll_all(client, due, states), strict=True))
        picks = choose(due, polls, states, now)
        fetched = await capture_all(client, picks, writer, services.settings.fetch_budget_s)
    done = [_settled(pick, item, services.now()) for pick, item in fetched]
    items = [item for _, item in done]
    frontier: dict[str, object] = {}
    settled = {canonicalise(item.entry.url): item for item in items}
    for source in due:
        handled = _handled_for(source, polls[source.name], settled)
        frontier |= delta_of(source, states.get(source.name), polls[source.name], handled, now)
    return Batch(
        batch=key.batch,
        dt=key.dt,
        quiet=run.quiet,
        interval_end=run.interval_end,
        warc=writer.save(services.store),
        items=tuple(items),
        sources={source.name: report_of(source, polls[source.name], items) for source in due},
        frontier=frontier,
    )


async def _poll_all(client: Client, sources: Sequence[Source], states: States) -> list[Poll]:
    async def poll(source: Source) -> Poll:
        async def get(url: str, headers: Mapping[str, str]) -> Capture | Outcome:
            return await client.get(url, source=source, accept="listing", headers=headers)

        etag, last_modified = validators_for(states.get(source.name), source)
        answer = await discover(source, get, etag=etag, last_modified=last_modified)
        if answer.detail:
            log.warning("poll.trouble source=%s reason=%s %s", source.name, answer.outcome.label, answer.detail)
        return answer

    return list(await asyncio.gather(*map(poll, sources)))


def choose(sources: Sequence[Source], polls: Mapping[str, Poll], states: States, now: datetime) -> list[Pick]:
    """What to fetch: unseen entries, each page once over all sources, at most `max_fetches` a source."""
    picks: list[Pick] = []
    taken: set[str] = set()
    for source in sources:
        mine = 0
        for entry, first_seen, first_poll, attempts in unseen(
            states.get(source.name), polls[source.name].entries, now, source.tags
        ):
            page = canonicalise(entry.url)
            if page not in taken and mine < source.max_fetches:
                taken.add(page)
                mine += 1
                picks.append(Pick(source, entry, first_seen, first_poll, attempts))
    return picks


def _handled_for(source: Source, poll: Poll, settled: Mapping[str, BatchItem]) -> list[Handled]:
    """What was tried of a source's own entries, and of those that it lists but another source fetched."""
    mine = {page: item for page, item in settled.items() if item.entry.source == source.name}
    shared = {
        page: settled[page] for page in map(canonicalise, (entry.url for entry in poll.entries)) if page in settled
    }
    return [Handled(item.entry, item.outcome, item.final) for item in {**shared, **mine}.values()]


def _settled(pick: Pick, item: BatchItem, now: datetime) -> tuple[Pick, BatchItem]:
    """The item with the word on whether a later run tries it again."""
    final = is_final(item.outcome, pick.attempts, pick.first_seen, now)
    return pick, item.model_copy(update={"final": final})
