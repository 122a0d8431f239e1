"""Pieces and templates → the bytes that a publisher answers with. Pure: no server, no clock."""

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.newsroom.content import Piece, Publisher

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")), autoescape=True, undefined=StrictUndefined
)
TOO_LARGE_BYTES = 3_300_000
ROBOTS = "User-agent: *\nDisallow: /members/\n"


def page(publisher: Publisher, piece: Piece, base: str) -> tuple[bytes, dict[str, str]]:
    """A piece's page: body and headers, with the quirks that change its bytes."""
    if piece.raw:
        return piece.raw, {"Content-Type": "text/html; charset=utf-8"}
    url = f"{base}/{piece.slug}"
    html = TEMPLATES.get_template(publisher.template).render(
        publisher=publisher,
        piece=piece,
        url=url,
        strings=publisher.strings,
        cookies=piece.cookies or publisher.cookies,
        jsonld=_jsonld(publisher, piece, url),
    )
    if piece.quirk == "windows-1251":  # declared nowhere: neither here nor in the page
        return html.encode("cp1251"), {"Content-Type": "text/html"}
    body = html.encode()
    headers = {"Content-Type": "text/html; charset=utf-8"}
    if piece.quirk == "gzip":
        return gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    if piece.quirk == "too_large":
        rows = b"<tr><td>MV Gannet</td><td>Port Tremayne</td></tr>\n"
        table = b"<table>" + rows * (TOO_LARGE_BYTES // len(rows)) + b"</table>"
        body = body.replace(b"</article>", table + b"</article>")
    return body, headers


def source_page(publisher: Publisher, base: str, now: datetime) -> tuple[str, bytes, str]:
    """What its source is polled at: path, body, content type."""
    if publisher.kind == "sitemap":
        return "/news-sitemap.xml", sitemap(publisher, publisher.listed, base), "application/xml"
    if publisher.kind == "listing":
        body = _render("listing.html", publisher, publisher.listed, base, now)
        return f"/{publisher.listing}/", body, "text/html; charset=utf-8"
    if publisher.feed == "atom":
        return "/feed.xml", _render("atom.xml", publisher, publisher.listed, base, now), "application/atom+xml"
    feed = _render("rss.xml", publisher, publisher.listed, base, now)
    return "/feed.xml", _broken(feed) if publisher.feed == "broken" else feed, "application/rss+xml"


def sitemap(publisher: Publisher, pieces: Iterable[Piece], base: str) -> bytes:
    """A news sitemap of these pieces."""
    return _render("sitemap.xml", publisher, list(pieces), base, None)


def address_path(piece: Piece) -> str:
    """Where the source's entry leads: not always to where the page lies."""
    return f"/go/{piece.slug}" if piece.quirk == "redirect" else f"/{piece.slug}"


def _render(name: str, publisher: Publisher, pieces: list[Piece], base: str, now: datetime | None) -> bytes:
    text = TEMPLATES.get_template(name).render(
        publisher=publisher,
        pieces=pieces,
        base=base,
        now=now,
        address=lambda piece: base + address_path(piece),
        rfc822=format_datetime,
    )
    return text.encode()


def _broken(feed: bytes) -> bytes:
    """Ampersands unescaped, and the end cut off in the middle of the last entry's title."""
    last = feed.rindex(b"<title>") + len("<title>") + 10
    return feed[:last].replace(b"&amp;", b"&")


def _jsonld(publisher: Publisher, piece: Piece, url: str) -> str:
    facts = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": piece.title,
        "url": url,
        "datePublished": piece.published.isoformat(),
        "author": {"@type": "Person", "name": piece.author},
        "publisher": {"@type": "Organization", "name": publisher.name},
        "inLanguage": piece.language,
    }
    return json.dumps(facts, ensure_ascii=False).replace("</", "<\\/")
