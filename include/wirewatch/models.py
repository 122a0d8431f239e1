"""The records that travel between the steps and into S3.

Pydantic models are what is stored (their JSON is the format); named tuples are what lives only in one task.
All times are aware UTC. Unknown text is "", an unknown time is None.
"""

from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

Severity = Literal["low", "normal", "high"]


def to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


UtcDatetime = Annotated[AwareDatetime, AfterValidator(to_utc)]


class Record(BaseModel):
    """A stored record: immutable, and strict about its own fields so that a typo cannot lose data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def made(cls, values: dict[str, Any]) -> Self:
        """The record of these values, unchecked: every field is given, and of its type. The dict is the record's own.

        For what is made by the hundred for one article: checking its matches took a fifth of all matching.
        """
        record = cls.__new__(cls)
        object.__setattr__(record, "__dict__", values)
        object.__setattr__(record, "__pydantic_fields_set__", _names(cls))
        object.__setattr__(record, "__pydantic_extra__", None)
        object.__setattr__(record, "__pydantic_private__", None)
        return record


@cache
def _names(model: type[Record]) -> set[str]:
    return set(model.model_fields)


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
        """`sitemap:http_404`, `wayback:empty`, `archive_url:31`."""
        if self.listed:
            return f"{self.route}:{self.listed}"
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
    Of history: routes are those asked, in order, route the one that answered ("" for none); coverage is in the last
    batch of a day.
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
    sources: dict[str, SourceReport] = {}
    frontier: dict[str, object] = {}
    history: DayProgress | None = None


class Article(Record):
    """Extracted text with its metadata and its provenance; one line of a clean batch.

    history_route, archive_url, fetched_at: as in BatchItem.
    """

    article_id: str
    source: str
    publisher: str
    title: str
    text: str
    summary: str = ""
    published: UtcDatetime | None = None
    published_from: str = ""
    modified: UtcDatetime | None = None
    first_seen: UtcDatetime
    authors: tuple[str, ...] = ()
    language: str = ""
    site_name: str = ""
    section: str = ""
    tags: tuple[str, ...] = ()
    image: str = ""
    paywalled: bool | None = None
    word_count: int = 0
    origins: dict[str, str] = {}
    method: str
    method_detail: str = ""
    extractor: str
    entry_url: str
    url: str
    canonical_url: str
    fetched_at: UtcDatetime | None = None
    raw: RawRef | None = None
    history_route: str = ""
    archive_url: str = ""


class Hit(Record):
    """One text position in an article: code points [start, end) of that field's original text."""

    field: Literal["title", "body"]
    start: int
    end: int
    text: str
    term: str


class Excerpt(Record):
    """A sentence worth showing. marks are [start, end) code points of text."""

    field: Literal["title", "body"]
    text: str
    marks: tuple[tuple[int, int], ...]


class RuleMatch(Record):
    """One rule that an article matches, with every hit (overlaps merged, in text order)."""

    rule: str
    severity: Severity
    tags: tuple[str, ...] = ()
    score: int
    score_parts: dict[str, int] = {}
    hits: tuple[Hit, ...]


class ArticleMatches(Record):
    """One line of a matches batch: an article, its matches and what became of them.

    decision: "alerted", "digest" (nobody at once), "quiet", "stale", "already_alerted", "no_route", "silenced".
    receivers: who is told at once. digests: whose next digest counts it, with the rules that count there; it waits for
    the digests of those who are not among `receivers`.
    matched_at: when it was decided; a rerun keeps it. language, publisher: the article's.
    signature: see deliver/story.py; only of what a digest counts or history found.
    """

    article_id: str
    url: str
    title: str
    matches: tuple[RuleMatch, ...]
    decision: str
    receivers: tuple[str, ...] = ()
    digests: dict[str, tuple[str, ...]] = {}
    matched_at: UtcDatetime | None = None
    publisher: str = ""
    language: str = ""
    signature: str = ""

    @property
    def waiting(self) -> tuple[str, ...]:
        """Whose digest it waits for."""
        return tuple(receiver for receiver in self.digests if receiver not in self.receivers)


class Alert(Record):
    """One message to one receiver about one article, with all its matches there; what the outbox holds.

    kind "rollup": no article, but the message under which stories are gathered; see deliver/rollup.py.
    parent: the alert_id whose thread an addendum belongs to; "" for the first alert about an article.
    signature: what tells a copy of the same text; see deliver/story.py.
    found_late: history found the article; live polling had missed it.
    """

    kind: Literal["article", "rollup"] = "article"
    alert_id: str
    receiver: str
    article_id: str
    title: str
    url: str
    publisher: str
    authors: tuple[str, ...] = ()
    language: str = ""
    published: UtcDatetime | None = None
    first_seen: UtcDatetime
    enqueued_at: UtcDatetime
    not_before: UtcDatetime
    method: str
    method_detail: str = ""
    matches: tuple[RuleMatch, ...]
    excerpts: tuple[Excerpt, ...]
    parent: str = ""
    signature: str = ""
    batch: str
    clean_key: str = ""
    clean_url: str = ""
    found_late: bool = False


class BulletinLine(Record):
    """One line of a bulletin's list: text, linked to url where there is one, with a smaller detail behind it."""

    text: str
    url: str = ""
    detail: str = ""


class BulletinSection(Record):
    """heading in bold, then the lines as a list, then a block of fixed-width text: bars and columns.

    more: how many further lines there were, which the list only counts.
    """

    heading: str = ""
    lines: tuple[BulletinLine, ...] = ()
    more: int = 0
    preformatted: str = ""


class Bulletin(Record):
    """A message to one receiver that is not about one article; the outbox holds it beside the alerts.

    alert_id: its identity, like an alert's. kind "failure" tells ops what somebody must mend.
    edition: 0 is posted once and never edited. A later edition of the same id edits the message, an earlier one is
    dropped. parent: the alert_id of the bulletin whose thread it belongs to.
    log_under: key prefix of its delivery log; quiet runs keep theirs under backfills/<label>/.
    figures: of a digest, articles by rule, with those that had none: the digests of later days compare with them.
        Empty while its day is not over.
    """

    kind: Literal["failure", "digest", "backfill"]
    alert_id: str
    receiver: str
    title: str
    notes: tuple[str, ...] = ()
    sections: tuple[BulletinSection, ...] = ()
    edition: int = 0
    parent: str = ""
    log_under: str = "delivery/"
    figures: dict[str, int] = {}
    enqueued_at: UtcDatetime
    not_before: UtcDatetime


Outgoing = Annotated[Alert | Bulletin, Field(discriminator="kind")]


class Failure(NamedTuple):
    """An operational error that somebody must see to. subject is equal each time the same thing fails.

    subject: its kind in one word (deliver/failure.py knows them), then which. says: a line for each thing that failed.
    about: the receiver that cannot be told of it, because it is what fails.
    """

    subject: str
    says: str
    about: str = ""
