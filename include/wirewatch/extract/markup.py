"""Text → tree, and what is no page at all."""

import re

import lxml.etree
import lxml.html
from lxml.html import HtmlElement

from include.wirewatch.extract.clean import without_forbidden_references
from include.wirewatch.extract.prune import flatten

MAX_DEPTH = 256
NO_CONTROLS = bytes(32 if (byte < 32 and byte not in b"\t\n") or byte == 127 else byte for byte in range(256))
# Attributes cost the parser the square of their number; those of a tag as long as this are data for scripts.
HUGE_TAG = 200_000
HUGE = re.compile(rf"<([a-z][a-z0-9]*)\b[^<>]{{{HUGE_TAG},}}>", re.I)
MAGIC = {
    b"%PDF": "PDF", b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"PK\x03\x04": "a ZIP file",
    b"\x1f\x8b": "a gzip file", b"\x00\x00\x00\x18ftyp": "a video", b"\x7fELF": "a program",
    b"OggS": "an audio file", b"ID3": "an audio file",
}  # fmt: skip
CONTROL = bytes(set(range(32)) - {9, 10, 12, 13, 27})
DOCUMENT = re.compile(rb"<(?:!doctype|html|head|body)\b", re.I)
OPENING = re.compile(r"<(?:!doctype html|html|head|body|article|main)\b", re.I)
CLOSING = re.compile(r"</(?:p|div|h[1-6]|section|span|td|li|a)\s*>", re.I)


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
    if len(text) > HUGE_TAG:
        text = HUGE.sub(r"<\1>", text)
    body = without_forbidden_references(text).encode("utf-8", "replace").translate(NO_CONTROLS)
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
