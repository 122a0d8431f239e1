"""One page through the whole pipeline, by the functions that its tasks use, and without a trace in the archive.

fetch → extract → each rule → decision → receivers. Nothing is stored, enqueued or posted; nobody is asked what he was
told already.
"""

import time
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from include.wirewatch.cli.sources import UNLISTED, unlisted
from include.wirewatch.config.receivers import Receiver, ReceiversFile, Silence
from include.wirewatch.config.sources import Source
from include.wirewatch.deliver.quiet import held_until
from include.wirewatch.deliver.route import is_instant, is_wanted, silence_of
from include.wirewatch.deliver.thread import severity_of
from include.wirewatch.discover import Poll
from include.wirewatch.extract import extract_pages
from include.wirewatch.match import Explanation, RuleSet, explain
from include.wirewatch.models import (
    Alert,
    Article,
    Batch,
    BatchItem,
    Capture,
    Entry,
    Outcome,
    Reason,
    RuleMatch,
)
from include.wirewatch.settings import Settings
from include.wirewatch.stages.collect import open_client, report_of
from include.wirewatch.stages.deliver import quiet_of
from include.wirewatch.stages.extract import article_of, limits_of, page_of
from include.wirewatch.stages.judge import Origin, Sighting, alert_of, document_of, judge
from include.wirewatch.urls import absolute

# Stands in for the address of a file that names none. No rule on sites or addresses matches it.
NOWHERE = "https://address-not-known.invalid/"


class Page(NamedTuple):
    """How the page was had. robots: "allows", "disallows", "not known", or "" for a file.

    seconds: with what politeness costs.
    """

    outcome: Outcome
    robots: str = ""
    seconds: float = 0.0
    capture: Capture | None = None


class Told(NamedTuple):
    """What one receiver would be told. routes: numbers in the file, from 1. held_until: the end of its quiet hours.

    alert None: every match is silenced. waits: not told at once, but in its digest.
    """

    receiver: Receiver
    routes: tuple[int, ...]
    silenced: tuple[tuple[RuleMatch, Silence], ...]
    alert: Alert | None
    held_until: datetime | None
    waits: bool = False


class Trial(NamedTuple):
    """decision: a Judgement's, or "no_page" or "no_match". told: as if it were fresh, in the order of the file."""

    page: Page
    source: Source | None
    article: Article | None
    rules: tuple[Explanation, ...]
    decision: str
    told: tuple[Told, ...]
    now: datetime

    @property
    def matched(self) -> tuple[Explanation, ...]:
        return tuple(rule for rule in self.rules if rule.match)


async def fetch_page(url: str, source: Source, settings: Settings) -> Page:
    """Politely and guarded, as the pipeline would for that source."""
    began = time.monotonic()
    async with open_client(settings) as client:
        answer = await client.get(url, source=source, accept="page")
    seconds = time.monotonic() - began
    if isinstance(answer, Capture):
        return Page(Outcome(reason=Reason.FETCHED, status=answer.status), "allows", seconds, answer)
    unknown = answer.detail.startswith("robots.txt:") or answer.reason is Reason.BAD_URL
    robots = "disallows" if answer.reason is Reason.ROBOTS else "not known" if unknown else "allows"
    return Page(answer, robots, seconds)


def page_of_file(html: bytes, url: str, now: datetime) -> Page:
    """A stored page as if it had been fetched now."""
    capture = Capture(url, url, now, 200, (("Content-Type", "text/html"),), html)
    return Page(Outcome(reason=Reason.FETCHED), capture=capture)


def trial_of(
    page: Page, source: Source | None, rules: RuleSet, receivers: ReceiversFile, settings: Settings, now: datetime
) -> Trial:
    """What the pipeline would make of the page. source None: its settings are those of a new source at its host."""
    if page.capture is None:
        return Trial(page, source, None, (), "no_page", (), now)
    article, source = _article(page.capture, source, settings, now)
    document = document_of(article)
    explained = tuple(explain(compiled, document) for compiled in rules.rules)
    found = rules.match(document)
    if not found:
        return Trial(page, source, article, explained, "no_match", (), now)
    judgement = judge(article, found, receivers, Sighting(now, source.alert_max_age), now)
    told = tuple(
        _told(receiver, article, judgement.routed[receiver.name], receivers, now)
        for receiver in receivers.receivers
        if receiver.name in judgement.routed
    )
    return Trial(page, source, article, explained, judgement.decision, told, now)


def only(rules: RuleSet, names: Sequence[str]) -> RuleSet:
    """The rules of these names; all of them where none is given. Raises ValueError naming what is not there."""
    known = {compiled.rule.name: compiled for compiled in rules.rules}
    if missing := [name for name in names if name not in known]:
        raise ValueError(f"there is no enabled rule {', '.join(map(repr, missing))}; known: {', '.join(known)}")
    return RuleSet([known[name] for name in names]) if names else rules


def _article(capture: Capture, source: Source | None, settings: Settings, now: datetime) -> tuple[Article, Source]:
    """The article, and the source that it was taken for."""
    entry = Entry(url=capture.url or NOWHERE, source=source.name if source else UNLISTED)
    item = BatchItem(
        entry=entry,
        first_seen=now,
        outcome=Outcome(reason=Reason.FETCHED, status=capture.status),
        final_url=capture.final_url,
        fetched_at=capture.fetched_at,
        content_type=capture.header("Content-Type"),
    )
    extraction = extract_pages([page_of(item, capture)], limits_of(settings))[0]
    if not capture.url:
        # A file of which nobody said whence it came: from where it says itself.
        url = _absolute_or_nothing(extraction.canonical_url) or NOWHERE
        item = item.model_copy(update={"entry": entry.model_copy(update={"url": url}), "final_url": url})
    source = source or unlisted(item.final_url, allow_private=False)
    report = report_of(source, Poll((), item.outcome), (item,))
    batch = Batch(batch="try", dt="", quiet=False, interval_end=now, items=(item,), sources={entry.source: report})
    return article_of(batch, item, extraction), source


def _told(
    receiver: Receiver, article: Article, matches: tuple[RuleMatch, ...], file: ReceiversFile, now: datetime
) -> Told:
    routes = tuple(
        number
        for number, route in enumerate(file.routes, 1)
        if receiver.name in route.to and any(is_wanted(route, article, match) for match in matches)
    )
    muted = [(match, silence_of(file.silences, receiver.name, article, match, now)) for match in matches]
    audible = tuple(match for match, silence in muted if silence is None)
    silenced = tuple((match, silence) for match, silence in muted if silence is not None)
    if not audible:
        return Told(receiver, routes, silenced, None, None)
    alert = alert_of(article, receiver.name, audible, Origin("try"), now)
    until = held_until(quiet_of(receiver), severity_of(alert), now)
    waits = not is_instant(audible, receiver.instant_from)
    return Told(receiver, routes, silenced, alert, until if until > now else None, waits)


def _absolute_or_nothing(url: str) -> str:
    try:
        return absolute(url, url)
    except ValueError:
        return ""
