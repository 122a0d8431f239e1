"""Articles and what rules found in them: the rows of clean batches and of matches batches."""

from typing import Literal

from pydantic import Field

from include.wirewatch.models.fetched import RawRef
from include.wirewatch.models.record import Record, Severity, UtcDatetime


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
    origins: dict[str, str] = Field(default={})
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
    score_parts: dict[str, int] = Field(default={})
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
    digests: dict[str, tuple[str, ...]] = Field(default={})
    matched_at: UtcDatetime | None = None
    publisher: str = ""
    language: str = ""
    signature: str = ""

    @property
    def waiting(self) -> tuple[str, ...]:
        """Whose digest it waits for."""
        return tuple(receiver for receiver in self.digests if receiver not in self.receivers)
