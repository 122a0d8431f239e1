"""A section page: its links, as entries.

Kept, in this order: http(s) links on the page's own host → not the page itself nor the front page → Source.include
→ not Source.exclude. The title is the longest text of the links to that page.
"""

from lxml import etree, html

from include.wirewatch.config.sources import Source
from include.wirewatch.discover.parsed import Parsed
from include.wirewatch.discover.plain import MAX_TITLE, plain_text
from include.wirewatch.models import Entry
from include.wirewatch.urls import absolute, host_of


def parse(body: bytes, source: Source, url: str, content_type: str) -> Parsed:
    """The links of one page, in the order of the page."""
    if not body.strip():
        return Parsed([], "empty body")
    charset = content_type.partition("charset=")[2].strip(" \"'").partition(";")[0] or None
    try:
        parser = html.HTMLParser(encoding=charset, no_network=True)
    except LookupError:
        parser = html.HTMLParser(no_network=True)
    try:
        document = html.document_fromstring(body, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        return Parsed([], f"not HTML: {error}")
    base = document.base or url
    titles: dict[str, str] = {}
    for link in document.iter("a"):
        target = _target(link.get("href", ""), base)
        if target and _is_wanted(target, source, url):
            title = plain_text(link.text_content(), MAX_TITLE)
            titles[target] = max(titles.get(target, ""), title, key=len)
    entries = [
        Entry(url=target, source=source.name, title=title, published_from="")
        for target, title in titles.items()
        if title or source.include
    ]
    return Parsed(entries[: source.max_entries])


def _target(href: str, base: str) -> str:
    try:
        return absolute(href, base) if href.strip() else ""
    except ValueError:
        return ""


def _is_wanted(target: str, source: Source, page: str) -> bool:
    if host_of(target) not in (host_of(page), host_of(source.url)):
        return False
    path = target.partition("//")[2].partition("/")[2]
    if not path or target == absolute(page, page) or target == absolute(source.url, source.url):
        return False
    return source.wants(target)
