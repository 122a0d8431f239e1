"""Titles, summaries and dates as publishers write them → plain text and aware UTC times."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape

MAX_TITLE = 500
MAX_SUMMARY = 2000
# Markup beyond this is not read: a summary is a teaser, and regular expressions are for small things.
MAX_MARKUP = 20_000

# Every repetition excludes "<", so that hostile text costs one pass.
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1\s*>", re.IGNORECASE)
_TAG = re.compile(r"<!--[^<]*?-->|<[/!?]?[a-zA-Z][^<>]*>")


def plain_text(text: str | None, limit: int) -> str:
    """Text without markup, entities resolved, white space in single spaces, at most `limit` characters."""
    if not text:
        return ""
    # JSON feeds can carry lone surrogates, which no UTF-8 file can hold.
    text = text[:MAX_MARKUP].encode("utf-8", "replace").decode()
    if "<" in text:
        text = _TAG.sub(" ", _HIDDEN.sub(" ", text))
    if "&" in text:
        text = unescape(text)
        if "<" in text:  # markup that was escaped twice
            text = unescape(_TAG.sub(" ", text))
    text = " ".join(text.split())[:limit].rstrip()
    return text if text.isascii() else text.encode("utf-8", "ignore").decode()  # JSON can hold half a character


def parse_date(text: str | None) -> datetime | None:
    """An ISO 8601 or RFC 822 date as aware UTC; without a zone it is taken as UTC. None where it is neither."""
    text = (text or "").strip()
    if not text:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None
