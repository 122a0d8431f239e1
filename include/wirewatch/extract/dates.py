"""Read the dates that pages give, and choose the one to believe.

A date is credible if it is not before 1990, not in the future of the capture, and not years away from the date in the
page's own URL. The earliest credible one is the publication: later ones are republications and edits.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from lxml.html import HtmlElement

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_SKEW = timedelta(minutes=15)
# A time without a zone may be up to 14 hours ahead of UTC, and a bare day is over only after all of it.
ZONELESS_SKEW = timedelta(hours=26)
YEARS_OFF = timedelta(days=365)
URL_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)[/_-]?(0[1-9]|1[0-2])[/_-]?(0[1-9]|[12]\d|3[01])(?!\d)")
ZONE_NAMES = {"UTC": " +0000", "GMT": " +0000", "EST": " -0500", "EDT": " -0400", "CST": " -0600", "CDT": " -0500",
              "PST": " -0800", "PDT": " -0700", "CET": " +0100", "CEST": " +0200", "BST": " +0100",
              "MSK": " +0300"}  # fmt: skip
TEXT_FORMATS = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%B %d, %Y",
    "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y %I:%M %p", "%b %d, %Y %I:%M %p", "%B %d, %Y, %I:%M %p",
    "%a %b %d %H:%M:%S %Y", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%dT%H%M%S",
)  # fmt: skip


class Dated(NamedTuple):
    """A date as read. is_exact: it has a time of day and a zone; otherwise UTC is assumed."""

    moment: datetime
    is_exact: bool


class Choice(NamedTuple):
    """moment None: nothing credible. rejected: "origin value: reason", joined by "; "."""

    moment: datetime | None
    origin: str
    rejected: str


def parse_date(text: str) -> Dated | None:
    """Read a date of a meta tag, JSON-LD or feed. None for anything ambiguous or unknown."""
    text = " ".join(text.split())
    if not 6 <= len(text) <= 60:
        return None
    if re.fullmatch(r"\d{10}|\d{13}", text):
        return _from_epoch(int(text[:10]))
    name = re.search(r"\s([A-Z]{3,4})$", text)
    if name and name[1] in ZONE_NAMES:
        text = text[: name.start()] + ZONE_NAMES[name[1]]
    for parse in (_from_iso, _from_mail, _from_text):
        moment = parse(text)
        if moment is not None:
            has_time = bool(re.search(r"\d[:.]?\d\d", text[10:])) or bool(re.fullmatch(r"\d{12,14}", text))
            try:
                if moment.tzinfo is None:
                    return Dated(moment.replace(tzinfo=UTC), False)
                moment.astimezone(UTC)  # year 1 or 9999 with a zone overflows
            except (OverflowError, ValueError):
                return None
            return Dated(moment, has_time)
    return None


def date_in_url(url: str) -> datetime | None:
    found = URL_DATE.search(url)
    if found is None:
        return None
    try:
        return datetime(int(found[1]), int(found[2]), int(found[3]), tzinfo=UTC)
    except ValueError:
        return None


def choose_published(candidates: list[tuple[str, Dated]], *, now: datetime, url: str) -> Choice:
    """The earliest credible of (origin, date). An exact one is preferred to a vague one of about the same time."""
    in_url = date_in_url(url)
    if in_url is not None and in_url > now + ZONELESS_SKEW:
        in_url = None
    credible: list[tuple[str, Dated]] = []
    rejected: list[str] = []
    for origin, dated in candidates:
        reason = _why_not(dated, now, in_url)
        if reason:
            rejected.append(f"{origin} {dated.moment.isoformat()}: {reason}")
        else:
            credible.append((origin, dated))
    if not credible:
        return Choice(in_url, "url" if in_url else "", "; ".join(rejected))
    origin, earliest = min(credible, key=lambda item: item[1].moment)
    exact = [item for item in credible if item[1].is_exact]
    if exact and not earliest.is_exact:
        other, first_exact = min(exact, key=lambda item: item[1].moment)
        if first_exact.moment - earliest.moment <= timedelta(hours=38):
            origin, earliest = other, first_exact
    return Choice(earliest.moment, origin, "; ".join(rejected))


def choose_modified(
    candidates: list[tuple[str, Dated]], *, now: datetime, published: datetime | None
) -> tuple[datetime | None, str]:
    """The latest credible edit that is after the publication, with its origin."""
    credible = [
        (dated.moment, origin)
        for origin, dated in candidates
        if not _why_not(dated, now, None) and (published is None or dated.moment > published)
    ]
    return max(credible, default=(None, ""))


def find_day(tree: HtmlElement, now: datetime) -> datetime | None:
    """The day that htmldate reads out of the page's markup and text: the last resort, right on five pages of six."""
    from htmldate import find_date

    try:
        day = find_date(
            tree,
            extensive_search=False,
            original_date=True,
            min_date=EARLIEST.date().isoformat(),
            max_date=now.date().isoformat(),
        )
    except (ValueError, OverflowError):
        return None  # it lets go of its own on a zone of 24 hours and more
    return datetime.fromisoformat(day).replace(tzinfo=UTC) if day else None


def _why_not(dated: Dated, now: datetime, in_url: datetime | None) -> str:
    if dated.moment < EARLIEST:
        return "before 1990"
    if dated.moment > now + (CLOCK_SKEW if dated.is_exact else ZONELESS_SKEW):
        return "in the future"
    if in_url is not None and abs(dated.moment - in_url) > YEARS_OFF:
        return "years off the date in the URL"
    return ""


def _from_epoch(seconds: int) -> Dated | None:
    return Dated(datetime.fromtimestamp(seconds, UTC), True)


def _from_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(re.sub(r"(?<=\d) ?(?=[+-]\d\d:?\d\d$)", "", text))
    except ValueError:
        return None


def _from_mail(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _from_text(text: str) -> datetime | None:
    for form in TEXT_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None
