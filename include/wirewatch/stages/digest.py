"""digest: the matches of a day → one bulletin for each receiver whose digest is due, in the outbox.

What was counted on earlier days is read off their own digests in the delivery log, not from a week of matches.
"""

import logging
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from include.wirewatch import archive
from include.wirewatch.config.receivers import Receiver, ReceiversFile
from include.wirewatch.config.rules import Rule
from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.digest import Facts, Watch, compose
from include.wirewatch.deliver.due import DigestDay, days_before, due, of_date
from include.wirewatch.deliver.log import LogEntry
from include.wirewatch.deliver.route import may_lead_to
from include.wirewatch.deliver.wording import number
from include.wirewatch.frontier.health import Health
from include.wirewatch.models import ArticleMatches, Bulletin, BulletinLine, BulletinSection
from include.wirewatch.stages.health import IN_TROUBLE, read_health
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.store import Listed, Store

log = logging.getLogger(__name__)

# An article that was counted so long before a day's start may be seen again on that day, and does not count again.
SEEN_BEFORE = timedelta(hours=24)
# Between S3's clock and the workers'.
CLOCKS = timedelta(hours=1)
SOURCES_SHOWN = 15

Batches = list[tuple[Listed, list[ArticleMatches]]]


def digest(services: Services, interval: tuple[datetime, datetime], day: date | None = None) -> Summary:
    """Compose what is due in that interval; {} where nothing is. day: the digests of that date instead, due or not.

    The digests of those who are told of failures name the sources in trouble.

    Raises:
        ConfigError: receivers.yaml or rules.yaml is wrong. What is due stays due until the file is mended.
    """
    file, now = services.config.receivers().value, services.now()
    earlier = Earlier(services.store)
    days = of_date(file.receivers, day, now) if day else due(file.receivers, interval, now, earlier.edition_of)
    if not days:
        return {}
    by_name = {receiver.name: receiver for receiver in file.receivers}
    told_until = {one: earlier.told_until(by_name[one.receiver], one) for one in days}
    batches = _read(services, min(told_until.values()), max(one.end for one in days))
    rows = [_dated(row, listed) for listed, rows in batches for row in rows if row.digests]
    rules = [rule for rule in services.config.rules().value.rules if rule.enabled]
    sources = _sources(services, now) if any(one.receiver in file.ops for one in days) else None
    for one in days:
        receiver = by_name[one.receiver]
        facts = Facts(
            rules=_rules_of(receiver, rules, file),
            history=earlier.history_of(receiver, one.day),
            since=told_until[one],
            watch=watch_of(batches, one),
            is_first=not any(map(earlier.edition_of, days_before(receiver, one.day))),
            sources=sources if one.receiver in file.ops else None,
        )
        bulletin = compose(one, receiver.timezone, rows, facts, now)
        outbox.enqueue(services.store, bulletin)
        log.info('digest.composed receiver=%s day=%s title="%s"', one.receiver, one.day, bulletin.title)
    summary: Summary = {"digests": len(days), "batches_read": len(batches), "rows": len(rows)}
    log.info(summary_line("digest.done", summary))
    return summary


class Earlier:
    """The digests that wait or are delivered; each is read once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: dict[str, LogEntry | None] = {}

    def edition_of(self, day: DigestDay) -> int:
        """The latest edition of that day's digest, 0 where there is none; from the outbox where the log is behind."""
        bulletin = self._bulletin(day)
        shown = bulletin.edition if bulletin else 0
        return shown if day.is_told_by(shown) else max([shown, *outbox.editions(self._store, day.digest_id)])

    def told_until(self, receiver: Receiver, day: DigestDay) -> datetime:
        """The end of the latest day that a digest told whole; this day's start where none of the last week did."""
        told = (one.end for one in days_before(receiver, day.day) if one.is_told_by(self.edition_of(one)))
        return min(next(told, day.start), day.start)

    def history_of(self, receiver: Receiver, day: date) -> dict[date, dict[str, int]]:
        """What was counted on the days before, of those that have a digest of the whole day."""
        found = {one.day: self._bulletin(one) for one in days_before(receiver, day)}
        return {before: bulletin.figures for before, bulletin in found.items() if bulletin and bulletin.figures}

    def _bulletin(self, day: DigestDay) -> Bulletin | None:
        if day.digest_id not in self._entries:
            known = delivery_log.read(self._store, day.digest_id)
            self._entries[day.digest_id] = known.entry if known else None
        entry = self._entries[day.digest_id]
        return entry.bulletin if entry else None


def sources_section(health: Iterable[Health]) -> BulletinSection:
    """The sources in trouble, the worst first, for those who mend them; those that are switched off do not count."""
    known = [item for item in health if item.verdict != "off"]
    trouble = [item for item in known if item.verdict in IN_TROUBLE]
    trouble.sort(key=lambda item: (IN_TROUBLE.index(item.verdict), item.source))
    return BulletinSection(
        heading=f"Sources in trouble: {len(trouble) or 'none'} of {len(known)}",
        lines=tuple(BulletinLine(text=item.source, detail=_trouble(item)) for item in trouble[:SOURCES_SHOWN]),
        more=max(len(trouble) - SOURCES_SHOWN, 0),
    )


def watch_of(batches: Batches, day: DigestDay) -> Watch:
    """What was matched on that day, by when it was stored."""
    stored = [listed.modified for listed, _ in batches if day.start <= listed.modified < day.end]
    return Watch(len(stored), max(stored, default=None))


def _read(services: Services, since: datetime, end: datetime) -> Batches:
    """Every matches batch that may hold what was decided since then, or shortly before it."""
    first = since - SEEN_BEFORE
    # A batch may wait for the sweeper for so many days, and still lies under its own.
    oldest = first.date() - timedelta(days=services.settings.lookback_days)
    days = archive.days_back(end.date(), (end.date() - oldest).days + 1)
    return list(archive.matches_since(services.store, days, first - CLOCKS))


def _dated(row: ArticleMatches, listed: Listed) -> ArticleMatches:
    """Rows of before digests had no time of their own."""
    return row if row.matched_at else row.model_copy(update={"matched_at": listed.modified})


def _rules_of(receiver: Receiver, rules: Iterable[Rule], file: ReceiversFile) -> tuple[str, ...]:
    return tuple(rule.name for rule in rules if may_lead_to(receiver.name, rule, file.routes))


def _sources(services: Services, now: datetime) -> BulletinSection:
    return sources_section(read_health(services.store, services.config.sources().value.sources, now))


def _trouble(item: Health) -> str:
    success = f"last success {item.last_success:%d %b %H:%M} UTC" if item.last_success else "no success yet"
    if item.verdict == "failing":
        return f"failing: {number(item.failures, 'poll', 'polls')} in a row, {item.last_outcome}, {success}"
    if item.verdict == "silent":
        return f"silent: nothing new for a day, usually {item.per_day:g} a day"
    return f"drifting: {item.drift}"
