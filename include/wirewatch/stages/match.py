"""match: one clean batch × the rules → one matches batch, and alerts in the outbox.

Order: alerts first, the matches batch last. The matches batch is what marks the work as done, so a kill in between
repeats the enqueueing, which changes nothing.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.offer import offer
from include.wirewatch.deliver.route import route_matches, unsilenced
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.match import Document, excerpts, load_rules
from include.wirewatch.models import Alert, Article, ArticleMatches, Batch, BatchItem, RuleMatch
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.urls import article_id, canonicalise, host_of

log = logging.getLogger(__name__)


def match(services: Services, clean_key: str) -> Summary:
    """Match one clean batch; "" (nothing was extracted) is done at once.

    Raises:
        ConfigError: rules.yaml or receivers.yaml is wrong. The batch stays unfinished; the sweeper matches it once
            the file is mended.
    """
    if not clean_key:
        return {"matches": "", "articles": 0, "matched": 0}
    rules = load_rules(services.config.rules())
    receivers = services.config.receivers().value
    key = BatchKey.parse(clean_key)
    batch = archive.read_batch(services.store, key)
    items = {item.entry.url: item for item in batch.items}
    articles = archive.read_articles(services.store, clean_key)
    rows = []
    for article in articles:
        if found := rules.match(document_of(article)):
            rows.append(_settle(services, batch, items[article.entry_url], article, found, receivers, clean_key))
    matches_key = key.matches(_extractor_of(clean_key), rules.id)
    archive.write_matches(services.store, matches_key, rows)
    decisions = Counter(row.decision for row in rows)
    summary: Summary = {"matches": matches_key, "articles": len(articles), "matched": len(rows), **decisions}
    log.info(summary_line("match.done", summary))
    return summary


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
    """decision: "quiet", "stale", "no_route" or "silenced"; or "alert": `audible` is to be offered to its receivers.

    routed, audible: receiver → its matches, before and after silences, whatever the decision.
    """

    decision: str
    routed: dict[str, tuple[RuleMatch, ...]]
    audible: dict[str, tuple[RuleMatch, ...]]


def judge(
    article: Article, found: tuple[RuleMatch, ...], receivers: ReceiversFile, seen: Sighting, now: datetime
) -> Judgement:
    """What is to become of an article's matches, before anybody is asked what he was told already. Pure."""
    routed = route_matches(article, found, receivers.routes)
    audible = unsilenced(routed, article, receivers.silences, now)
    if seen.quiet:
        decision = "quiet"
    elif not is_fresh(article, first_poll=seen.first_poll, interval_end=seen.interval_end, max_age=seen.max_age):
        decision = "stale"
    elif not routed:
        decision = "no_route"
    else:
        decision = "alert" if audible else "silenced"
    return Judgement(decision, routed, audible)


def _settle(
    services: Services,
    batch: Batch,
    item: BatchItem,
    article: Article,
    found: tuple[RuleMatch, ...],
    receivers: ReceiversFile,
    clean_key: str,
) -> ArticleMatches:
    """Decide what becomes of an article's matches, and enqueue its alerts."""
    now = services.now()
    max_age = timedelta(seconds=batch.sources[article.source].alert_max_age_s)
    sighting = Sighting(_judged_from(services, batch), max_age, item.first_poll, batch.quiet)
    decision, _, audible = judge(article, found, receivers, sighting, now)
    told: list[str] = []
    if decision == "alert":
        clean_url = services.settings.clean_link.replace("{key}", quote(clean_key))
        origin = Origin(batch.batch, clean_key, clean_url)
        for receiver, matches in audible.items():
            if offer(services.store, alert_of(article, receiver, matches, origin, now), _ids_of(article)):
                told.append(receiver)
        decision = "alerted" if told else "already_alerted"
    return ArticleMatches(
        article_id=article.article_id,
        url=article.url,
        title=article.title,
        matches=found,
        decision=decision,
        receivers=tuple(told),
    )


def _judged_from(services: Services, batch: Batch) -> datetime:
    """The end of the run's interval, but no longer ago than the sweeper looks back.

    A batch that waits for a mend still alerts; a run of last year, triggered or cleared by hand, does not.
    """
    return max(batch.interval_end, services.now() - timedelta(days=services.settings.lookback_days))


def _ids_of(article: Article) -> set[str]:
    """Every id under which a receiver may know the article: by its entry, final and canonical URL."""
    return {article_id(canonicalise(url)) for url in (article.entry_url, article.url, article.canonical_url)}


class Origin(NamedTuple):
    """Where an alert's article lies. clean_url: a link to it for people, or ""."""

    batch: str
    clean_key: str = ""
    clean_url: str = ""


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
        signature=signature_of(f"{article.title}\n{article.text}"),
        **origin._asdict(),
    )


def _extractor_of(clean_key: str) -> str:
    return clean_key.rpartition("/")[2].partition(".")[2].removesuffix(".jsonl.zst")
