"""A message as the receiver reads it. Pure; for people with five seconds.

Order: linked title; publisher, time and lag; only when it matters, what it replies to and that the page itself could
not be read; the best sentences with the terms marked; which rules and how often, the best one's score in words; how
many copies there are.
Untrusted text goes into plain_text and rich_text elements, which Slack does not parse; the notification's `text`
is escaped. Everything is clipped before it is escaped, and stays under Slack's limits (50 blocks, 3,000 characters
a text, about 13,200 in all).
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta

from slack_sdk.models.blocks import (
    Block,
    ContextBlock,
    MarkdownTextObject,
    PlainTextObject,
    RichTextBlock,
    RichTextElement,
    RichTextElementParts,
    RichTextQuoteElement,
    RichTextSectionElement,
)

from include.wirewatch.deliver.bulletin import bulletin_text, render_bulletin
from include.wirewatch.deliver.route import best_first
from include.wirewatch.deliver.safe_text import (
    END_OF_ISOLATE,
    ISOLATE,
    RIGHT_TO_LEFT,
    UNSAFE,
    Message,
    clean,
    clip,
    escape,
    safe_url,
)
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.deliver.wording import among, number
from include.wirewatch.models import Alert, Bulletin, Excerpt, RuleMatch

TITLE_CHARS = 300
PLAIN_CHARS = 3_000
NAME_CHARS = 80
NOTED_CHARS = 120
EXCERPT_CHARS = 500
EXCERPTS_SHOWN = 3
RULES_SHOWN = 12
DAY = timedelta(days=1)
# Slack's formats of a moment.
TIME, DATE_TIME = "{time}", "{date_short_pretty} {time}"
PUBLISHERS_SHOWN = 8
# The parts of a score, as a reader would say them.
WORDS = {
    "title": "for the title",
    "lead": "for the opening",
    "hits": "for repetition",
    "density": "for density",
    "terms": "for variety",
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


def render_plain(outgoing: Alert | Bulletin) -> str:
    """As text alone, escaped for Slack: for a message whose blocks it has refused."""
    if isinstance(outgoing, Bulletin):
        text = bulletin_text(outgoing)
    elif outgoing.kind == "rollup":
        text = f"{clean(outgoing.title, TITLE_CHARS)}: they follow in this thread."
    else:
        # An address that is cut leads nowhere: the sentence gives way.
        url = safe_url(outgoing.url)
        text = "\n".join(filter(None, [clip(sentence(outgoing), PLAIN_CHARS - len(url)), url]))
    return escape(clip(text, PLAIN_CHARS))


def _alert(alert: Alert, place: Place, copies: tuple[str, ...]) -> Message:
    blocks: list[Block] = [
        RichTextBlock(elements=[RichTextSectionElement(elements=[_title(alert), *_stored_copy(alert)])]),
        ContextBlock(
            elements=[
                *([PlainTextObject(text=byline)] if (byline := _byline(alert)) else []),
                MarkdownTextObject(text=_times(alert)),
            ]
        ),
        *map(_note, _notes(alert, place)),
    ]
    if shown := _shown(alert, place):
        blocks.append(RichTextBlock(elements=[_quote(excerpt) for excerpt in shown]))
    blocks.append(RichTextBlock(elements=[RichTextSectionElement(elements=_marked(rule_pieces(alert.matches)))]))
    if score := score_line(alert.matches):
        blocks.append(_note(score))
    if copies:
        blocks.append(_note(replies_line(copies, "copy", "copies")))
    return Message(escape(clip(sentence(alert), 2_000)), tuple(blocks))


def _rollup(alert: Alert, stories: tuple[str, ...]) -> Message:
    counted = replies_line(stories, "story", "stories")
    shown = f"In this thread: {counted}" if stories else "The stories follow in this thread."
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
    lines = [clean(alert.title, TITLE_CHARS), f"  {' · '.join(filter(None, [_byline(alert), times_line(alert)]))}"]
    lines += [f"  {note}" for note in _notes(alert, place)]
    lines += [f"  > {bracketed(excerpt)}" for excerpt in _shown(alert, place)]
    lines += [f"  {line}" for line in (rules_line(alert.matches), score_line(alert.matches)) if line]
    lines.append(f"  {safe_url(alert.url)}")
    return "\n".join(lines)


def sentence(alert: Alert) -> str:
    """One full sentence that says it all, unescaped."""
    rules = [f"{match.rule} ({number(len(match.hits), 'hit', 'hits')})" for match in alert.matches[:RULES_SHOWN]]
    if len(alert.matches) > RULES_SHOWN:
        rules.append(number(len(alert.matches) - RULES_SHOWN, "more rule", "more rules"))
    listed = rules[0] if len(rules) == 1 else f"{', '.join(rules[:-1])} and {rules[-1]}"
    return f"{clean(alert.publisher, NAME_CHARS)}: “{clean(alert.title, TITLE_CHARS)}” matches {listed}."


def rules_line(matches: tuple[RuleMatch, ...]) -> str:
    """`ceasefire ×3 (high) · sanctions ×1`, the highest score first; the severity where it is not the usual one."""
    return "".join(text for text, _ in rule_pieces(matches))


def rule_pieces(matches: tuple[RuleMatch, ...]) -> Iterator[tuple[str, bool]]:
    """The same in pieces: (text, is it a rule's name)."""
    for place, match in enumerate(best_first(matches)[:RULES_SHOWN]):
        if place:
            yield " · ", False
        yield match.rule, True
        yield f" ×{len(match.hits)}" + (f" ({match.severity})" if match.severity != "normal" else ""), False
    if len(matches) > RULES_SHOWN:
        yield f" · and {len(matches) - RULES_SHOWN} more", False


def score_line(matches: tuple[RuleMatch, ...]) -> str:
    """The best rule's score and the points that add up to it; "" where that is not known."""
    best = best_first(matches)[0]
    parts = [f"{points} {WORDS.get(part, part)}" for part, points in best.score_parts.items() if points]
    whose = f" for {best.rule}" if len(matches) > 1 else ""
    return f"score {best.score} of 100{whose}: {' + '.join(parts)}" if parts else ""


def times_line(alert: Alert, show: Callable[[datetime, str], str] = lambda moment, _: _utc(moment)) -> str:
    """When it was published and first seen, and what lay between: `published …, first seen … (19 min later)`.

    show: a moment as the reader's own time, in one of Slack's formats.
    """
    seen = f"first seen {show(alert.first_seen, TIME if _lag(alert) < DAY else DATE_TIME)}"
    if alert.published is None:
        return f"{seen}, not dated by its publisher"
    lag = lag_words(_lag(alert))
    return f"published {show(alert.published, DATE_TIME)}, {seen}" + (f" ({lag} later)" if lag else "")


def lag_words(lag: timedelta) -> str:
    """`19 min`, `3 h`, `4 days`; "" for what was seen before it was published."""
    minutes = int(lag.total_seconds()) // 60
    if minutes < 0:
        return ""
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // 1440} days"


def replies_line(replies: tuple[str, ...], one: str, many: str) -> str:
    """`3 copies at 2 publishers: Northgate Press, Harbour Courier`, each publisher once."""
    names = [clean(name, NAME_CHARS) for name in dict.fromkeys(replies)]
    counted, publishers = number(len(replies), one, many), number(len(names), "publisher", "publishers")
    return f"{counted} at {publishers}: {among(names, PUBLISHERS_SHOWN)}"


def bracketed(excerpt: Excerpt) -> str:
    """The excerpt with its marks in [brackets]."""
    return "".join(f"[{text}]" if marked else text for text, marked in pieces(excerpt))


def pieces(excerpt: Excerpt) -> list[tuple[str, bool]]:
    """The excerpt cut at its marks: (text, is it marked), clipped, unsafe characters blanked, isolated like a title."""
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
    if RIGHT_TO_LEFT.search(text):
        cut = [(ISOLATE, False), *cut, (END_OF_ISOLATE, False)]
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
    return RichTextQuoteElement(elements=_marked(pieces(excerpt)))


def _marked(parts: Iterable[tuple[str, bool]]) -> list[RichTextElement]:
    bold = RichTextElementParts.TextStyle(bold=True)
    return [RichTextElementParts.Text(text=text, style=bold if marked else None) for text, marked in parts]


def _byline(alert: Alert) -> str:
    names = [clean(name, NAME_CHARS) for name in alert.authors[:3]]
    return " · ".join(filter(None, [clean(alert.publisher, NAME_CHARS), ", ".join(names)]))


def _times(alert: Alert) -> str:
    # Slack shows it in each reader's own time zone; the part after | is for clients that cannot.
    return times_line(alert, lambda moment, form: f"<!date^{int(moment.timestamp())}^{form}|{_utc(moment)}>")


def _lag(alert: Alert) -> timedelta:
    """Without a date of publication: so long that the whole date is worth showing."""
    return alert.first_seen - alert.published if alert.published else DAY


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _notes(alert: Alert, place: Place) -> list[str]:
    notes = []
    if alert.parent:
        where = "the alert above" if place.thread_ts else "an earlier alert, which is not here,"
        notes.append(f"Addendum: the article of {where} matches {alert.matches[0].rule} as well.")
    elif _is_copy(alert, place):
        notes.append(f"A copy of {f'“{clean(place.copy_of, NOTED_CHARS)}”' if place.copy_of else 'the article'} above.")
    if alert.found_late:
        notes.append("Found late: live polling had missed it.")
    if alert.method == "summary":
        reason = WHY.get(alert.method_detail, clean(alert.method_detail, 120))
        notes.append(f"Only the source's own title and summary: {reason or 'the page could not be read'}.")
    return notes


def _shown(alert: Alert, place: Place) -> tuple[Excerpt, ...]:
    """The title stands above; a copy's text is known from the alert above it: one sentence will do."""
    body = tuple(excerpt for excerpt in alert.excerpts if excerpt.field == "body")
    return (body or alert.excerpts)[: 1 if _is_copy(alert, place) else EXCERPTS_SHOWN]


def _is_copy(alert: Alert, place: Place) -> bool:
    return bool(place.thread_ts and not alert.parent and not place.in_rollup)


def _note(text: str) -> ContextBlock:
    return ContextBlock(elements=[PlainTextObject(text=text)])
