"""The summary of a quiet run: one message for each backfill and receiver, edited as days are done.

    backfills/<label>/days/<dt>.json     what was found on a day that is done, with the replies that tell of it
    backfills/<label>/summary.json       the messages as they are to be shown, each with its edition
    backfills/<label>/delivery/…         the delivery log of both

Order: the day, then the summary, then the outbox. Both files change by compare-and-swap, and the days are read after
the summary that is swapped. So of two runs that compose at once, one loses, reads again, and sees the other's day; a
later edition never knows less than an earlier one. A rerun finds what it would say, and says it again: nothing changes.

Reads delivery/, and never writes there. Any DAG may call it: label, days and DAG come from the run.
"""

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

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
from include.wirewatch.errors import ConfigError, PermanentError, StoreError
from include.wirewatch.models import ArticleMatches, Bulletin, Record
from include.wirewatch.runs import Run
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
READERS = 16
RACES = 50


class Shown(Record):
    """summary.json: receiver → its message, as it is to be shown. dag_id: whose backfill it is."""

    dag_id: str
    messages: dict[str, Bulletin]


def begin(services: Services, run: Run) -> None:
    """Tell the receivers that a backfill has begun: "0 of 30 days". Nothing where it has, or the run is not quiet.

    Raises:
        PermanentError: another DAG's backfill has this label.
    """
    if not run.quiet or _shown_of(services.store, run) is not None:
        return
    try:
        _show(services, run)
    except ConfigError as error:
        # What is fetched does not depend on receivers.yaml; the first day that is done tells them.
        log.warning("backfill.not_begun label=%s reason=%s", run.label, error)


def summarise(services: Services, run: Run, rows: Iterable[ArticleMatches]) -> Summary:
    """The run's day is done: record what was found, and show it; {} for a run that is not quiet.

    rows: all matches of the day, in any order, with language and signature (judge.quiet_row). The messages are in the
    outbox afterwards. Called again, with other rows or the same, the day's record is replaced and its messages edited.

    Raises:
        ConfigError: receivers.yaml is wrong. The day counts as not done until this is called again.
        PermanentError: another DAG's backfill has this label.
    """
    if not run.quiet:
        return {}
    _shown_of(services.store, run)
    day = _keep(services.store, run, _day_of(services, run, rows))
    messages = _show(services, run)
    # After the messages: a reply waits for what it replies to.
    replies = [reading.reply for reading in day.readings.values()]
    for reply in replies:
        outbox.enqueue(services.store, reply)
    summary: Summary = {"label": run.label, "day": run.dt, "messages": len(messages), "replies": len(replies)}
    log.info(summary_line("backfill.summarised", summary))
    return summary


def summarise_batches(services: Services, run: Run, records: Iterable[str]) -> Summary:
    """tell() of a run that wrote batches, all of them matched; {} for a run that is not quiet.

    records: keys of their commit records.
    """
    if not run.quiet:
        return {}
    return tell(services, run, [row for record in records for row in _rows_of(services.store, BatchKey.parse(record))])


def tell(services: Services, run: Run, rows: Iterable[ArticleMatches]) -> Summary:
    """summarise(), and delivered; {} for a run that is not quiet.

    What cannot be delivered now is the sweeper's, which tells ops: the day is done all the same.
    """
    # Slack's client costs a third of a CPU-second: who begins a backfill does not pay it.
    from include.wirewatch.stages.deliver import DeliveryError, deliver

    summary = summarise(services, run, rows)
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


def _day_of(services: Services, run: Run, rows: Iterable[ArticleMatches]) -> DayResult:
    found = routed(rows, services.config.receivers().value.routes)
    day, now = date.fromisoformat(run.dt), services.now()
    readings = {
        receiver: read_day(_id_of(run), receiver, day, articles, _told(services.store, receiver, articles), now)
        for receiver, articles in found.items()
    }
    return DayResult(day=day, first=run.asked.first, last=run.asked.last, readings=readings)


def _told(store: Store, receiver: str, articles: Iterable[str]) -> set[str]:
    """Those that the receiver was sent an alert about."""
    ids = list(articles)
    with ThreadPoolExecutor(READERS) as pool:
        known = pool.map(lambda article_id: is_told(store, article_id, receiver), ids)
        return {article_id for article_id, is_known in zip(ids, known, strict=True) if is_known}


def _keep(store: Store, run: Run, result: DayResult) -> DayResult:
    """Record the day over what was found on it before; as it is recorded, with the editions of its replies."""
    key = f"{_id_of(run).under}days/{run.dt}.json"
    for _ in range(RACES):
        stored = store.get(key)
        before = DayResult.model_validate_json(stored.body) if stored else None
        after = succeed(before, result)
        if after == before or store.swap(key, after.model_dump_json().encode(), stored.etag if stored else None):
            return after
    raise StoreError(f"{store.url(key)}: lost {RACES} races in a row")


def _show(services: Services, run: Run) -> dict[str, Bulletin]:
    """Compose every receiver's message from all days that are done, and put those to be shown into the outbox."""
    store, backfill = services.store, _id_of(run)
    receivers = dict.fromkeys(name for route in services.config.receivers().value.routes for name in route.to)
    for _ in range(RACES):
        stored = store.get(_summary_key(run))
        before = Shown.model_validate_json(stored.body) if stored else Shown(dag_id=run.dag_id, messages={})
        done = _days_done(store, backfill)
        span = span_of([(run.asked.first, run.asked.last), *((day.first, day.last) for day in done)])
        now = services.now()
        messages = {
            name: edition_after(before.messages.get(name), compose(backfill, name, done, span, now))
            for name in receivers
        }
        after = before.model_copy(update={"messages": {**before.messages, **messages}})
        body = after.model_dump_json().encode()
        if after == before or store.swap(_summary_key(run), body, stored.etag if stored else None):
            for message in messages.values():
                outbox.enqueue(store, message)
            return messages
    raise StoreError(f"{store.url(_summary_key(run))}: lost {RACES} races in a row")


def _shown_of(store: Store, run: Run) -> Shown | None:
    """What is to be shown of this backfill so far; None before it has begun."""
    stored = store.get(_summary_key(run))
    shown = Shown.model_validate_json(stored.body) if stored else None
    if shown and shown.dag_id != run.dag_id:
        raise PermanentError(
            f"label {run.label!r} is that of a backfill of {shown.dag_id}, and this is one of {run.dag_id}: "
            "put another label into the conf"
        )
    return shown


def _days_done(store: Store, backfill: BackfillId) -> list[DayResult]:
    keys = [item.key for item in store.list(f"{backfill.under}days/")]
    with ThreadPoolExecutor(READERS) as pool:
        found = list(pool.map(store.get, keys))
    return [DayResult.model_validate_json(stored.body) for stored in found if stored]


def _id_of(run: Run) -> BackfillId:
    return BackfillId(run.label, run.dag_id)


def _summary_key(run: Run) -> str:
    return f"{_id_of(run).under}summary.json"
