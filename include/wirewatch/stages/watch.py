"""watch: what no task trips over is told to ops, too.

every sweep      nothing has been polled for long: ingest_live is paused, queued, or stuck (one listing)
once an hour     sources that are dead (at most 65 reads); batches that nobody finishes: a task that is killed outright,
                 by the kernel when memory runs out, tells nobody
once a day       what wirewatch doctor finds: the bucket, the workspace or a channel has changed

When is read off the run's data interval, so that a rerun does the same again.
"""

import logging
from datetime import UTC, datetime, timedelta
from itertools import chain

from include.wirewatch import archive
from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.config.sources import Source
from include.wirewatch.deliver.failure import NOWHERE, Where
from include.wirewatch.doctor import examine
from include.wirewatch.errors import FailuresError
from include.wirewatch.frontier import Frontier
from include.wirewatch.frontier.health import death_of, idle_since
from include.wirewatch.models import Failure
from include.wirewatch.stages.health import read_health
from include.wirewatch.stages.report import UNFINISHED, report
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)
Interval = tuple[datetime, datetime]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# Before most people's morning, and not at midnight, when everything else starts.
DOCTOR_AT = timedelta(hours=6)
# The sweeper takes a batch over after a quarter of an hour, and a sweep lasts twenty minutes at most.
STALE = timedelta(hours=2)
IDLE = "idle ingest_live"


class UnwellError(FailuresError):
    """The doctor found that S3 or Slack no longer give what the job needs."""


def watch(services: Services, interval: Interval, where: Where = NOWHERE) -> Summary:
    """Look, and report what is found. interval: the run's data interval.

    Raises:
        UnwellError: after all else was reported, where the doctor's findings are not ok.
    """
    idle, hourly = _idle(services), passes(interval, HOUR)
    found = {
        "idle": idle,
        # Who polls nothing knows nothing about the sources.
        "dead": _dead_sources(services) if hourly and not idle else [],
        "stale": _stale_batches(services) if hourly else [],
        "unwell": (unwell := _examine(services) if passes(interval, DAY, DOCTOR_AT) else []),
    }
    told = report(services, chain.from_iterable(found.values()), where)
    summary: Summary = {**{name: len(failures) for name, failures in found.items()}, "told": told}
    log.info(summary_line("watch.done", summary))
    if unwell:
        raise UnwellError(unwell)
    return summary


def overdue(services: Services, run_id: str, state: str, where: Where = NOWHERE) -> int:
    """A run of ingest_live has not succeeded within settings.deadline_minutes; how many messages tell it.

    state: the run's. A run that has failed was told by its tasks, and others may have come after it: then only what
    the frontier says counts.
    """
    minutes = services.settings.deadline_minutes
    if state in {"queued", "running"}:
        says = f"run {run_id} has not succeeded within {minutes:g} minutes: it is still {state}"
        return report(services, [Failure(IDLE, says)], where)
    return report(services, _idle(services), where)


def passes(interval: Interval, every: timedelta, offset: timedelta = timedelta(0)) -> bool:
    """Whether a multiple of `every` after 1970, moved by offset, lies in the interval (its end counts, its start not).

    Of intervals without gaps exactly one has it; where runs are left out it may be none.
    """
    start, end = ((moment - EPOCH - offset) // every for moment in interval)
    return start != end


def _idle(services: Services) -> list[Failure]:
    """The failure that nothing was polled for too long, or nothing. One listing, unless that looks suspicious."""
    now, limit = services.now(), timedelta(minutes=services.settings.deadline_minutes)
    written = [item.modified for item in services.store.list("frontier/")]
    if not limit or not written or now - max(written) <= limit:
        return []
    sources = _sources(services)
    since = idle_since(sources, Frontier(services.store).read(sources), now)
    if since is None or now - since <= limit:
        return []
    says = f"no source was polled since {since:%Y-%m-%d %H:%M} UTC, although one was due"
    return [Failure(IDLE, f"{says}: no run of ingest_live got that far")]


def _dead_sources(services: Services) -> list[Failure]:
    """One failure that names them all, or nothing."""
    now = services.now()
    health = read_health(services.store, _sources(services), now)
    deaths = sorted(f"{one.source}: {death}" for one in health if (death := death_of(one, now)))
    return [Failure("sources", "\n".join(deaths))] if deaths else []


def _stale_batches(services: Services) -> list[Failure]:
    """One failure that names the oldest, or nothing."""
    now = services.now()
    days = archive.days_back(now.date(), services.settings.lookback_days)
    stale = archive.unfinished(services.store, days, now - STALE)
    if not stale:
        return []
    says = f"{len(stale)} batches were fetched more than {STALE.seconds // 3600} hours ago and are not matched"
    return [Failure(UNFINISHED, f"{says}, the oldest is {stale[0].record}")]


def _examine(services: Services) -> list[Failure]:
    """What the doctor finds wrong."""
    receivers = services.config.receivers().value
    found = examine(services.store, services.open_slack(), receivers, services.open_secret, now=services.now)
    return [
        Failure(f"doctor {finding.check}", finding.says, _receiver_in(finding.check, receivers))
        for finding in found
        if not finding.ok
    ]


def _receiver_in(check: str, file: ReceiversFile) -> str:
    """The receiver that a check of the doctor's is about; "" for none."""
    names = {receiver.name for receiver in file.receivers}
    return next((word for word in check.split() if word in names), "")


def _sources(services: Services) -> tuple[Source, ...]:
    return services.config.sources().value.sources
