"""Sitemaps: XML, news extension, index, gzip, plain text.

Broken XML is read as far as it goes and said to be broken. A DOCTYPE is refused: no sitemap needs one, and it is how
XML bombs and file references begin. Of an index, the files with the newest lastmod come first.
`published` is the news extension's date, else lastmod; `published_from` says which.
"""

import re
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, NamedTuple

from lxml import etree

from include.wirewatch.config.sources import Source
from include.wirewatch.discover.parsed import Parsed
from include.wirewatch.discover.plain import MAX_TITLE, parse_date, plain_text
from include.wirewatch.models import Entry
from include.wirewatch.urls import absolute

# Of a gzip file's content: the sitemap protocol's own limit.
MAX_UNPACKED_BYTES = 52_428_800
_OLDEST = datetime.min.replace(tzinfo=UTC)
_DOCTYPE = re.compile(rb"<!DOCTYPE", re.IGNORECASE)


class File(NamedTuple):
    """A further file that an index names."""

    url: str
    modified: datetime | None


class SitemapFile(NamedTuple):
    """One file, read: its entries, or the files that it names, in the file's order. trouble: as in Parsed."""

    entries: list[Entry]
    files: list[File]
    trouble: str = ""


def parse(body: bytes, source: Source, url: str, _content_type: str) -> Parsed:
    """The entries of one sitemap file, or the further files that an index names."""
    read_file = read(body, source, url)
    newest = sorted(read_file.files, key=lambda file: file.modified or _OLDEST, reverse=True)
    return Parsed(_newest(read_file.entries, source), read_file.trouble, tuple(file.url for file in newest))


def read(body: bytes, source: Source, url: str, keep: Callable[[Entry], bool] = lambda _: True) -> SitemapFile:
    """One file as it is. keep: which entries are wanted; the others take no memory."""
    try:
        body = _unpacked(body)
    except (zlib.error, ValueError) as error:
        return SitemapFile([], [], f"gzip: {error}")
    start = body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start:
        return SitemapFile([], [], "empty body")
    if not start.startswith(b"<"):
        return _plain_lines(body, source, keep)
    if _DOCTYPE.search(body, 0, 4096):
        return SitemapFile([], [], "has a DOCTYPE: refused (an HTML page, or an XML bomb)")
    return _xml(body, source, url, keep)


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacker = zlib.decompressobj(wbits=31)
    unpacked = unpacker.decompress(body, MAX_UNPACKED_BYTES)
    if unpacker.unconsumed_tail:
        raise ValueError(f"more than {MAX_UNPACKED_BYTES:,} bytes unpacked")
    return unpacked


def _plain_lines(body: bytes, source: Source, keep: Callable[[Entry], bool]) -> SitemapFile:
    lines = [line for line in body.decode("utf-8-sig", "replace").split() if line.startswith("http")]
    entries = [Entry(url=line, source=source.name) for line in lines[: source.max_entries]]
    return SitemapFile(list(filter(keep, entries)), [], "" if entries else "neither XML nor a list of URLs")


def _xml(body: bytes, source: Source, url: str, keep: Callable[[Entry], bool]) -> SitemapFile:
    entries: list[Entry] = []
    files: list[File] = []
    parser = etree.iterparse(
        BytesIO(body),
        events=("end",),
        recover=True,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = ""
        found = False
        for _, element in parser:
            name = _local(element)
            found = found or name in ("url", "sitemap")
            if name == "url":
                if (entry := _entry(element, source, url)) is not None and keep(entry):
                    entries.append(entry)
            elif name == "sitemap":
                if (file := _file(element, url)) is not None:
                    files.append(file)
            else:
                root = name
                continue
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        return SitemapFile(entries, files, f"not well-formed: {error.msg}")
    broken = _first_error(parser.error_log)
    if not found and root not in ("urlset", "sitemapindex"):
        return SitemapFile([], [], broken or f"not a sitemap: its root is <{root}>")
    return SitemapFile(entries, files, broken)


def _newest(entries: list[Entry], source: Source) -> list[Entry]:
    """At most max_entries, the newest where there are more: large maps are as often oldest-first as newest-first."""
    if len(entries) <= source.max_entries:
        return entries
    return sorted(entries, key=lambda entry: entry.published or _OLDEST, reverse=True)[: source.max_entries]


def _entry(element: Any, source: Source, base: str) -> Entry | None:
    found = {"loc": "", "lastmod": "", "publication_date": "", "title": ""}
    for child in element.iter():
        name = _local(child)
        # image: and video: extensions have titles and locs of their own.
        if name in found and not found[name] and "image" not in child.tag and "video" not in child.tag:
            found[name] = (child.text or "").strip()
    try:
        location = absolute(found["loc"], base) if found["loc"] else ""
    except ValueError:
        return None
    if not location:
        return None
    modified = parse_date(found["lastmod"])
    published = parse_date(found["publication_date"])
    return Entry(
        url=location,
        source=source.name,
        title=plain_text(found["title"], MAX_TITLE),
        published=published or modified,
        published_from="sitemap:news" if published else "sitemap:lastmod" if modified else "",
        modified=modified,
    )


def _file(element: Any, base: str) -> File | None:
    found = {_local(child): (child.text or "").strip() for child in element}
    try:
        return File(absolute(found["loc"], base), parse_date(found.get("lastmod")))
    except (KeyError, ValueError):
        return None


def _local(element: Any) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _first_error(log: Any) -> str:
    if not len(log):
        return ""
    try:
        return f"line {log[0].line}, column {log[0].column}: {log[0].message}"
    except UnicodeDecodeError:  # lxml quotes the bytes that are wrong
        return "not in the encoding that it declares"
