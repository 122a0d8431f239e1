"""A message as the receiver reads it. Pure; for people with five seconds.

Order: linked title; publisher, time and lag; the best sentences with the terms marked; which rules and how often, the
best one's score in words; then, only when it matters, what it replies to, that the page itself could not be read, and
how many copies there are.
Untrusted text goes into plain_text and rich_text elements, which Slack does not parse; the notification's `text`
is escaped. Everything is clipped before it is escaped, and stays under Slack's limits (50 blocks, 3,000 characters
a text, about 13,200 in all).
"""

from datetime import datetime

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElementParts,
    RichTextQuoteElement,
    RichTextSectionElement,
)

from include.wirewatch.deliver.bulletin import bulletin_text, render_bulletin
from include.wirewatch.deliver.route import best_first
from include.wirewatch.deliver.safe_text import UNSAFE, Message, clean, clip, escape, safe_url
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin, Excerpt, RuleMatch

TITLE_CHARS = 300
NAME_CHARS = 80
NOTED_CHARS = 120
EXCERPT_CHARS = 500
RULES_SHOWN = 12
PUBLISHERS_SHOWN = 8
# The parts of a score, as a reader would say them.
WORDS = {
    "title": "in the title",
    "lead": "in the lead",
    "hits": "how often",
    "density": "how densely",
    "terms": "different terms",
}
# Why there is no full text, in words; whatever is not here is shown as it is.
WHY = {
    "robots": "robots.txt forbids to read the page",
    "too_large": "the page is too large",
    "not_html": "the page is not HTML",
    "timeout": "the page did not answer in time",
    "connection": "the page could not be reached",
    "http_401": "the page asks for a login (401)",
    "http_403": "the publisher refused the page (403)",
    "http_404": "the page does not exist (404)",
}


def render_message(outgoing: Alert | Bulletin, place: Place = BY_ITSELF, copies: tuple[str, ...] = ()) -> Message:
    """For Slack, as it reads in that place. copies: the publisher of each copy that came after an alert."""
    if isinstance(outgoing, Bulletin):
        return render_bulletin(outgoing)
    return _rollup(outgoing, copies) if outgoing.kind == "rollup" else _alert(outgoing, place, copies)


def render_text(outgoing: Alert | Bulletin, place: Place = BY_ITSELF) -> str:
    """The same as plain lines, for a log. Marked terms stand in [brackets]."""
    if isinstance(outgoing, Bulletin):
        return bulletin_text(outgoing)
    return outgoing.title if outgoing.kind == "rollup" else _alert_text(outgoing, place)


def _alert(alert: Alert, place: Place, copies: tuple[str, ...]) -> Message:
    blocks: list[Block] = [
        RichTextBlock(elements=[RichTextSectionElement(elements=[_title(alert), *_stored_copy(alert)])]),
        ContextBlock(
            elements=[
                PlainTextObject(text=_byline(alert)),
                MarkdownTextObject(text=_time(alert)),
                *([PlainTextObject(text=lag)] if (lag := lag_line(alert)) else []),
            ]
        ),
    ]
    if alert.excerpts:
        quotes = [_quote(excerpt) for excerpt in alert.excerpts[:3]]
        blocks.append(RichTextBlock(elements=quotes))
    why = [PlainTextObject(text=line) for line in (rules_line(alert.matches), score_line(alert.matches)) if line]
    blocks.append(ContextBlock(elements=why))
    for note in [*_notes(alert, place), *([replies_line(copies, "copy", "copies")] if copies else [])]:
        blocks.append(ContextBlock(elements=[PlainTextObject(text=note)]))
    return Message(escape(clip(sentence(alert), 2_000)), tuple(blocks))


def _rollup(alert: Alert, stories: tuple[str, ...]) -> Message:
    shown = replies_line(stories, "story", "stories") if stories else "The stories follow in this thread."
    shown_title = clean(alert.title, TITLE_CHARS)
    title = RichTextElementParts.Text(text=shown_title, style=RichTextElementParts.TextStyle(bold=True))
    return Message(
        escape(f"{shown_title}: they follow in this thread."),
        (
            RichTextBlock(elements=[RichTextSectionElement(elements=[title])]),
            ContextBlock(elements=[PlainTextObject(text=shown)]),
        ),
    )


def _alert_text(alert: Alert, place: Place) -> str:
    lines = [clean(alert.title, TITLE_CHARS), f"  {_byline(alert)} · {_utc(_moment(alert))}"]
    lines += [f"  > {bracketed(excerpt)}" for excerpt in alert.excerpts[:3]]
    lines += [f"  {line}" for line in (rules_line(alert.matches), score_line(alert.matches), lag_line(alert)) if line]
    lines.append(f"  {safe_url(alert.url)}")
    lines += [f"  {note}" for note in _notes(alert, place)]
    return "\n".join(lines)


def sentence(alert: Alert) -> str:
    """One full sentence that says it all, unescaped."""
    rules = [f"{match.rule} ({_times(len(match.hits))})" for match in alert.matches[:RULES_SHOWN]]
    listed = rules[0] if len(rules) == 1 else f"{', '.join(rules[:-1])} and {rules[-1]}"
    return f"{clean(alert.publisher, NAME_CHARS)}: “{clean(alert.title, TITLE_CHARS)}” matches {listed}."


def rules_line(matches: tuple[RuleMatch, ...]) -> str:
    """`ceasefire ×3 · sanctions ×1`, the highest score first."""
    ordered = best_first(matches)
    parts = [f"{match.rule} ×{len(match.hits)}" for match in ordered[:RULES_SHOWN]]
    more = len(ordered) - RULES_SHOWN
    return " · ".join(parts) + (f" · and {more} more" if more > 0 else "")


def score_line(matches: tuple[RuleMatch, ...]) -> str:
    """The best rule's score and of what it is made; "" where that is not known."""
    best = best_first(matches)[0]
    parts = [f"{WORDS.get(part, part)} {points}" for part, points in best.score_parts.items() if points]
    whose = f" for {best.rule}" if len(matches) > 1 else ""
    return f"score {best.score} of 100{whose}: {', '.join(parts)}" if parts else ""


def lag_line(alert: Alert) -> str:
    """How long after its publication the article was first seen; "" where that is not known."""
    if alert.published is None or alert.first_seen < alert.published:
        return ""
    minutes = int((alert.first_seen - alert.published).total_seconds()) // 60
    if minutes < 120:
        return f"first seen {minutes} min after"
    return f"first seen {minutes // 60} h after" if minutes < 48 * 60 else f"first seen {minutes // 1440} days after"


def replies_line(replies: tuple[str, ...], one: str, many: str) -> str:
    """`3 copies at 2 publishers: Northgate Press, Harbour Courier`, each publisher once."""
    names = [clean(name, NAME_CHARS) for name in dict.fromkeys(replies)]
    counted = f"1 {one}" if len(replies) == 1 else f"{len(replies)} {many}"
    publishers = "1 publisher" if len(names) == 1 else f"{len(names)} publishers"
    more = len(names) - PUBLISHERS_SHOWN
    return f"{counted} at {publishers}: {', '.join(names[:PUBLISHERS_SHOWN])}" + (
        f" and {more} more" if more > 0 else ""
    )


def bracketed(excerpt: Excerpt) -> str:
    """The excerpt with its marks in [brackets]."""
    return "".join(f"[{text}]" if marked else text for text, marked in pieces(excerpt))


def pieces(excerpt: Excerpt) -> list[tuple[str, bool]]:
    """The excerpt cut at its marks: (text, is it marked), clipped, unsafe characters blanked."""
    text = UNSAFE.sub(" ", excerpt.text)  # keeps every offset
    cut: list[tuple[str, bool]] = []
    position = 0
    for start, end in excerpt.marks:
        if start >= EXCERPT_CHARS:
            break
        cut += [(text[position:start], False), (text[start:end], True)]
        position = end
    rest = text[position : max(EXCERPT_CHARS, position)]
    cut.append((rest + ("…" if position + len(rest) < len(text) else ""), False))
    return [(part, marked) for part, marked in cut if part]


def _title(alert: Alert) -> RichTextElementParts.Link | RichTextElementParts.Text:
    text = clean(alert.title, TITLE_CHARS) or "(no title)"
    bold = RichTextElementParts.TextStyle(bold=True)
    if url := safe_url(alert.url):
        return RichTextElementParts.Link(url=url, text=text, style=bold)
    return RichTextElementParts.Text(text=text, style=bold)


def _stored_copy(alert: Alert) -> list[RichTextElementParts.Link | RichTextElementParts.Text]:
    url = safe_url(alert.clean_url)
    return [RichTextElementParts.Text(text="  "), RichTextElementParts.Link(url=url, text="stored copy")] if url else []


def _quote(excerpt: Excerpt) -> RichTextQuoteElement:
    bold = RichTextElementParts.TextStyle(bold=True)
    return RichTextQuoteElement(
        elements=[
            RichTextElementParts.Text(text=text, style=bold) if marked else RichTextElementParts.Text(text=text)
            for text, marked in pieces(excerpt)
        ]
    )


def _byline(alert: Alert) -> str:
    names = [clean(name, NAME_CHARS) for name in alert.authors[:3]]
    return " · ".join(filter(None, [clean(alert.publisher, NAME_CHARS), ", ".join(names)]))


def _time(alert: Alert) -> str:
    # Slack shows it in each reader's own time zone; the part after | is for clients that cannot.
    moment = _moment(alert)
    stamp = int(moment.timestamp())
    shown = f"<!date^{stamp}^{{date_short_pretty}} {{time}}|{_utc(moment)}>"
    return shown if alert.published else f"first seen {shown}"


def _moment(alert: Alert) -> datetime:
    return alert.published or alert.first_seen


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _notes(alert: Alert, place: Place) -> list[str]:
    notes = []
    if alert.parent:
        where = "the alert above" if place.thread_ts else "an earlier alert that is not here"
        notes.append(f"Addendum: the article of {where} matches this rule as well.")
    elif place.thread_ts and not place.in_rollup:
        notes.append(f"A copy of {f'“{clean(place.copy_of, NOTED_CHARS)}”' if place.copy_of else 'the article'} above.")
    if alert.method == "summary":
        reason = WHY.get(alert.method_detail, clean(alert.method_detail, 120))
        notes.append(f"From the source's own title and summary: {reason or 'the page could not be read'}.")
    return notes


def _times(count: int) -> str:
    return "1 hit" if count == 1 else f"{count} hits"
