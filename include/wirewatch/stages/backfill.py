"""The summary of a quiet run: one message for each backfill and receiver, edited as days are done.

    backfills/<label>/summary.json    what was found on each day that is done, with the replies that tell of it, and the
                                      messages as they are to be shown, each with its edition
    backfills/<label>/delivery/…      the delivery log of both

summary.json changes by compare-and-swap, day and messages at once: of two runs that have done a day at the same time,
one loses, reads again, and sees the other's day. So a later edition never knows less than an earlier one. Then the
outbox; a rerun finds what it would say, and says it again: nothing changes.

Reads delivery/, and never writes there. Any DAG may call it: label, days and DAG come from the run.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from pydantic import Field

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.backfill import (
    BackfillId,
    DayResult,
    compose,
    edition_after,
    read_day,
    routed,
    span_of,
    succeed,
)
from include.wirewatch.deliver.offer import is_told
from include.wirewatch.deliver.stored import read_as
from include.wirewatch.errors import ConfigError, PermanentError, StoreError
from include.wirewatch.models import ArticleMatches, Bulletin, Record
from include.wirewatch.runs import Run
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
READERS = 16
RACES = 50


class Progress(Record):
    """summary.json. dag_id: whose backfill it is. days: those that are done. messages: by receiver, as to be shown."""

    dag_id: str
    days: dict[date, DayResult] = Field(default_factory=dict)
    messages: dict[str, Bulletin] = Field(default_factory=dict)


def begin(services: Services, run: Run) -> None:
    """Tell the receivers that a backfill has begun: "0 of 30 days". Nothing where it has, or the run is not quiet.

    Raises:
        PermanentError: another DAG's backfill has this label.
    """
    if not run.quiet or _read(services.store, run)[1] is not None:
        return
    try:
        _advance(services, run, None)
    except ConfigError as error:
        # What is fetched does not depend on receivers.yaml; the first day that is done tells them.
        log.warning("backfill.not_begun label=%s reason=%s", run.label, error)


def summarise(services: Services, run: Run, rows: Iterable[ArticleMatches], lacking: Iterable[str] = ()) -> Summary:
    """The run's day is done: record what was found, and show it; {} for a run that is not quiet.

    rows: all matches of the day, in any order, with language and signature (judge.quiet_row). lacking: the sources that
    may have more of the day. The messages are in the outbox afterwards. Called again, with other rows or the same, the
    day's record is replaced and its messages edited.

    Raises:
        ConfigError: receivers.yaml is wrong. The day counts as not done until this is called again.
        PermanentError: another DAG's backfill has this label.
    """
    if not run.quiet:
        return {}
    result = _day_of(services, run, rows, lacking)
    progress = _advance(services, run, result)
    # After the messages: a reply waits for what it replies to.
    replies = [reading.reply for reading in progress.days[result.day].readings.values()]
    for reply in replies:
        outbox.enqueue(services.store, reply)
    summary: Summary = {"label": run.label, "day": run.dt, "messages": len(progress.messages), "replies": len(replies)}
    log.info(summary_line("backfill.summarised", summary))
    return summary


def summarise_batches(services: Services, run: Run, records: Iterable[str]) -> Summary:
    """tell() of a run that wrote batches, all of them matched; {} for a run that is not quiet.

    records: keys of their commit records, oldest first; what the last one says of the sources is the day's.
    """
    if not run.quiet:
        return {}
    keys = [BatchKey.parse(record) for record in records]
    rows = [row for key in keys for row in _rows_of(services.store, key)]
    reports = archive.read_batch(services.store, keys[-1]).sources if keys else {}
    return tell(services, run, rows, [name for name, report in reports.items() if report.lacks])


def tell(services: Services, run: Run, rows: Iterable[ArticleMatches], lacking: Iterable[str] = ()) -> Summary:
    """summarise(), and delivered; {} for a run that is not quiet.

    What cannot be delivered now is the sweeper's, which tells ops: the day is done all the same.
    """
    # Slack's client costs a third of a CPU-second: who begins a backfill does not pay it.
    from include.wirewatch.stages.deliver import DeliveryError, deliver

    summary = summarise(services, run, rows, lacking)
    try:
        return {**summary, **deliver(services)}
    except DeliveryError as error:
        log.warning("backfill.undelivered label=%s reason=%s", run.label, error)
        return summary


def _rows_of(store: Store, key: BatchKey) -> list[ArticleMatches]:
    """The matches of a batch; those written last, where it was matched with several editions of the rules."""
    listed = list(store.list(f"matches/dt={key.dt}/{key.batch}."))
    if not listed:
        raise StoreError(f"{store.url(key.record)}: the batch is not matched; clear the task that matches it")
    return archive.read_matches(store, max(listed, key=lambda item: (item.modified, item.key)).key)


def _day_of(services: Services, run: Run, rows: Iterable[ArticleMatches], lacking: Iterable[str]) -> DayResult:
    found = routed(rows, services.config.receivers().value.routes)
    day, now = date.fromisoformat(run.dt), services.now()
    readings = {
        receiver: read_day(_id_of(run), receiver, day, articles, _told(services.store, receiver, articles), now)
        for receiver, articles in found.items()
    }
    return DayResult(
        day=day, first=run.asked.first, last=run.asked.last, lacking=tuple(sorted(lacking)), readings=readings
    )


def _told(store: Store, receiver: str, articles: Iterable[str]) -> set[str]:
    """Those that the receiver was sent an alert about."""
    ids = list(articles)
    with ThreadPoolExecutor(READERS) as pool:
        known = pool.map(lambda article_id: is_told(store, article_id, receiver), ids)
        return {article_id for article_id, is_known in zip(ids, known, strict=True) if is_known}


def _advance(services: Services, run: Run, result: DayResult | None) -> Progress:
    """Record a day over what was found on it before, and put every receiver's message, of all days, into the outbox."""
    store, backfill = services.store, _id_of(run)
    receivers = dict.fromkeys(name for route in services.config.receivers().value.routes for name in route.to)
    for _ in range(RACES):
        before, etag = _read(store, run)
        days = before.days | ({result.day: succeed(before.days.get(result.day), result)} if result else {})
        span = span_of([(run.asked.first, run.asked.last), *((day.first, day.last) for day in days.values())])
        now = services.now()
        messages = {
            name: edition_after(before.messages.get(name), compose(backfill, name, days.values(), span, now))
            for name in receivers
        }
        after = before.model_copy(update={"days": days, "messages": before.messages | messages})
        if after == before or store.swap(_key(run), after.model_dump_json().encode(), etag):
            for message in messages.values():
                outbox.enqueue(store, message)
            return after
    raise StoreError(f"{store.url(_key(run))}: lost {RACES} races in a row")


def _read(store: Store, run: Run) -> tuple[Progress, str | None]:
    """How far this backfill is, with the etag; of one that has not begun, no day and no etag."""
    stored = store.get(_key(run))
    if stored is None:
        return Progress(dag_id=run.dag_id), None
    progress = read_as(_key(run), stored.body, Progress.model_validate_json)
    if progress.dag_id != run.dag_id:
        raise PermanentError(
            f"label {run.label!r} is that of a backfill of {progress.dag_id}, and this is one of {run.dag_id}: "
            "put another label into the conf"
        )
    return progress, stored.etag


def _id_of(run: Run) -> BackfillId:
    return BackfillId(run.label, run.dag_id)


def _key(run: Run) -> str:
    return f"{_id_of(run).under}summary.json"
