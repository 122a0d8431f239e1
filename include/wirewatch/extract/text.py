"""The article's text out of a parsed page: a chain of methods, the first that gives enough wins.

precision: trafilatura, favouring precision, no comments.
balanced: the same in balanced mode, where precision found nothing.
json-ld: the articleBody that the publisher embeds, where it is much longer than what was found.
"""

from typing import NamedTuple

from lxml.html import HtmlElement

from include.wirewatch.extract.boilerplate import Boilerplate
from include.wirewatch.extract.clean import lines_of
from include.wirewatch.extract.jsonld import JsonLd

MIN_CHARACTERS = 100
MUCH_LONGER = 1.5
BODY_MIN_CHARACTERS = 500
SETTINGS = (MIN_CHARACTERS, MUCH_LONGER, BODY_MIN_CHARACTERS)


class Body(NamedTuple):
    """method "" where no method found a text."""

    text: str
    method: str
    detail: str


def extract_text(tree: HtmlElement, json_ld: JsonLd) -> Body:
    """tree is left as it was."""
    boilerplate = Boilerplate.of(tree)
    text, method, detail = boilerplate.strip(_run(tree, precision=True)), "precision", ""
    if len(text) < MIN_CHARACTERS:
        retry = boilerplate.strip(_run(tree, precision=False))
        if len(retry) > len(text):
            detail = f"precision found {len(text)} characters"
            text, method = retry, "balanced"
    embedded = boilerplate.strip(_article_body(json_ld))
    if len(embedded) >= BODY_MIN_CHARACTERS and len(embedded) > MUCH_LONGER * len(text):
        return Body(embedded, "json-ld", f"{method} found {len(text)} characters")
    return Body(text, method if text else "", detail)


def load_library() -> None:
    """Import the extraction library now (1.5 CPU-seconds), in a process that is about to fork its workers."""
    import trafilatura.settings  # noqa: F401


def _run(tree: HtmlElement, *, precision: bool) -> str:
    import trafilatura
    from trafilatura.settings import Document, Extractor

    options = Extractor(output_format="python", precision=precision, comments=False)
    document = trafilatura.bare_extraction(tree, options=options)  # works on a copy of its own
    return document.text or "" if isinstance(document, Document) else ""


def _article_body(json_ld: JsonLd) -> str:
    body = json_ld.article.get("articleBody")
    if isinstance(body, list):
        body = "\n".join(part for part in body if isinstance(part, str))
    return lines_of(body) if isinstance(body, str) else ""
