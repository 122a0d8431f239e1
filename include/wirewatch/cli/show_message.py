"""A Slack message on a terminal, from the very blocks that are posted."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.panel import Panel
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

MOMENT = re.compile(r"<!date\^(\d+)\^([^|>]+)\|[^>]*>")
# How Slack's formats of a moment read here.
FORMATS = {"{date_short_pretty} {time}": "%a %d %b %H:%M", "{time}": "%H:%M"}
# rich's own loads its fonts from a server; a picture in a README must need nothing from elsewhere.
PICTURE = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; \
font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>\
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture_of(console: Console, title: str) -> str:
    """What a recording console has printed, as SVG."""
    return console.export_svg(title=title, theme=DEFAULT_TERMINAL_THEME, code_format=PICTURE, unique_id="wirewatch")


def panel_of(
    name: str, blocks: list[dict[str, Any]], *, is_reply: bool = False, zone: tzinfo | None = None
) -> RenderableType:
    """The message in a frame; a reply is set in. zone: the reader's; None: this machine's."""
    parts = [part for block in blocks for part in _parts(block, zone)]
    panel = Panel(Group(*parts), title=name or None, title_align="left", border_style="dim", padding=(0, 1))
    return Padding(panel, (0, 0, 0, 6)) if is_reply else panel


class _Hanging:
    """Text behind a mark; repeated: on every line that it takes."""

    def __init__(self, mark: str, text: Text, *, repeated: bool = False) -> None:
        self._mark, self._text, self._repeated = mark, text, repeated

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        mark = self._mark
        for line in self._text.wrap(console, max(options.max_width - len(mark), 1)):
            yield Text.assemble((mark, "dim"), line)
            mark = self._mark if self._repeated else " " * len(self._mark)


def _parts(block: dict[str, Any], zone: tzinfo | None) -> Iterator[RenderableType]:
    match block["type"]:
        case "header":
            yield Text(block["text"]["text"], style="bold")
        case "context":
            yield Text("  ").join(_context(element, zone) for element in block["elements"])
        case "rich_text":
            for element in block["elements"]:
                yield from _rich(element)


def _rich(element: dict[str, Any]) -> Iterator[RenderableType]:
    match element["type"]:
        case "rich_text_quote":
            yield _Hanging("▏ ", _inline(element), repeated=True)
        case "rich_text_list":
            for item in element["elements"]:
                yield _Hanging("• ", _inline(item))
        case "rich_text_preformatted":
            yield Padding(Text(_inline(element).plain, no_wrap=True), (0, 0, 0, 2))
        case _:
            yield _inline(element)


def _inline(element: dict[str, Any]) -> Text:
    text = Text()
    for part in element["elements"]:
        bold = "bold" if part.get("style", {}).get("bold") else ""
        link = f"blue link {part['url']}" if part["type"] == "link" else ""
        text.append(part["text"], style=f"{bold} {link}".strip())
    return text


def _context(element: dict[str, Any], zone: tzinfo | None) -> Text:
    def local(found: re.Match[str]) -> str:
        return f"{datetime.fromtimestamp(int(found[1])).astimezone(zone):{FORMATS[found[2]]}}"

    content = element["text"]
    return Text(MOMENT.sub(local, content) if element["type"] == "mrkdwn" else content, style="dim")
