"""Quiet hours: when a receiver is left in peace, by the clock on its readers' wall. Pure.

Whether it is quiet is asked of the wall's time alone, so a day of 23 or 25 hours needs no care: what begins at 22:00
and ends at 07:00 does so in every season. Only the way back, from a time on the wall to a moment, meets a time that
comes twice or never; see `_moment_of`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from include.wirewatch.config.receivers import DAYS, QuietHours
from include.wirewatch.config.rules import SEVERITIES
from include.wirewatch.models import Severity

DAY = timedelta(days=1)


class Quiet(NamedTuple):
    """One receiver's quiet hours, and whose clock they are told by."""

    hours: tuple[QuietHours, ...] = ()
    timezone: str = "UTC"


ALWAYS_OPEN = Quiet()


def held_until(quiet: Quiet, severity: Severity, now: datetime) -> datetime:
    """When an alert of that severity may go out: at the end of the quiet hours, or now."""
    zone = ZoneInfo(quiet.timezone)
    wall = _wall(now, zone)
    for start, end in _around(quiet, severity, wall):
        if start <= wall < end:
            # Others may follow on it, or the wall shows the same hour again.
            return held_until(quiet, severity, _moment_of(end, zone, now))
    return now


def free_since(quiet: Quiet, severity: Severity, due: datetime, now: datetime) -> datetime:
    """Since when what was due then could have gone out: since the last quiet hours, if they ended in the last day."""
    zone = ZoneInfo(quiet.timezone)
    ends = [_moment_of(end, zone, due) for _, end in _around(quiet, severity, _wall(now, zone))]
    return max([due, *(end for end in ends if end <= now)])


def _around(quiet: Quiet, severity: Severity, wall: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Start and end of the quiet hours that begin today or began yesterday, by the wall."""
    for hours in quiet.hours:
        if SEVERITIES.index(severity) >= SEVERITIES.index(hours.let_through):
            continue
        for day in (wall.date() - DAY, wall.date()):
            if not hours.days or DAYS[day.weekday()] in hours.days:
                start, end = datetime.combine(day, hours.start), datetime.combine(day, hours.end)
                yield start, end if end > start else end + DAY


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the wall shows, as a time without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _moment_of(wall: datetime, zone: ZoneInfo, after: datetime) -> datetime:
    """The first moment after `after` at which the wall shows that time, or would, had the hour not been skipped."""
    moments = [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
    return min((moment for moment in moments if moment > after), default=max(moments))
