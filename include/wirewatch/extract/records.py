"""What goes into extraction and what comes out of it."""

from datetime import datetime
from typing import NamedTuple

from include.wirewatch.models import Entry


class Page(NamedTuple):
    """One fetched page: url after redirects, body bytes, Content-Type header, and the entry that led to it.

    now is when the page was captured: dates are judged against it, never against the clock, so that reprocessing the
    same capture years later gives the same article.
    """

    url: str
    html: bytes
    content_type: str
    entry: Entry
    now: datetime


class Limits(NamedTuple):
    """What one page may cost. workers 0 = all cores.

    memory_bytes is the address space that a worker may add to what it inherits.
    max_html_bytes: the rest of a larger page is not read.
    """

    timeout_s: float = 20.0
    memory_bytes: int = 2_000_000_000
    max_html_bytes: int = 3_000_000
    workers: int = 0


class Extraction(NamedTuple):
    """The extracted text with its metadata; "" or None where unknown.

    published and modified keep the time zone that the page gave.
    method: precision, balanced, json-ld or summary (no page text could be had: the entry's summary stands in).
    method_detail: why that method, and what was cut or repaired on the way.
    canonical_url: as the page declares it, absolute, unchecked.
    origins: field → what said so, e.g. {"published": "json-ld:datePublished"}; "published.rejected" has the reasons.
    """

    title: str
    text: str
    published: datetime | None
    published_from: str
    modified: datetime | None
    authors: tuple[str, ...]
    language: str
    site_name: str
    section: str
    tags: tuple[str, ...]
    image: str
    paywalled: bool | None
    canonical_url: str
    word_count: int
    method: str
    method_detail: str
    origins: dict[str, str]
