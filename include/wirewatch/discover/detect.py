"""Which feeds and sitemaps a site has: where to look, and what a look found. Pure; `wirewatch sources detect` asks.

Order: what the page links to as its feeds → what robots.txt names as sitemaps → where such things usually lie.
"""

from typing import NamedTuple

from lxml import etree, html
from protego import Protego

from include.wirewatch.config.sources import Source
from include.wirewatch.discover import feed, sitemap
from include.wirewatch.models import Entry
from include.wirewatch.urls import absolute, canonicalise

FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml", "application/xml"}
)
USUAL_FEEDS = ("/feed", "/rss", "/rss.xml", "/feed.xml", "/atom.xml")
USUAL_SITEMAPS = ("/news-sitemap.xml", "/sitemap-news.xml", "/sitemap_news.xml", "/sitemap.xml")
MAX_CANDIDATES = 20


class Found(NamedTuple):
    """A listing that can be read. newest: its newest entry, where entries have dates."""

    kind: str
    url: str
    entries: tuple[Entry, ...]
    files: int = 0


def candidates(page_url: str, page: bytes, robots_txt: bytes) -> list[str]:
    """URLs worth asking, the likeliest first, each once, at most MAX_CANDIDATES."""
    urls = [page_url, *_linked_feeds(page_url, page)]
    urls += Protego.parse(robots_txt.decode("utf-8", "replace")).sitemaps
    urls += [absolute(path, page_url) for path in USUAL_FEEDS + USUAL_SITEMAPS]
    seen: dict[str, str] = {}
    for url in urls:
        try:
            seen.setdefault(canonicalise(url), url)
        except ValueError:
            continue
    return list(seen.values())[:MAX_CANDIDATES]


def recognise(url: str, body: bytes, content_type: str) -> Found | None:
    """What a body is: a feed, a sitemap or an index of sitemaps with something in it; None for anything else."""
    source = Source.model_validate({"name": "detected", "publisher": "detected", "kind": "feed", "url": url})
    as_sitemap = sitemap.parse(body, source, url, content_type)
    is_xml = body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"\x1f\x8b"))
    if is_xml and (as_sitemap.entries or as_sitemap.more):
        return Found("sitemap", url, tuple(as_sitemap.entries), len(as_sitemap.more))
    as_feed = feed.parse(body, source, url, content_type)
    return Found("feed", url, tuple(as_feed.entries)) if as_feed.entries else None


def _linked_feeds(page_url: str, page: bytes) -> list[str]:
    try:
        document = html.document_fromstring(page, parser=html.HTMLParser(no_network=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return []
    found = []
    for link in document.iter("link", "a"):
        is_feed = link.get("type", "").partition(";")[0].strip().lower() in FEED_TYPES
        if is_feed and link.tag == "link" and "alternate" not in link.get("rel", "").lower():
            is_feed = False
        if is_feed and link.get("href"):
            try:
                found.append(absolute(link.get("href"), document.base or page_url))
            except ValueError:
                continue
    return found
