"""Lists of feeds that other programs write → sources: OPML, and CSV with a `url` column.

Nothing is left out in silence: a row that cannot become a source is a problem with its line.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lxml import etree

from include.wirewatch.urls import canonicalise, host_of, site_of

MAX_NAME = 63


class Row(NamedTuple):
    """One feed of a list. line: where it stands, from 1. tags: the folders it was in."""

    url: str
    title: str = ""
    line: int = 0
    language: str = ""
    kind: str = "feed"
    tags: tuple[str, ...] = ()


class Imported(NamedTuple):
    """Sources as the settings file writes them, only with the keys that say something; and what could not be read."""

    sources: list[dict[str, object]]
    problems: list[str]


def read_opml(body: bytes) -> list[Row]:
    """Every outline with an xmlUrl, in order. Raises ValueError where it is no OPML."""
    if b"<!DOCTYPE" in body[:4096]:
        raise ValueError("1:1: has a DOCTYPE: refused")
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError as error:
        line, column = error.position
        raise ValueError(f"{line}:{max(column, 1)}: not well-formed: {error.msg}") from None
    if root.tag != "opml":
        raise ValueError(f"1:1: expected <opml>, found <{root.tag}>")
    rows = []
    for outline in root.iter("outline"):
        if url := outline.get("xmlUrl", "").strip():
            folders = [parent.get("text", "") for parent in outline.iterancestors("outline")]
            title = outline.get("title") or outline.get("text") or ""
            tags = tuple(tag for tag in map(_slug, reversed(folders)) if tag)
            rows.append(Row(url, title.strip(), outline.sourceline or 0, outline.get("language", ""), tags=tags))
    return rows


def read_csv(text: str) -> list[Row]:
    """Columns by name: url, and optionally title, language, kind, tags (separated by spaces). Raises ValueError."""
    reader = csv.DictReader(io.StringIO(text))
    columns = {name.strip().lower(): name for name in reader.fieldnames or () if name}
    if "url" not in columns:
        raise ValueError(f"1:1: expected a column named url, found {', '.join(columns) or 'nothing'}")

    def cell(row: dict[str, str | None], name: str) -> str:
        return (row.get(columns.get(name, "")) or "").strip()

    return [
        Row(
            cell(row, "url"),
            cell(row, "title"),
            reader.line_num,
            cell(row, "language"),
            cell(row, "kind") or "feed",
            tuple(cell(row, "tags").split()),
        )
        for row in reader
    ]


def to_sources(rows: Iterable[Row], known_names: Iterable[str] = (), known_urls: Iterable[str] = ()) -> Imported:
    """Each feed once, with a name of its own; those that are known already are a problem, not a second source."""
    names, urls = set(known_names), {canonicalise(url) for url in known_urls}
    imported = Imported([], [])
    for row in rows:
        try:
            url = canonicalise(row.url)
        except ValueError as error:
            imported.problems.append(f"{row.line}:1: {error}")
            continue
        if url in urls:
            imported.problems.append(f"{row.line}:1: {row.url} is a source already")
            continue
        urls.add(url)
        title = row.title or site_of(host_of(row.url))
        name = next(candidate for candidate in _names(row, title) if candidate not in names)
        names.add(name)
        source: dict[str, object] = {"name": name, "publisher": title, "kind": row.kind, "url": row.url}
        source |= {"language": row.language} if row.language else {}
        source |= {"tags": list(row.tags)} if row.tags else {}
        imported.sources.append(source)
    return imported


def _names(row: Row, title: str) -> Iterator[str]:
    stem = _slug(title) or _slug(site_of(host_of(row.url))) or "source"
    yield stem
    number = 2
    while True:
        yield f"{stem[: MAX_NAME - 4]}-{number}"
        number += 1


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:MAX_NAME].strip("-")
