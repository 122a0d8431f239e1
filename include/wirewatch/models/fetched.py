"""What was listed and fetched, and how that ended: entries, captures, and the commit record of a batch."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from include.wirewatch.models.record import Record, UtcDatetime


class Reason(StrEnum):
    """Why a URL ended as it did. Every entry of every batch has exactly one."""

    FETCHED = "fetched"
    UNCHANGED = "unchanged"
    SEEN = "seen"
    ROBOTS = "robots"
    TOO_LARGE = "too_large"
    NOT_HTML = "not_html"
    TIMEOUT = "timeout"
    REFUSED_ADDRESS = "refused_address"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_URL = "bad_url"
    CONNECTION = "connection"
    BAD_RESPONSE = "bad_response"
    HTTP_ERROR = "http_error"  # the status is in Outcome.status; shown as http_404
    NOT_FETCHED = "not_fetched"  # no attempt was made: the batch's budget or the host's patience ran out


TRANSIENT = frozenset({Reason.TIMEOUT, Reason.CONNECTION, Reason.BAD_RESPONSE})
_NOT_FOUND = 404
_TRANSIENT_STATUS = frozenset({_NOT_FOUND, 408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 530})


class Outcome(Record):
    """How the fetch of one URL ended. detail is for people and holds no query string.

    retry_after_s: how long the host asked to be left alone with this answer.
    """

    reason: Reason
    status: int | None = None
    detail: str = ""
    retry_after_s: float | None = None

    @property
    def label(self) -> str:
        """The name under which it is counted: the reason, or http_<status>."""
        return f"http_{self.status}" if self.reason is Reason.HTTP_ERROR else self.reason.value

    @property
    def may_pass(self) -> bool:
        """Whether a later attempt may end otherwise: after 404, 5xx, timeouts and broken answers."""
        return self.reason in TRANSIENT or self.status in _TRANSIENT_STATUS

    @property
    def is_open(self) -> bool:
        """Of the past: whether it is worth asking again. What is not there now will not be there later either."""
        return self.reason is Reason.NOT_FETCHED or (self.may_pass and self.status != _NOT_FOUND)


class Entry(Record):
    """An item that a source lists, not fetched yet.

    url is absolute and as listed; title and summary are plain text.
    published_from names what said so: "feed", "sitemap:news", "sitemap:lastmod", "listing".
    """

    url: str
    source: str
    title: str = ""
    summary: str = ""
    published: UtcDatetime | None = None
    published_from: str = ""
    modified: UtcDatetime | None = None


class Archived(NamedTuple):
    """Where a capture came from when not from its publisher: its address in a web archive, and when it was read there.

    url: `https://web.archive.org/web/<time>id_/<url>`, or `s3://<bucket>/<file>#<offset of the record>`.
    """

    url: str
    retrieved_at: datetime


class Capture(NamedTuple):
    """One URL fetched at one instant. body is decoded from its transfer and content encodings, headers in order.

    fetched_at: when the publisher answered. With `archived`, it was the archive that asked then, not we.
    """

    url: str
    final_url: str
    fetched_at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    archived: Archived | None = None

    def header(self, name: str) -> str:
        """The first header of that name in any case, or ""."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")


class RawRef(Record):
    """Where one raw copy lies: S3 key, byte offset and length of its WARC record, sha256 of the body."""

    key: str
    offset: int
    length: int
    sha256: str


class BatchItem(Record):
    """One entry of a batch and what came of it. raw is None unless the outcome is `fetched`.

    first_poll: the source had never been read before, so "first seen" says nothing about the entry's age.
    final: False when a later run tries this URL again.
    history_route: the route by which history found it (config/history.py); "" for what live polling found.
    archive_url: where a web archive keeps these bytes; "" for what the publisher sent us. fetched_at is then the
        archive's own time of capture.
    """

    entry: Entry
    first_seen: UtcDatetime
    first_poll: bool = False
    outcome: Outcome
    final: bool = True
    final_url: str = ""
    fetched_at: UtcDatetime | None = None
    content_type: str = ""
    raw: RawRef | None = None
    history_route: str = ""
    archive_url: str = ""


class RouteReport(Record):
    """One history route that was asked: how that ended, and how many entries of the day it listed."""

    route: str
    outcome: Outcome
    listed: int = 0

    @property
    def label(self) -> str:
        """`sitemap:http_404`, `wayback:empty`, `archive_url:31`, `sitemap:31+bad_response` for a part of the answer."""
        if self.listed:
            return f"{self.route}:{self.listed}" + f"+{self.outcome.label}" * self.outcome.is_open
        return f"{self.route}:{'empty' if self.outcome.reason is Reason.FETCHED else self.outcome.label}"


class Coverage(Record):
    """A source's day, as live polling and history saw it (coverage.py says how it is counted).

    live: articles that live polling found. both: those of them that history listed too. history_only: what history
    listed and live polling had not found. missed: an estimate of what neither found; None where nothing can be said.
    """

    live: int
    history_only: int
    both: int
    missed: int | None = None


class SourceReport(Record):
    """One source in one batch: how its poll ended, and what later stages need to know of it.

    Kept with the batch, so that a rerun does not depend on what sources.yaml says by then.
    Of history: routes are those asked, in order, route the one that answered ("" for none). In the last batch of a try
    that came to its end: coverage, of a source that answered; lacks: it may have more of the day, for it or some of its
    pages could not be reached.
    """

    publisher: str
    language: str = ""
    tags: tuple[str, ...] = ()
    alert_max_age_s: float
    poll: Outcome
    listed: int = 0
    seen: int = 0
    route: str = ""
    routes: tuple[RouteReport, ...] = ()
    coverage: Coverage | None = None
    lacks: bool = False


class ScanPosition(Record):
    """How far Common Crawl's files of a day have been read for these hosts: all before this record.

    file: its key, "" before the first. offset: where the next record begins. done: to the end of the day.
    bytes_read: of all files so far, compressed.
    """

    hosts: tuple[str, ...]
    file: str = ""
    offset: int = 0
    done: bool = False
    bytes_read: int = 0


class DayProgress(Record):
    """Where a day of history stands after one of its slices. done: nothing is left to fetch."""

    done: bool = False
    scan: ScanPosition | None = None


class Batch(Record):
    """The commit record of a fetch: `raw/dt=…/<batch>.json`. Once it exists, the batch is fetched.

    quiet: matches are recorded, nobody is alerted.
    interval_end: end of the run's data interval; freshness is measured from it.
    frontier: the delta that the fetch applies to the frontier, again on every rerun (see frontier.py).
    history: for a slice of a day of history; None for what live polling fetched.
    """

    batch: str
    dt: str
    quiet: bool
    interval_end: UtcDatetime
    warc: str = ""
    items: tuple[BatchItem, ...]
    sources: dict[str, SourceReport] = Field(default={})
    frontier: dict[str, object] = Field(default={})
    history: DayProgress | None = None
