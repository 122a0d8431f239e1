"""The article's text out of a parsed page: a chain of methods, until one gives enough.

fast       trafilatura favouring precision, no comments, its own rules alone; enough on nine pages of ten
precision  the same, checked against readability and justext (+30 % CPU): where fast found little of the page's prose
balanced   trafilatura's balanced mode, where precision found little of it, too
json-ld    the articleBody that the publisher embeds, where it is much longer than what was found
"""

from typing import NamedTuple

from lxml.html import HtmlElement

from include.wirewatch.extract.boilerplate import Boilerplate
from include.wirewatch.extract.clean import FORBIDDEN, lines_of
from include.wirewatch.extract.jsonld import JsonLd
from include.wirewatch.extract.prune import prune

# On 181 pages readability and justext changed six texts, all of which were below these two.
ENOUGH_CHARACTERS = 250
ENOUGH_SHARE = 0.5
LITTLE_SHARE = 0.25
MUCH_LONGER = 1.5
BODY_MIN_CHARACTERS = 500
PROSE_MIN = 80
# Real pages stay below 12,000; the library is quadratic in places, 100,000 paragraphs take it over 20 s.
MAX_ELEMENTS = 25_000


class Body(NamedTuple):
    """method "" where no method found a text."""

    text: str
    method: str
    detail: str


def extract_text(tree: HtmlElement, json_ld: JsonLd, url: str) -> Body:
    """The tree is pruned in place."""
    elements = int(tree.xpath("count(//*)"))
    if elements > MAX_ELEMENTS:
        return Body("", "", f"{elements} elements, more than {MAX_ELEMENTS}")
    boilerplate = Boilerplate.of(tree, url)
    prune(tree)
    prose = count_prose(tree)
    tried: list[str] = []
    text, method = boilerplate.strip(_run(tree, precision=True, fast=True)), "fast"
    if len(text) < max(ENOUGH_CHARACTERS, ENOUGH_SHARE * prose):
        tried.append(f"fast found {len(text)} characters")
        text, method = boilerplate.strip(_run(tree, precision=True, fast=False)), "precision"
        # Without any prose, balanced mode would return the page's furniture.
        if len(text) < LITTLE_SHARE * prose:
            retry = boilerplate.strip(_run(tree, precision=False, fast=False))
            if len(retry) > MUCH_LONGER * len(text):
                tried.append(f"precision found {len(text)}")
                text, method = retry, "balanced"
    embedded = boilerplate.strip(_article_body(json_ld))
    if len(embedded) >= BODY_MIN_CHARACTERS and len(embedded) > MUCH_LONGER * len(text):
        tried.append(f"{method} found {len(text)}")
        text, method = embedded, "json-ld"
    text = FORBIDDEN.sub(" ", text)
    return Body(text, method if text else "", ", ".join(tried) if text else "no text found in the page")


def count_prose(tree: HtmlElement) -> int:
    """Characters of the page's long texts that are not links: what an article is made of, wherever it stands."""
    total = 0
    for paragraph in tree.iter("p"):
        length = len(paragraph.text_content().strip())
        if length >= PROSE_MIN and sum(len(link.text_content()) for link in paragraph.iter("a")) < length / 2:
            total += length
    for box in tree.iter("div", "td", "section", "article"):
        length = len("".join(filter(None, (box.text, *(child.tail for child in box)))).strip())
        total += length if length >= PROSE_MIN else 0
    return total


def load_library() -> None:
    """Import the extraction library now (1.5 CPU-seconds), in a process that is about to fork its workers."""
    import trafilatura.settings  # noqa: F401


def _run(tree: HtmlElement, *, precision: bool, fast: bool) -> str:
    import trafilatura
    from trafilatura.settings import Document, Extractor

    options = Extractor(output_format="python", precision=precision, comments=False, fast=fast)
    document = trafilatura.bare_extraction(tree, options=options)  # works on a copy of its own
    return document.text or "" if isinstance(document, Document) else ""


def _article_body(json_ld: JsonLd) -> str:
    body = json_ld.article.get("articleBody")
    if isinstance(body, list):
        body = "\n".join(part for part in body if isinstance(part, str))
    return lines_of(body) if isinstance(body, str) else ""
