"""One page → one article. Pure: no I/O, no clock; equal pages and settings give equal articles.

Order: reject what is no HTML → decode → parse → take out JSON-LD → metadata → text → language → dates.
"""

import hashlib
import json
import re
from datetime import datetime
from importlib.metadata import version

import lxml.etree
import lxml.html
from lxml.html import HtmlElement

from include.wirewatch.extract import text as text_chain
from include.wirewatch.extract.clean import FORBIDDEN, one_line
from include.wirewatch.extract.dates import Dated, choose_modified, choose_published
from include.wirewatch.extract.decode import decode
from include.wirewatch.extract.jsonld import JsonLd, take_json_ld
from include.wirewatch.extract.language import detect_language
from include.wirewatch.extract.metadata import Metadata, read_metadata
from include.wirewatch.extract.prune import flatten
from include.wirewatch.extract.records import Extraction, Page
from include.wirewatch.models import Entry

OWN_VERSION = "w1"
MAX_DEPTH = 256
MIN_CHARACTERS = 200
MAGIC = {
    b"%PDF": "PDF", b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"PK\x03\x04": "a ZIP file",
    b"\x1f\x8b": "a gzip file", b"\x00\x00\x00\x18ftyp": "a video", b"\x7fELF": "a program",
    b"OggS": "an audio file", b"ID3": "an audio file", b"BM": "a bitmap",
}  # fmt: skip
CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})
DOCUMENT = re.compile(rb"<(?:!doctype|html|head|body)\b", re.I)
OPENING = re.compile(r"<(?:!doctype html|html|head|body|article|main)\b", re.I)
CLOSING = re.compile(r"</(?:p|div|h[1-6]|section|span|td|li|a)\s*>", re.I)
COUNTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W_]+")
EMPTY_JSON_LD = JsonLd({}, (), {}, 0, {})


def extract_page(page: Page) -> Extraction:
    """Extract without any limit on time or memory: the function that a worker runs."""
    reason = why_not_html(page.html)
    if reason:
        return summary_of(page.entry, reason)
    decoded = decode(page.html, page.content_type)
    tree = parse(decoded.text)
    if tree is None:
        return summary_of(page.entry, "there is no markup in the body")
    json_ld = take_json_ld(tree)
    metadata = read_metadata(tree, json_ld, page.url)
    body = text_chain.extract_text(tree, json_ld, page.url)
    if len(body.text) < min(MIN_CHARACTERS, len(page.entry.summary)):
        # A consent wall, a login form, a page drawn by scripts: the entry says more.
        body = body._replace(
            text="", method="", detail=f"the page's text has {len(body.text)} characters; {body.detail}"
        )
    details = [body.detail] if body.detail else []
    if decoded.origin == "replaced":
        details.append("some bytes fit no encoding")
    if json_ld.broken:
        details.append(f"{json_ld.broken} broken JSON-LD blocks")
    metadata.origins["encoding"] = f"{decoded.encoding} ({decoded.origin})"
    return _assemble(page, metadata, body, "; ".join(details))


def summary_of(entry: Entry, detail: str) -> Extraction:
    """What stands in for an article whose page could not be had: the entry's own title and summary."""
    text = FORBIDDEN.sub(" ", entry.summary)
    return Extraction(
        title=one_line(entry.title), text=text, published=entry.published, published_from=entry.published_from,
        modified=entry.modified, authors=(), language=detect_language(f"{entry.title}\n{text}"), site_name="",
        section="", tags=(), image="", paywalled=None, canonical_url="", word_count=count_words(text), method="summary",
        method_detail=detail, origins={"title": "entry", "text": "entry", "language": "detected"},
    )  # fmt: skip


def why_not_html(body: bytes) -> str:
    """The reason why these bytes are no HTML page, or ""."""
    if not body.strip():
        return "the body is empty"
    for magic, name in MAGIC.items():
        if body.startswith(magic):
            return f"the body is {name}, not HTML"
    start = body[:4_096]
    controls = len(start) - len(start.translate(None, CONTROL))
    # UTF-16 is full of NULs, and some pages are dirty: markup at the start tells them from noise.
    if controls > 0.05 * len(start) and not DOCUMENT.search(start.replace(b"\x00", b"")):
        return "the body is binary, not HTML"
    return ""


def parse(text: str) -> HtmlElement | None:
    """The page as a tree, or None where there is no markup in it."""
    if not OPENING.search(text) and len(CLOSING.findall(text, 0, 100_000)) < 2:
        return None
    body = FORBIDDEN.sub(" ", text).encode()
    parser = _parser()
    tree = _tree(body, parser)
    if any(error.type == lxml.etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        # Nested deeper than 256, where the parser drops everything; with huge_tree the limit is 2,048.
        deep = _tree(body, _parser(huge_tree=True))
        if deep is not None and flatten(deep) <= MAX_DEPTH:
            return deep
    return tree


def _parser(*, huge_tree: bool = False) -> lxml.html.HTMLParser:
    return lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=huge_tree, default_doctype=False, remove_comments=True, remove_pis=True
    )


def _tree(body: bytes, parser: lxml.html.HTMLParser) -> HtmlElement | None:
    try:
        return lxml.html.document_fromstring(body, parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return None


def count_words(text: str) -> int:
    """Words; in scripts without spaces, characters."""
    return sum(1 for _ in COUNTED.finditer(text))


def _assemble(page: Page, metadata: Metadata, body: text_chain.Body, detail: str) -> Extraction:
    entry, origins = page.entry, metadata.origins
    published = choose_published(
        metadata.published + _entry_date(entry.published, entry.published_from), now=page.now, url=page.url
    )
    modified, modified_from = choose_modified(
        metadata.modified + _entry_date(entry.modified, "feed"), now=page.now, published=published.moment
    )
    title, text = metadata.title, body.text
    if not title:
        title, origins["title"] = one_line(entry.title), "entry"
    if not body.method:
        text, origins["text"] = one_line(entry.summary, limit=100_000), "entry"
    if not text:
        text, origins["text"] = metadata.description, origins.get("description", "")
    language = metadata.language
    if not language:
        language, origins["language"] = detect_language(f"{title}\n{text}"), "detected"
    origins |= {"published": published.origin, "modified": modified_from, "published.rejected": published.rejected}
    return Extraction(
        title=title, text=text, published=published.moment, published_from=published.origin, modified=modified,
        authors=metadata.authors, language=language, site_name=metadata.site_name, section=metadata.section,
        tags=metadata.tags, image=metadata.image, paywalled=metadata.paywalled, canonical_url=metadata.canonical_url,
        word_count=count_words(text), method=body.method or "summary", method_detail=detail,
        origins={field: origin for field, origin in sorted(origins.items()) if origin},
    )  # fmt: skip


def _entry_date(moment: datetime | None, origin: str) -> list[tuple[str, Dated]]:
    return [(origin or "feed", Dated(moment, True))] if moment else []


def _extractor_name() -> str:
    settings = json.dumps([text_chain.SETTINGS, MIN_CHARACTERS])
    return f"trafilatura-{version('trafilatura')}-{OWN_VERSION}-{hashlib.sha256(settings.encode()).hexdigest()[:8]}"


EXTRACTOR = _extractor_name()
