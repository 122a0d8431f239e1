"""Plain text from what pages write into attributes, JSON and element text."""

import html
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

TAG = re.compile(r"<[^<>]{0,2000}>")
BLOCK_TAG = re.compile(r"</?(?:p|br|div|li|h[1-6]|tr|blockquote|section)\b[^<>]{0,2000}>", re.I)
# What no stored text may hold: controls but tab and newline, lone surrogates (JSON escapes make them), noncharacters.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,8})|([0-9]{1,10}));?")
MAX_LINE = 1_000


def without_forbidden_references(markup: str) -> str:
    """Markup without references such as `&#1;` to what no text may hold: a tree that holds one cannot be changed."""
    return REFERENCE.sub(_kept_reference, markup) if "&#" in markup else markup


def _kept_reference(found: re.Match[str]) -> str:
    code = int(found[1], 16) if found[1] else int(found[2])
    # 0x80 to 0x9f are read as windows-1252, which is what pages mean by them.
    is_kept = 0x80 <= code <= 0x9F or (code <= 0x10FFFF and not FORBIDDEN.match(chr(code)))
    return found[0] if is_kept else " "


def one_line(value: Any, limit: int = MAX_LINE) -> str:
    """A value of a page as one line of plain text; "" for what is not text."""
    if not isinstance(value, str):
        return ""
    value = html.unescape(value[: 4 * limit])
    if "<" in value:
        value = TAG.sub(" ", value)
    return " ".join(FORBIDDEN.sub(" ", value).split())[:limit]


def lines_of(value: str) -> str:
    """Text with or without markup → one line a paragraph, empty lines dropped."""
    if "&lt;" in value or "<" in value or "&" in value:
        value = html.unescape(value)
        value = TAG.sub(" ", BLOCK_TAG.sub("\n", value)) if "<" in value else value
    lines = (" ".join(line.split()) for line in FORBIDDEN.sub(" ", value.replace("\r", "\n")).split("\n"))
    return "\n".join(line for line in lines if line)


def web_url(value: Any, base: str) -> str:
    """An absolute http(s) URL, or "" where the value is none."""
    if not isinstance(value, str) or not value.strip():
        return ""
    try:
        url = urljoin(base, "".join(FORBIDDEN.sub("", value).split()))
        parts = urlsplit(url)
        return url if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
