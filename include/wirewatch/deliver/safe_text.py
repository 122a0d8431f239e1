"""Untrusted text and addresses made safe for a message: unsafe characters, length, markup, direction. Pure."""

import re
from typing import NamedTuple

from slack_sdk.models.blocks import Block

URL_CHARS = 2_000
# Control and bidirectional-override characters could reorder or hide the text around them.
UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ufeff]")
# Hebrew, Arabic and the other scripts that run from right to left.
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
# They hold together what stands between them, whichever way it runs, and leave the rest of the line alone.
ISOLATE, END_OF_ISOLATE = "\u2068", "\u2069"


class Message(NamedTuple):
    """What is posted: a full sentence for notifications and screen readers, and the blocks."""

    text: str
    blocks: tuple[Block, ...]


def clean(text: str, limit: int) -> str:
    """On one line, without unsafe characters, at most limit characters; isolated where it runs from right to left."""
    shown = " ".join(UNSAFE.sub(" ", text).split())
    if not RIGHT_TO_LEFT.search(shown):
        return clip(shown, limit)
    return f"{ISOLATE}{clip(shown, limit - 2)}{END_OF_ISOLATE}"


def clip(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str) -> str:
    """The three characters that Slack's markup gives a meaning; after clipping, so that no entity is cut."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def safe_url(url: str) -> str:
    """The URL if it is http(s) and not absurdly long, with the characters that end a link encoded; else ""."""
    if not re.match(r"https?://", url, re.IGNORECASE) or len(url) > URL_CHARS:
        return ""
    return re.sub(r'[\s<>|"\x00-\x1f]', lambda found: f"%{ord(found[0]):02X}", url)
