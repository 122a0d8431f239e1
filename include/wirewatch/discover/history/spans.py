"""Which days a file's name speaks of: `map-2026-11-23.xml`, `202611.xml`, `/2026/nov/`, `sitemap-2026-w47.xml`. Pure.

Years are 1990 to 2099. What looks like a date and is none (2026-13, 2026-02-31) is passed over.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

# Between the parts: one or two signs, or a parameter's name (`?yyyy=2026&mm=11&dd=23`).
_SIGN = r"(?:[-_/.]{1,2}|&[a-z]{1,6}=)"
_YEAR = r"(?<!\d)((?:199|20\d)\d)"
_NAMES = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
_MONTH = rf"(0?[1-9]|1[0-2]|{'|'.join(_NAMES)}|{'|'.join(name[:3] for name in _NAMES)}|sept)"
_DAYS = re.compile(rf"{_YEAR}(?:{_SIGN}{_MONTH}{_SIGN}(\d\d?)|(\d\d)(\d\d))(?!\d)", re.IGNORECASE)
_MONTHS = re.compile(rf"{_YEAR}(?:{_SIGN}{_MONTH}|(\d\d))(?![\da-z])", re.IGNORECASE)
_WEEKS = re.compile(rf"{_YEAR}[-_/.]?w(?:eek)?[-_]?(\d\d?)(?!\d)", re.IGNORECASE)
_YEARS = re.compile(rf"{_YEAR}(?!\d)")
ONE_DAY = timedelta(days=1)


class Span(NamedTuple):
    """Days from first to last, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last


def span_of(name: str) -> Span | None:
    """The days that a file's address speaks of, by the most exact date in it; None where there is none.

    Two dates of a kind are a range: `2026-11-01_2026-11-15.xml`.
    """
    path = _path(name)
    for read in (_days, _weeks, _months, _years):
        if spans := list(read(path)):
            return Span(min(span.first for span in spans), max(span.last for span in spans))
    return None


def day_of(url: str) -> date | None:
    """The one day that an article's address names, or None: months and years stand in headlines too."""
    days = {span.first for span in _days(_path(url))}
    return days.pop() if len(days) == 1 else None


def _path(url: str) -> str:
    # A host may be called news2026.example.
    return url.partition("://")[2].partition("/")[2] if "://" in url else url


def _days(name: str) -> Iterator[Span]:
    for found in _DAYS.finditer(name):
        try:
            day = date(int(found[1]), _month(found[2] or found[4]), int(found[3] or found[5]))
        except ValueError:
            continue
        yield Span(day, day)


def _months(name: str) -> Iterator[Span]:
    for found in _MONTHS.finditer(name):
        try:
            first = date(int(found[1]), _month(found[2] or found[3]), 1)
        except ValueError:
            continue
        yield Span(first, first.replace(day=monthrange(first.year, first.month)[1]))


def _weeks(name: str) -> Iterator[Span]:
    for found in _WEEKS.finditer(name):
        try:
            monday = date.fromisocalendar(int(found[1]), int(found[2]), 1)
        except ValueError:
            continue
        yield Span(monday, monday + 6 * ONE_DAY)


def _years(name: str) -> Iterator[Span]:
    for found in _YEARS.finditer(name):
        yield Span(date(int(found[1]), 1, 1), date(int(found[1]), 12, 31))


def _month(text: str) -> int:
    if text.isdigit():
        return int(text)
    return next(number for number, name in enumerate(_NAMES, 1) if name.startswith(text[:3].lower()))
