"""Feeds: RSS 0.9x to 2.0, RDF, Atom, JSON Feed.

fastfeedparser reads them, a bare "&" mended first (it reads ?a=1&b=2 as ?a=1=2). feedparser reads again what it gets
wrong. The signs: it raises; it finds nothing, or an entry without a link, in ill-formed XML; a U+FFFD; odd dates.
Never rejects a feed for being ill-formed alone (feedparser's `bozo`): only where there is no feed in it.
"""

import re
from calendar import timegm
from datetime import UTC, datetime
from typing import Any

import fastfeedparser
import feedparser
from lxml import etree

from include.wirewatch.config.sources import Source
from include.wirewatch.discover.parsed import Parsed
from include.wirewatch.discover.plain import MAX_SUMMARY, MAX_TITLE, parse_date, plain_text
from include.wirewatch.models import Entry
from include.wirewatch.urls import absolute

REPLACEMENT = "\ufffd"
_BARE_AMPERSAND = re.compile(rb"&(?!#?\w{1,31};)")
_HEX = rb"[xX]0*[dD][89a-fA-F][0-9a-fA-F]{2}"
_DECIMAL = rb"0*(?:5529[6-9]|55[3-9]\d{2}|56\d{3}|57[0-2]\d{2}|573[0-3]\d|5734[0-3])"
_SURROGATE = re.compile(rb"&#(?:" + _HEX + rb"|" + _DECIMAL + rb");")
# Looked for only where there is one: its leading group costs a search forty times as much.
_SURROGATES = re.compile(rb"(?:" + _SURROGATE.pattern + rb")+")
_CDATA = re.compile(rb"(<!\[CDATA\[.*?\]\]>)", re.DOTALL)
# fastfeedparser reads 5/11/2026 as the 11th of May, and "yesterday" against its own clock; feedparser leaves both
# undated, which is the truth.
_MISREAD_DATE = re.compile(
    rb"<(?:pubDate|dc:date|published|updated)>\s*(?:\d{1,2}/\d{1,2}/\d{4}|now|today|yesterday|\d+ \w+ ago)",
    re.IGNORECASE,
)


def parse(body: bytes, source: Source, url: str, content_type: str) -> Parsed:
    """The entries of one feed, in its order. trouble says why there is none, if it is no feed at all."""
    if not body.strip():
        return Parsed([], "empty body")
    if _declares_entities(body):
        return Parsed([], "its DOCTYPE declares entities: refused (an XML bomb, or a reference to a file)")
    body = _without_surrogates(body)
    quick = _quick(body, source, url)
    return _thorough(body, source, url, content_type) if quick is None else Parsed(quick)


def _without_surrogates(body: bytes) -> bytes:
    """With each pair of references to UTF-16 surrogates as the one character it means, and single ones dropped.

    Old blog software writes emoji so; both parsers refuse the whole feed for it.
    """
    return _SURROGATES.sub(_joined, body) if _SURROGATE.search(body) else body


def _joined(found: re.Match[bytes]) -> bytes:
    numbers = (reference[2:].rstrip(b";") for reference in found[0].split(b";") if reference)
    units = (int(n[1:], 16) if n[:1] in b"xX" else int(n) for n in numbers)
    text = b"".join(unit.to_bytes(2, "big") for unit in units).decode("utf-16-be", "ignore")
    return "".join(f"&#{ord(character)};" for character in text).encode()


def _declares_entities(body: bytes) -> bool:
    starts = [at for mark in (b"<channel", b"<item", b"<entry") if (at := body.find(mark)) >= 0]
    return b"<!ENTITY" in body[: min(starts, default=len(body))]


def _quick(body: bytes, source: Source, url: str) -> list[Entry] | None:
    """The entries by fastfeedparser, or None on any of the signs."""
    if _MISREAD_DATE.search(body):
        return None
    is_doubtful = False
    if _BARE_AMPERSAND.search(body) and not _is_well_formed(body):
        body = _mended(body)
        is_doubtful = True
    try:
        # Only ever bytes: a text that begins with http:// would be fetched, unguarded.
        items = fastfeedparser.parse(body, include_tags=False, include_media=False).entries
    except Exception:  # a parser of hostile bytes may raise anything; the other one reads them again
        return None
    read = [
        _entry(item, source, url, parse_date(item.get("published")), parse_date(item.get("updated")))
        for item in items[: source.max_entries]
    ]
    entries = [entry for entry in read if entry is not None]
    if any(REPLACEMENT in entry.title or REPLACEMENT in entry.summary for entry in entries):
        return None
    is_doubtful = is_doubtful or len(entries) < len(read) or not read
    # In well-formed XML what was not found is not there.
    return None if is_doubtful and not _is_well_formed(body) else entries


def _is_well_formed(body: bytes) -> bool:
    try:
        etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (etree.XMLSyntaxError, ValueError):
        return False
    return True


def _mended(body: bytes) -> bytes:
    """With every bare "&" outside CDATA escaped. feedparser reads AT&T as "AT&T;"."""
    parts = _CDATA.split(body)
    return b"".join(part if part.startswith(b"<![CDATA[") else _BARE_AMPERSAND.sub(b"&amp;", part) for part in parts)


def _thorough(body: bytes, source: Source, url: str, content_type: str) -> Parsed:
    headers = {"content-type": content_type} if content_type else {}
    read = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False, response_headers=headers)
    # dict.get, for feedparser's own answers with the date of publication where there is none of change.
    found = (
        _entry(
            item,
            source,
            url,
            _struct_date(item.get("published_parsed")),
            _struct_date(dict.get(item, "updated_parsed")),
        )
        for item in read.entries[: source.max_entries]
    )
    entries = [entry for entry in found if entry is not None]
    if entries or (read.version and not read.bozo):
        return Parsed(entries)
    return Parsed([], f"no feed: {_why(read)}")


def _entry(item: Any, source: Source, base: str, published: datetime | None, updated: datetime | None) -> Entry | None:
    link = item.get("link") or _permalink(item)
    try:
        location = absolute(link, base) if link else ""
    except ValueError:
        return None
    if not location:
        return None
    return Entry(
        url=location,
        source=source.name,
        title=plain_text(item.get("title"), MAX_TITLE),
        summary=plain_text(_summary(item), MAX_SUMMARY),
        published=published or updated,
        published_from="feed" if published or updated else "",
        modified=updated,
    )


def _permalink(item: Any) -> str:
    identity = str(item.get("id") or "")
    return identity if identity.startswith(("http://", "https://")) else ""


def _summary(item: Any) -> str:
    content = item.get("content") or [{}]
    return item.get("description") or item.get("summary") or content[0].get("value") or ""


def _struct_date(value: Any) -> datetime | None:
    return datetime.fromtimestamp(timegm(value), UTC) if value else None


def _why(read: Any) -> str:
    error = read.get("bozo_exception")
    line = f"line {error.getLineNumber()}: " if hasattr(error, "getLineNumber") else ""
    return f"{line}{error.getMessage() if hasattr(error, 'getMessage') else error or 'no entries'}"[:300]
