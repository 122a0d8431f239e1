"""Whose digest is due now, and which time it covers. Pure.

A receiver with a digest has one for every date of its own calendar, from one `at` to the next: 24 hours, on the days
when clocks change 23 or 25. An `at` that a change of clocks skips or repeats stands for one moment all the same, so
that every date has exactly one.

    its moment lies in the run's interval   due; a rerun of that run edits the message with that day's figures
    its moment was missed                   due, as long as it is not a day late
    a receiver that never had a digest      starts at its next `at`: before that, nothing was counted for it
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from include.wirewatch.config.receivers import Receiver
from include.wirewatch.deliver.outbox import alert_id

# A match that was decided before `at` is stored a moment after it.
SETTLE = timedelta(minutes=3)
LATE = timedelta(days=1)
HISTORY_DAYS = 7


class DigestDay(NamedTuple):
    """One receiver's day: what was matched from start up to, not including, end."""

    receiver: str
    day: date
    start: datetime
    end: datetime

    @property
    def digest_id(self) -> str:
        """The identity of its message."""
        return alert_id("digest", self.receiver, self.day.isoformat())

    def is_told_by(self, edition: int) -> bool:
        """True when the edition was composed after the day's end: it has all of it."""
        return edition >= edition_at(self.end)


def edition_at(moment: datetime) -> int:
    """The edition of a digest composed at that moment: milliseconds, so that it grows with each composing."""
    return int(moment.timestamp() * 1000)


def day_of(receiver: Receiver, day: date) -> DigestDay:
    """The receiver must have a digest."""
    return DigestDay(receiver.name, day, _moment(receiver, day - timedelta(days=1)), _moment(receiver, day))


def days_before(receiver: Receiver, day: date) -> Iterator[DigestDay]:
    """The days with which that day's figures are compared, the latest first."""
    return (day_of(receiver, day - timedelta(days=back)) for back in range(1, HISTORY_DAYS + 1))


def due(
    receivers: Iterable[Receiver],
    interval: tuple[datetime, datetime],
    now: datetime,
    edition_of: Callable[[DigestDay], int],
) -> list[DigestDay]:
    """The days to compose in a run of that interval, which ends in the past.

    edition_of: the latest edition of a day's digest that waits or is delivered, 0 for none; asked about few days.
    """
    return [
        day
        for receiver in receivers
        if receiver.digest
        for day in _days_near(receiver, interval[1])
        if _is_due(receiver, day, interval, now, edition_of)
    ]


def of_date(receivers: Iterable[Receiver], day: date, now: datetime) -> list[DigestDay]:
    """Every receiver's digest of that date, asked for by hand; a day that is not over is told as far as it goes."""
    days = [day_of(receiver, day) for receiver in receivers if receiver.digest]
    return [one for one in days if one.start < now]


def _is_due(
    receiver: Receiver,
    day: DigestDay,
    interval: tuple[datetime, datetime],
    now: datetime,
    edition_of: Callable[[DigestDay], int],
) -> bool:
    ready = day.end + SETTLE
    edition = edition_of(day)
    is_late = now - ready > LATE
    if ready > interval[0]:
        return edition > 0 or not is_late
    if day.is_told_by(edition) or is_late:
        return False
    return edition > 0 or any(edition_of(before) for before in days_before(receiver, day.day))


def _days_near(receiver: Receiver, end: datetime) -> Iterator[DigestDay]:
    """The days that became ready within LATE before the end of the interval."""
    last = end.astimezone(ZoneInfo(receiver.timezone)).date()
    for back in (2, 1, 0):
        day = day_of(receiver, last - timedelta(days=back))
        if end - LATE < day.end + SETTLE <= end:
            yield day


def _moment(receiver: Receiver, day: date) -> datetime:
    assert receiver.digest is not None
    return datetime.combine(day, receiver.digest.at, ZoneInfo(receiver.timezone)).astimezone(UTC)
