"""A Slack message on a terminal, from the very blocks that are posted."""

from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text


def panel_of(name: str, blocks: list[dict[str, Any]], *, is_reply: bool = False) -> RenderableType:
    """The message in a frame; a reply is set in."""
    lines = [line for block in blocks for line in _lines(block)]
    panel = Panel(Group(*lines), title=name, title_align="left", padding=(0, 1))
    return Padding(panel, (0, 0, 0, 6)) if is_reply else panel


def _lines(block: dict[str, Any]) -> list[Text]:
    if block["type"] == "context":
        return [Text("  ").join(_context(element) for element in block["elements"])]
    return [_rich(element) for element in block["elements"]]


def _rich(element: dict[str, Any]) -> Text:
    text = Text("▏ " if element["type"] == "rich_text_quote" else "")
    for part in element["elements"]:
        style = "bold" if part.get("style", {}).get("bold") else ""
        text.append(part["text"], style=f"{style} underline" if part["type"] == "link" else style)
    return text


def _context(element: dict[str, Any]) -> Text:
    content = element["text"]
    if element["type"] == "mrkdwn" and "<!date^" in content:
        before, _, rest = content.partition("<!date^")
        stamp = datetime.fromtimestamp(int(rest.split("^")[0])).astimezone()
        content = f"{before}{stamp:%a %d %b %H:%M}"
    return Text(content, style="dim")
