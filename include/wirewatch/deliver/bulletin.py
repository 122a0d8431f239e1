"""A bulletin as a message: title, notes in small print, then sections of a heading, a list and fixed-width text. Pure.

Under Slack's limits whatever it holds: lines that do not fit are counted, not shown.
"""

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    HeaderBlock,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextListElement,
    RichTextPreformattedElement,
    RichTextSectionElement,
)

from include.wirewatch.deliver.safe_text import UNSAFE, Message, clean, clip, escape, safe_url
from include.wirewatch.models import Bulletin, BulletinLine, BulletinSection

TITLE_CHARS = 150
NOTE_CHARS = 300
LINE_CHARS = 300
PREFORMATTED_CHARS = 2_500
NOTES_SHOWN, SECTIONS_SHOWN, LINES_SHOWN = 8, 20, 20
# Of the 10,000 that a message may hold, links included; the rest is for title, notes and counts.
BUDGET_CHARS = 7_000


def render_bulletin(bulletin: Bulletin) -> Message:
    """For Slack."""
    title = clean(bulletin.title, TITLE_CHARS)
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=title))]
    if notes := _notes(bulletin):
        blocks.append(ContextBlock(elements=[PlainTextObject(text=note) for note in notes]))
    left, dropped = BUDGET_CHARS, 0
    for number, section in enumerate(bulletin.sections):
        elements, left = _section(section, left) if number < SECTIONS_SHOWN else ([], 0)
        if elements:
            blocks.append(RichTextBlock(elements=elements))
        dropped += not elements
    if dropped:
        blocks.append(ContextBlock(elements=[PlainTextObject(text=f"There was no room for {dropped} more sections.")]))
    return Message(escape(clip(". ".join([title, *notes]), 2_000)), tuple(blocks))


def bulletin_text(bulletin: Bulletin) -> str:
    """As plain lines, for a log."""
    lines = [clean(bulletin.title, TITLE_CHARS), *(f"  {note}" for note in _notes(bulletin))]
    for section in bulletin.sections:
        lines += [f"  {clean(section.heading, LINE_CHARS)}"] if section.heading else []
        for line in section.lines:
            parts = (clean(line.text, LINE_CHARS), _detail(line.detail), safe_url(line.url))
            lines.append(f"  - {'  '.join(filter(None, parts))}")
        lines += [f"  and {section.more} more"] if section.more else []
        lines += [f"    {row}" for row in _fixed(section.preformatted).splitlines()]
    return "\n".join(lines)


def _notes(bulletin: Bulletin) -> list[str]:
    return [clean(note, NOTE_CHARS) for note in bulletin.notes[:NOTES_SHOWN] if note.strip()]


def _section(section: BulletinSection, left: int) -> tuple[list[RichTextElement], int]:
    """Its elements, and how many characters are left after them."""
    elements: list[RichTextElement] = []
    heading = clean(section.heading, LINE_CHARS)
    if heading and (left := left - len(heading)) >= 0:
        elements.append(_row([_text(heading, bold=True)]))
    rows: list[RichTextElement] = []
    for line in section.lines[:LINES_SHOWN] if left > 0 else ():
        left -= len(line.text[:LINE_CHARS]) + len(line.url) + len(line.detail[:LINE_CHARS])
        if left < 0:
            break
        rows.append(_row(_line(line)))
    more = len(section.lines) - len(rows) + section.more
    if more and elements:
        rows.append(_row([_text(f"and {more} more")]))
    if rows:
        elements.append(RichTextListElement(style="bullet", elements=rows))
    fixed = _fixed(section.preformatted)
    if fixed and len(fixed) <= left:
        left -= len(fixed)
        elements.append(RichTextPreformattedElement(elements=[_text(fixed)]))
    return elements, max(left, 0)


def _line(line: BulletinLine) -> list[RichTextElement]:
    text, url = clean(line.text, LINE_CHARS) or "(no title)", safe_url(line.url)
    parts: list[RichTextElement] = [RichTextElementParts.Link(url=url, text=text) if url else _text(text)]
    return [*parts, _text(f" – {_detail(line.detail)}")] if line.detail.strip() else parts


def _detail(text: str) -> str:
    """Each part of `Harbour Courier · sanctions` in its own direction: the line goes from left to right."""
    return " · ".join(clean(part, LINE_CHARS) for part in clip(text, LINE_CHARS).split(" · "))


def _row(parts: list[RichTextElement]) -> RichTextSectionElement:
    return RichTextSectionElement(elements=parts)


def _text(text: str, *, bold: bool = False) -> RichTextElementParts.Text:
    return RichTextElementParts.Text(text=text, style=RichTextElementParts.TextStyle(bold=True) if bold else None)


def _fixed(text: str) -> str:
    """Fixed-width text keeps its line breaks and spaces; whole lines up to the limit."""
    rows: list[str] = []
    size = 0
    for row in UNSAFE.sub(" ", text).splitlines():
        size += len(row) + 1
        if size > PREFORMATTED_CHARS:
            break
        rows.append(row)
    return "\n".join(rows)
