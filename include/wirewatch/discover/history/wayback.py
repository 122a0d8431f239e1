"""The wayback route: a day's captures below a prefix, from the Wayback Machine's index, then each in its original form.

Index: the CDX server's `url, matchType=prefix, from, to, filter, collapse=urlkey, fl, limit, showResumeKey, resumeKey`
(internetarchive/wayback, wayback-cdx-server/README.md: "Url Match Scope", "Filtering", "Collapsing", "Resumption Key").
`urlkey` is asked for because resuming goes wrong without it (internetarchive/wayback issue 121). Lines that are none
are passed over: crawlers have captured `http://mailto:…` and data: URLs (edgi wayback's test file malformed_cdx.txt).
Captures: `/web/<time>id_/<url>` gives the bytes as captured, the publisher's headers as X-Archive-Orig-*, and
Memento-Datetime (RFC 7089, 2.1.1), without which an answer is the Wayback Machine's own and no capture.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import NamedTuple
from urllib.parse import quote, unquote_plus, urlencode

from include.wirewatch.config.sources import Source
from include.wirewatch.discover.history.spans import ONE_DAY, day_of
from include.wirewatch.discover.history.unpack import unpacked
from include.wirewatch.discover.poll import NO_HEADERS, Get
from include.wirewatch.models import Archived, Capture, Outcome, Reason
from include.wirewatch.urls import absolute, canonicalise, redact

# Lines of one answer; the server's own blocks have 3,000.
PAGE_LINES = 3_000
MAX_PAGES = 10
MEMENTO = re.compile(r"/web/(\d{14})(?:[a-z]{2}_)?/(.+)", re.DOTALL)
ORIGINAL_HEADER = "x-archive-orig-"


class CdxLine(NamedTuple):
    """One capture in the index."""

    captured_at: datetime
    url: str


class CdxPage(NamedTuple):
    """One answer of the index. resume_key: how to go on; "" at the end. passed_over: lines that were none."""

    lines: tuple[CdxLine, ...]
    resume_key: str
    passed_over: int


class Captures(NamedTuple):
    """The index's answer for a day: page URL → where its capture lies; outcome.detail says what is not in it."""

    found: Mapping[str, str]
    outcome: Outcome


async def captures_of(source: Source, prefix: str, day: date, get: Get, base: str) -> Captures:
    """The first capture on that day of each page below the prefix that the source's include and exclude let pass.

    base: the archive's address, without a slash at its end. Pages whose address names a day that is neither this one
    nor the one before are left out: an archive captures old pages too.
    """
    found: dict[str, str] = {}
    seen: set[str] = set()
    key, passed_over = "", 0
    for _ in range(MAX_PAGES):
        answer = await get(index_url(base, prefix, day, key), NO_HEADERS)
        if isinstance(answer, Outcome):
            return Captures(found, answer)
        page = parse_index(answer.body)
        passed_over += page.passed_over
        for line in page.lines:
            if (identity := _identity(line.url)) not in seen and is_wanted(line.url, source, prefix, day):
                seen.add(identity)
                found[line.url] = memento_url(base, line)
        key = page.resume_key
        if not key or len(found) >= source.max_entries:
            break
    details = [f"{passed_over} lines of the index are none"] if passed_over else []
    details += ["the index goes on: name a longer prefix, or several sources"] if key else []
    reason = Reason.BAD_RESPONSE if passed_over and not found else Reason.FETCHED
    limited = dict(islice(found.items(), source.max_entries))
    return Captures(limited, Outcome(reason=reason, status=answer.status, detail="; ".join(details)))


def index_url(base: str, prefix: str, day: date, resume_key: str = "") -> str:
    """The question to the index. resume_key: as the last answer gave it."""
    query = [
        ("url", prefix),
        ("matchType", "prefix"),
        ("from", f"{day:%Y%m%d}000000"),
        ("to", f"{day:%Y%m%d}235959"),
        ("filter", "statuscode:200"),
        ("filter", "mimetype:text/html"),
        ("collapse", "urlkey"),
        ("fl", "urlkey,timestamp,original"),
        ("limit", str(PAGE_LINES)),
        ("showResumeKey", "true"),
    ]
    if resume_key:
        query.append(("resumeKey", resume_key))
    return f"{base}/cdx/search/cdx?{urlencode(query)}"


def parse_index(body: bytes) -> CdxPage:
    """An answer of the index in its plain form: a capture a line; after an empty line, the key to go on with."""
    text, _, tail = body.decode("utf-8", "replace").partition("\n\n")
    lines, passed_over = [], 0
    for row in text.split("\n"):
        if not row.strip():
            continue
        try:
            _, stamp, original, *_ = row.split(" ")
            lines.append(CdxLine(_moment(stamp), absolute(original, original)))
        except ValueError:
            passed_over += 1
    # The server gives the key in the form of a query, to be put into one as it is.
    return CdxPage(tuple(lines), unquote_plus(tail.strip()), passed_over)


def is_wanted(url: str, source: Source, prefix: str, day: date) -> bool:
    """Whether a captured page may be an article of that day."""
    bare = url.partition("://")[2]
    if bare.rstrip("/") == prefix.partition("://")[2].rstrip("/") or "/" not in bare.rstrip("/"):
        return False
    return source.wants(url) and day_of(url) in (day, day - ONE_DAY, None)


def memento_url(base: str, line: CdxLine) -> str:
    """Where a capture lies in its original form."""
    return f"{base}/web/{line.captured_at:%Y%m%d%H%M%S}id_/{quote(line.url, safe=':/?=&%~+,;@!$()*-._[]')}"


def capture_of(answer: Capture, asked: str, max_body_bytes: int) -> Capture | Outcome:
    """The publisher's answer within the archive's, or why it is none. asked: the page's own URL.

    A redirect to the nearest other capture counts: its own time and URL are what the result says.
    """
    found = MEMENTO.search(answer.final_url)
    if found is None or not answer.header("Memento-Datetime"):
        return _none(answer, "the archive's own page, not a capture")
    try:
        moment, url = _moment(found[1]), absolute(found[2], found[2])
        # The archive's own Content-Encoding header is broken for pages that were captured compressed.
        body = unpacked(answer.body, max_body_bytes)
    except ValueError as error:
        return _none(answer, str(error))
    if body is None:
        limit = f"more than {max_body_bytes:,} bytes unpacked"
        return Outcome(reason=Reason.TOO_LARGE, status=answer.status, detail=f"{redact(answer.final_url)}: {limit}")
    return Capture(
        url=asked,
        final_url=url,
        fetched_at=moment,
        status=answer.status,
        headers=tuple(original_headers(answer)),
        body=body,
        archived=Archived(answer.final_url, answer.fetched_at),
    )


def original_headers(answer: Capture) -> Iterator[tuple[str, str]]:
    """What the publisher sent, as far as the archive hands it on; its Content-Type at least as the archive gives it."""
    originals = [
        (name[len(ORIGINAL_HEADER) :].title(), value)
        for name, value in answer.headers
        if name.lower().startswith(ORIGINAL_HEADER)
    ]
    yield from originals
    if not any(name == "Content-Type" for name, _ in originals) and (kind := answer.header("Content-Type")):
        yield "Content-Type", kind


def _identity(url: str) -> str:
    try:
        return canonicalise(url).partition("://")[2]
    except ValueError:
        return url


def _none(answer: Capture, why: str) -> Outcome:
    return Outcome(reason=Reason.BAD_RESPONSE, status=answer.status, detail=f"{redact(answer.final_url)}: {why}")


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
