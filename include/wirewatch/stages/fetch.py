"""fetch: the sources of one shard that are due → one raw batch.

Order, which is what makes it safe to kill: captures (WARC) → commit record → frontier. A rerun that finds the commit
record fetches nothing and applies the frontier's delta again, which changes nothing.
"""

import logging
import uuid
from collections.abc import Awaitable, Mapping, Sequence
from datetime import datetime
from itertools import islice

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import Get, Poll, discover
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
from include.wirewatch.models import Batch, BatchItem
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
States = Mapping[str, SourceState]


def fetch(services: Services, run: Run, shard: int, shards: int) -> Summary:
    """Poll what is due, fetch what is new, store it. The summary's `batch` is "" when nothing was new."""
    key = run.batch_key(shard)
    batch = archive.find_batch(services.store, key)
    if batch is None:
        sources = [source for source in services.config.sources().value.sources if source.enabled]
        batch = run_async(_fetch(services, run, key, owned(sources, shard, shards)))
        if batch.items:
            batch = archive.commit_batch(services.store, batch)
    Frontier(services.store).apply(batch.frontier)
    summary = summarise(batch, key)
    log.info(summary_line("fetch.done", summary))
    return summary


async def _fetch(services: Services, run: Run, key: BatchKey, sources: Sequence[Source]) -> Batch:
    """Everything but the commit. Only the raw copies are in S3 when it returns."""

    def ask(source: Source, get: Get) -> Awaitable[Poll]:
        etag, last_modified = validators_for(states.get(source.name), source)
        return discover(source, get, etag=etag, last_modified=last_modified)

    now = services.now()
    states = Frontier(services.store).read(sources)
    due = [source for source in sources if is_due(states.get(source.name), source, now)]
    writer = RawWriter(key.warc(uuid.uuid4().hex[:8]), now)
    async with open_client(services.settings, services.store) as client:
        budget = Budget(services.settings.fetch_budget_s)
        polls = await poll_all(client, longest_waiting_first(due, states), ask, budget)
        picks = choose(due, polls, states, now)
        fetched = await capture_all(client, picks, writer, budget)
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


def longest_waiting_first(sources: Sequence[Source], states: States) -> list[Source]:
    """Sources that the budget left out before come first now: a slow host gets round to all of its listings."""

    def last_poll(source: Source) -> int:
        state = states.get(source.name)
        return state.polls[-1].at if state and state.polls else 0

    return sorted(sources, key=last_poll)


def choose(sources: Sequence[Source], polls: Mapping[str, Poll], states: States, now: datetime) -> list[Pick]:
    """What to fetch: unseen entries, each page once over all sources, at most `max_fetches` a source."""
    picks: list[Pick] = []
    taken: set[str] = set()
    for source in sources:
        found = unseen(states.get(source.name), polls[source.name].entries, now, source.tags)
        picks += islice(not_taken((Pick(source, *one) for one in found), taken), source.max_fetches)
    return picks


def _handled_for(source: Source, poll: Poll, settled: Mapping[str, BatchItem]) -> list[Handled]:
    """What was tried of a source's own entries, and of those that it lists but another source fetched."""
    mine = {page: item for page, item in settled.items() if item.entry.source == source.name}
    shared = {
        page: settled[page] for page in map(canonicalise, (entry.url for entry in poll.entries)) if page in settled
    }
    return [
        # Under its own name: what waits for another try is fetched by whichever source is polled next.
        Handled(item.entry.model_copy(update={"source": source.name}), item.outcome, item.final)
        for item in {**shared, **mine}.values()
    ]


def _settled(pick: Pick, item: BatchItem, now: datetime) -> tuple[Pick, BatchItem]:
    """The item with the word on whether a later run tries it again."""
    final = is_final(item.outcome, pick.attempts, pick.first_seen, now)
    return pick, item.model_copy(update={"final": final})
