"""One page → one article. Pure: no I/O, no clock; equal pages and settings give equal articles.

Order: reject what is no HTML → decode → parse → take out JSON-LD → metadata → text → language → dates.
"""

import re
from datetime import datetime

from include.wirewatch.extract.clean import FORBIDDEN, one_line
from include.wirewatch.extract.dates import Dated, choose_modified, choose_published, find_day
from include.wirewatch.extract.decode import decode
from include.wirewatch.extract.jsonld import take_json_ld
from include.wirewatch.extract.language import detect_language, language_of
from include.wirewatch.extract.markup import parse, why_not_html
from include.wirewatch.extract.metadata import Metadata, read_metadata
from include.wirewatch.extract.records import Extraction, Page
from include.wirewatch.extract.text import Body, extract_text
from include.wirewatch.models import Entry

MIN_CHARACTERS = 200
# Titles of fewer words say too little. Words are compared by their beginnings: most languages inflect at the end.
MIN_ANNOUNCED, STEM = 4, 5
COUNTED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W_]+")


def extract_page(page: Page) -> Extraction:
    """Extract without any limit on time or memory: the function that a worker runs."""
    reason = why_not_html(page.html)
    if reason:
        return summary_of(page.entry, reason)
    decoded = decode(page.html, page.content_type)
    tree = parse(decoded.text)
    if tree is None:
        return summary_of(page.entry, "there is no markup in the body")
    json_ld = take_json_ld(tree, page.url)
    metadata = read_metadata(tree, json_ld, page.url)
    if not metadata.published and page.entry.published is None and (day := find_day(tree, page.now)):
        metadata.published.append(("htmldate", Dated(day, False)))
    body = extract_text(tree, json_ld, page.url)
    if reason := why_summary_is_better(page.entry, metadata.title, body.text):
        body = Body("", "", "; ".join(filter(None, [reason, body.detail])))
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


def why_summary_is_better(entry: Entry, title: str, text: str) -> str:
    """The reason why the page's text is not the article that the entry announced, or "".

    Consent walls, login forms, pages drawn by scripts, and home pages in place of articles that are gone.
    """
    if len(text) < min(MIN_CHARACTERS, len(entry.summary)):
        return f"the page's text has {len(text)} characters"
    announced = {word.casefold()[:STEM] for word in re.findall(r"[^\W\d_]{4,}", entry.title)}
    if entry.summary and len(announced) >= MIN_ANNOUNCED:
        page = f"{title}\n{text}".casefold()
        if not any(word in page for word in announced):
            return "the page has no word of the entry's title"
    return ""


def without_headline(text: str, title: str) -> str:
    """The text less a first line that repeats the title, so that no term counts twice; kept where it is all there is.

    One page of ten has its headline within the article.
    """
    first, _, rest = text.partition("\n")
    return rest if rest.strip() and _folded(first) == _folded(title) else text


def count_words(text: str) -> int:
    """Words; in scripts without spaces, characters."""
    return sum(1 for _ in COUNTED.finditer(text))


def _assemble(page: Page, metadata: Metadata, body: Body, detail: str) -> Extraction:
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
    text = without_headline(text, title)
    language = language_of(text or title, metadata.language)
    if language != metadata.language:
        origins["language"] = f"detected (declared {metadata.language})" if metadata.language else "detected"
    origins |= {"published": published.origin, "modified": modified_from, "published.rejected": published.rejected}
    return Extraction(
        title=title, text=text, published=published.moment, published_from=published.origin, modified=modified,
        authors=metadata.authors, language=language, site_name=metadata.site_name, section=metadata.section,
        tags=metadata.tags, image=metadata.image, paywalled=metadata.paywalled, canonical_url=metadata.canonical_url,
        word_count=count_words(text), method=body.method or "summary", method_detail=detail,
        origins={field: origin for field, origin in sorted(origins.items()) if origin},
    )  # fmt: skip


def _folded(line: str) -> str:
    return " ".join(line.split()).casefold()


def _entry_date(moment: datetime | None, origin: str) -> list[tuple[str, Dated]]:
    return [(origin or "feed", Dated(moment, True))] if moment else []
