"""Plain text from what pages write into attributes, JSON and element text."""

import html
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

TAG = re.compile(r"<[^<>]{0,2000}>")
BLOCK_TAG = re.compile(r"</?(?:p|br|div|li|h[1-6]|tr|blockquote|section)\b[^<>]{0,2000}>", re.I)
# What no stored text may hold: controls but tab and newline, lone surrogates (JSON escapes make them), noncharacters.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
MAX_LINE = 1_000


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
