"""A message as a program receives it: the JSON that webhooks are sent. Pure; docs/webhook.md is its page for people.

`type` and `timestamp` as Standard Webhooks recommends. Equal messages give equal bytes, so that a repeated one is known
by its id and by its content. Everything is bounded: a publisher's page cannot make it large.
`python -m include.wirewatch.deliver.event` prints its JSON Schema; docs/webhook.schema.json is that.
"""

import json
import re
from typing import Annotated, Literal

from pydantic import Field

from include.wirewatch.deliver.route import best_first
from include.wirewatch.deliver.safe_text import clean, safe_url
from include.wirewatch.deliver.thread import Place, severity_of
from include.wirewatch.models import Alert, Bulletin, BulletinSection, Excerpt, Record, RuleMatch, Severity, UtcDatetime

TITLE_CHARS, NAME_CHARS = 1_000, 200
AUTHORS, RULES, TERMS, EXCERPTS = 10, 100, 20, 3
SECTIONS, LINES, PREFORMATTED_CHARS = 20, 20, 2_500


class Replies(Record):
    """What is in the thread of this message: copies of its article, or the stories of a rollup."""

    count: int = 0
    publishers: tuple[str, ...] = Field((), description="Each once, in the order they came")


class MatchedRule(Record):
    """A rule that the article matches, the best score first."""

    rule: str
    severity: Severity
    tags: tuple[str, ...]
    score: int = Field(description="0 to 100")
    score_parts: dict[str, int]
    hits: int
    terms: tuple[str, ...] = Field(description="The text that was found, each once, at most 20")


class AlertData(Record):
    """An alert. id is the same in every event about it."""

    kind: Literal["article", "copy", "addendum", "rollup"]
    id: str
    receiver: str
    parent: str = Field(description="The id of the alert that this one replies to, or empty")
    thread: str = Field(description="The id of the alert that opens the thread, or empty")
    severity: Severity
    title: str
    url: str
    publisher: str
    authors: tuple[str, ...]
    language: str
    published: UtcDatetime | None
    first_seen: UtcDatetime
    rules: tuple[MatchedRule, ...]
    excerpts: tuple[Excerpt, ...] = Field(description="Sentences; marks are [start, end) in code points of text")
    method: str = Field(description='How the text was read; "summary": not the page, only the source\'s own words')
    method_detail: str
    stored_copy: str = Field(description="Link to the stored clean copy, or empty")
    replies: Replies


class BulletinData(Record):
    """A message that is not about one article. A higher edition of the same id takes the place of a lower one."""

    kind: Literal["failure", "digest", "backfill"]
    id: str
    receiver: str
    parent: str
    thread: str
    edition: int
    title: str
    notes: tuple[str, ...]
    sections: tuple[BulletinSection, ...]


class Event(Record):
    """One request's body. shortened: a second try, without excerpts, terms and sections, after a refusal."""

    type: Literal["alert.posted", "alert.updated", "bulletin.posted", "bulletin.updated"]
    timestamp: UtcDatetime = Field(description="When the message was made, not when it is sent")
    shortened: bool = False
    data: Annotated[AlertData | BulletinData, Field(discriminator="kind")]


def event_of(
    outgoing: Alert | Bulletin, place: Place, copies: tuple[str, ...] = (), *, is_update: bool, short: bool = False
) -> Event:
    """The event; copies: the publisher of each reply so far. short: what may be left out is."""
    if isinstance(outgoing, Bulletin):
        data: AlertData | BulletinData = _bulletin(outgoing, place, short=short)
        kind: Literal["alert", "bulletin"] = "bulletin"
    else:
        data, kind = _alert(outgoing, place, copies, short=short), "alert"
    return Event(
        type=f"{kind}.updated" if is_update else f"{kind}.posted",  # type: ignore[arg-type]  # one of the four
        timestamp=outgoing.enqueued_at,
        shortened=short,
        data=data,
    )


def event_id(outgoing: Alert | Bulletin, copies: tuple[str, ...] = (), *, short: bool = False) -> str:
    """Equal for each repetition of one event, different for every other: an edition, a count of replies, a short form.

    One key must not stand for two bodies: the other side may have kept it with the first.
    """
    number = outgoing.edition if isinstance(outgoing, Bulletin) else len(copies)
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", outgoing.alert_id)
    return "-".join([safe, *([str(number)] if number else []), *(["short"] if short else [])])


def _alert(alert: Alert, place: Place, copies: tuple[str, ...], *, short: bool) -> AlertData:
    return AlertData(
        kind=_kind(alert, place),
        id=alert.alert_id,
        receiver=alert.receiver,
        parent=place.parent,
        thread=place.thread_ts,
        severity=severity_of(alert),
        title=clean(alert.title, TITLE_CHARS),
        url=safe_url(alert.url),
        publisher=clean(alert.publisher, NAME_CHARS),
        authors=tuple(clean(name, NAME_CHARS) for name in alert.authors[:AUTHORS]),
        language=alert.language,
        published=alert.published,
        first_seen=alert.first_seen,
        rules=tuple(_rule(match, short=short) for match in best_first(alert.matches)[:RULES]),
        excerpts=() if short else alert.excerpts[:EXCERPTS],
        method=alert.method,
        method_detail=clean(alert.method_detail, NAME_CHARS),
        stored_copy=safe_url(alert.clean_url),
        replies=Replies(count=len(copies), publishers=tuple(clean(name, NAME_CHARS) for name in dict.fromkeys(copies))),
    )


def _kind(alert: Alert, place: Place) -> Literal["article", "copy", "addendum", "rollup"]:
    if alert.kind == "rollup":
        return "rollup"
    if alert.parent:
        return "addendum"
    return "copy" if place.parent and not place.in_rollup else "article"


def _rule(match: RuleMatch, *, short: bool) -> MatchedRule:
    terms = dict.fromkeys(clean(hit.text, NAME_CHARS) for hit in match.hits)
    return MatchedRule(
        rule=match.rule,
        severity=match.severity,
        tags=match.tags,
        score=match.score,
        score_parts=match.score_parts,
        hits=len(match.hits),
        terms=() if short else tuple(terms)[:TERMS],
    )


def _bulletin(bulletin: Bulletin, place: Place, *, short: bool) -> BulletinData:
    sections = tuple(
        section.model_copy(
            update={"lines": section.lines[:LINES], "preformatted": section.preformatted[:PREFORMATTED_CHARS]}
        )
        for section in bulletin.sections[:SECTIONS]
    )
    return BulletinData(
        kind=bulletin.kind,
        id=bulletin.alert_id,
        receiver=bulletin.receiver,
        parent=place.parent,
        thread=place.thread_ts,
        edition=bulletin.edition,
        title=clean(bulletin.title, TITLE_CHARS),
        notes=bulletin.notes,
        sections=() if short else sections,
    )


def schema() -> str:
    """The JSON Schema of an event, as docs/webhook.schema.json holds it."""
    return json.dumps(Event.model_json_schema(mode="serialization"), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(schema(), end="")
