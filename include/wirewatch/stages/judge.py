"""What is to become of an article's matches: judged alike by the live run, `wirewatch try` and backtests. Pure.

Order: a quiet run alerts nobody → too old → silenced, or no route → told at once, or in the receiver's digest. What a
receiver was told already is asked later, by deliver/offer.py.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.route import is_instant, route_matches, unsilenced
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.match import Document, excerpts
from include.wirewatch.models import Alert, Article, ArticleMatches, RuleMatch
from include.wirewatch.urls import host_of


def document_of(article: Article) -> Document:
    """What the rules see of an article."""
    return Document(
        title=article.title,
        body=article.text,
        source=article.source,
        publisher=article.publisher,
        site=host_of(article.canonical_url),
        url=article.canonical_url,
        lang=article.language,
        authors=article.authors,
        tags=article.tags,
    )


def is_fresh(article: Article, *, first_poll: bool, interval_end: datetime, max_age: timedelta) -> bool:
    """May this article alert? The one flood guard: it knows no state, so a lost frontier or a backlog cannot break it.

    An undated article counts from when it was first seen, which says nothing on a source's first poll.
    """
    if article.published is None and first_poll:
        return False
    return (article.published or article.first_seen) >= interval_end - max_age


class Sighting(NamedTuple):
    """How an article was found, as far as it decides whether it may alert. max_age: its source's alert_max_age."""

    interval_end: datetime
    max_age: timedelta
    first_poll: bool = False
    quiet: bool = False


class Judgement(NamedTuple):
    """decision: "quiet", "stale", "no_route" or "silenced"; "digest" where nobody is told at once; or "alert".

    routed, audible: receiver → its matches, before and after silences, whatever the decision.
    instant, waiting: what of `audible` is to be offered now, and what waits for the receiver's digest; else empty.
    """

    decision: str
    routed: dict[str, tuple[RuleMatch, ...]]
    audible: dict[str, tuple[RuleMatch, ...]]
    instant: dict[str, tuple[RuleMatch, ...]]
    waiting: dict[str, tuple[RuleMatch, ...]]


def judge(
    article: Article, found: tuple[RuleMatch, ...], receivers: ReceiversFile, seen: Sighting, now: datetime
) -> Judgement:
    """What is to become of an article's matches, before anybody is asked what he was told already. Pure."""
    routed = route_matches(article, found, receivers.routes)
    audible = unsilenced(routed, article, receivers.silences, now)
    decision = ""
    if seen.quiet:
        decision = "quiet"
    elif not is_fresh(article, first_poll=seen.first_poll, interval_end=seen.interval_end, max_age=seen.max_age):
        decision = "stale"
    elif not audible:
        decision = "silenced" if routed else "no_route"
    if decision:
        return Judgement(decision, routed, audible, {}, {})
    instant, waiting = split_instant(audible, receivers)
    return Judgement("alert" if instant else "digest", routed, audible, instant, waiting)


def split_instant(
    audible: dict[str, tuple[RuleMatch, ...]], receivers: ReceiversFile
) -> tuple[dict[str, tuple[RuleMatch, ...]], dict[str, tuple[RuleMatch, ...]]]:
    """What each receiver is told at once, and what waits for its digest."""
    patience = {receiver.name: receiver.instant_from for receiver in receivers.receivers}
    instant = {name: matches for name, matches in audible.items() if is_instant(matches, patience[name])}
    return instant, {name: matches for name, matches in audible.items() if name not in instant}


class Origin(NamedTuple):
    """Where an alert's article lies. clean_url: a link to it for people, or "". found_late: live polling missed it."""

    batch: str
    clean_key: str = ""
    clean_url: str = ""
    found_late: bool = False


def alert_of(article: Article, receiver: str, matches: tuple[RuleMatch, ...], origin: Origin, now: datetime) -> Alert:
    """The first alert about an article to one receiver. Pure."""
    return Alert(
        alert_id=outbox.alert_id(article.article_id, receiver),
        receiver=receiver,
        article_id=article.article_id,
        title=article.title,
        url=article.url,
        publisher=article.publisher,
        authors=article.authors,
        language=article.language,
        published=article.published,
        first_seen=article.first_seen,
        enqueued_at=now,
        not_before=now,
        method=article.method,
        method_detail=article.method_detail,
        matches=matches,
        excerpts=excerpts(document_of(article), matches),
        signature=text_signature(article),
        **origin._asdict(),
    )


def row_of(article: Article, found: tuple[RuleMatch, ...], decision: str, *, signed: bool) -> ArticleMatches:
    """What the matches batch records of an article. signed: with the signature by which its copies are known. Pure."""
    return ArticleMatches(
        article_id=article.article_id,
        url=article.url,
        title=article.title,
        publisher=article.publisher,
        language=article.language,
        matches=found,
        decision=decision,
        signature=text_signature(article) if signed else "",
    )


def quiet_row(article: Article, found: tuple[RuleMatch, ...]) -> ArticleMatches:
    """What a quiet run records of an article that matches; all that its summary needs (stages/backfill.py). Pure."""
    return row_of(article, found, "quiet", signed=True)


def text_signature(article: Article) -> str:
    return signature_of(signed_text(article))


def signed_text(article: Article) -> str:
    """That by which its copies are known."""
    return f"{article.title}\n{article.text}"
