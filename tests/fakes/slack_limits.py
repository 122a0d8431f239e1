"""Slack's limits on one message, by measurement and documentation: the error code it would answer, or ""."""

import re
from collections.abc import Iterator
from typing import Any

TEXT_CHARS = 4_000
BLOCKS = 50
BLOCKS_CHARS = 13_200
SECTION_CHARS = 3_000
HEADER_CHARS = 150
CONTEXT_ELEMENTS = 10
BLOCK_TYPES = {"actions", "context", "divider", "header", "image", "markdown", "rich_text", "section"}


def message_error(arguments: dict[str, Any]) -> str:
    """The first limit that the arguments of chat.postMessage break."""
    text, blocks, metadata = arguments.get("text") or "", arguments.get("blocks") or [], arguments.get("metadata")
    if not text and not blocks:
        return "no_text"
    if len(text) > TEXT_CHARS:
        return "msg_too_long"
    if metadata and not ({"event_type", "event_payload"} <= set(metadata)):
        return "invalid_metadata_format"
    if not isinstance(blocks, list):
        return "invalid_blocks_format"
    if len(blocks) > BLOCKS or not all(_is_valid(block) for block in blocks):
        return "invalid_blocks"
    return "msg_blocks_too_long" if sum(map(len, _texts(blocks))) > BLOCKS_CHARS else ""


def _is_valid(block: Any) -> bool:
    if not isinstance(block, dict) or block.get("type") not in BLOCK_TYPES:
        return False
    if block["type"] == "section":
        texts = [block["text"]] if "text" in block else block.get("fields", [])
        return bool(texts) and all(_is_text(text, SECTION_CHARS) for text in texts)
    if block["type"] == "header":
        return _is_text(block.get("text"), HEADER_CHARS) and block["text"]["type"] == "plain_text"
    if block["type"] == "context":
        elements = block.get("elements", [])
        return 0 < len(elements) <= CONTEXT_ELEMENTS and all(
            element.get("type") == "image" or _is_text(element, SECTION_CHARS) for element in elements
        )
    return block["type"] != "rich_text" or _is_rich(block)


def _is_text(text: Any, limit: int) -> bool:
    known = isinstance(text, dict) and text.get("type") in {"plain_text", "mrkdwn"}
    return known and 0 < len(text.get("text", "")) <= limit


def _is_rich(block: dict[str, Any]) -> bool:
    for part in block.get("elements") or [{}]:
        for leaf in part.get("elements", [{}]):
            kind = leaf.get("type")
            if kind == "link" and not re.match(r"[a-z]+:", leaf.get("url", "")):
                return False
            if kind in {None, "text"} and not leaf.get("text"):
                return False
    return True


def _texts(value: Any) -> Iterator[str]:
    """Every text and URL of the blocks, at any depth."""
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, str) and key in {"text", "url", "alt_text", "image_url"}:
                yield item
            else:
                yield from _texts(item)
