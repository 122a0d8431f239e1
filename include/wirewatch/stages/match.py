"""match: one clean batch × the rules → one matches batch, and alerts in the outbox.

Order: alerts first, the matches batch last. The matches batch is what marks the work as done, so a kill in between
repeats the enqueueing, which changes nothing.
"""

import logging
from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import quote

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.deliver.offer import offer
from include.wirewatch.match import load_rules
from include.wirewatch.models import Article, ArticleMatches, Batch, BatchItem, RuleMatch
from include.wirewatch.stages.judge import Origin, Sighting, alert_of, document_of, judge, row_of
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.urls import article_id, canonicalise

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
    earlier = archive.find_matches(services.store, matches_key)
    archive.write_matches(services.store, matches_key, dated(rows, earlier, services.now()))
    decisions = Counter(row.decision for row in rows)
    summary: Summary = {"matches": matches_key, "articles": len(articles), "matched": len(rows), **decisions}
    log.info(summary_line("match.done", summary))
    return summary


def dated(rows: list[ArticleMatches], earlier: list[ArticleMatches], now: datetime) -> list[ArticleMatches]:
    """The rows with their time of decision: now, but a batch matched again stays in the digests that it was in.

    earlier: the same batch's rows, of another run of this task.
    """
    known = {row.article_id: row for row in earlier}

    def decided_at(row: ArticleMatches) -> datetime:
        before = known.get(row.article_id)
        is_same = before is not None and row.digests.keys() <= before.digests.keys()
        return (before.matched_at if before and is_same else None) or now

    return [row.model_copy(update={"matched_at": decided_at(row)}) for row in rows]


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
    judgement = judge(article, found, receivers, sighting, now)
    clean_url = services.settings.clean_link.replace("{key}", quote(clean_key))
    origin = Origin(batch.batch, clean_key, clean_url, batch.history is not None)
    told = [
        receiver
        for receiver, matches in judgement.instant.items()
        if offer(services.store, alert_of(article, receiver, matches, origin, now), _ids_of(article))
    ]
    decision = judgement.decision
    if decision == "alert":
        decision = "alerted" if told else "digest" if judgement.waiting else "already_alerted"
    with_digest = {receiver.name for receiver in receivers.receivers if receiver.digest}
    digests = {
        receiver: tuple(match.rule for match in judgement.audible[receiver])
        for receiver in (*told, *judgement.waiting)
        if receiver in with_digest
    }
    row = row_of(article, found, decision, signed=bool(digests) or batch.history is not None)
    return row.model_copy(update={"receivers": tuple(told), "digests": digests})


def _judged_from(services: Services, batch: Batch) -> datetime:
    """The end of the run's interval, but no longer ago than the sweeper looks back.

    A batch that waits for a mend still alerts; a run of last year, triggered or cleared by hand, does not.
    """
    return max(batch.interval_end, services.now() - timedelta(days=services.settings.lookback_days))


def _ids_of(article: Article) -> set[str]:
    """Every id under which a receiver may know the article: by its entry, final and canonical URL."""
    return {article_id(canonicalise(url)) for url in (article.entry_url, article.url, article.canonical_url)}


def _extractor_of(clean_key: str) -> str:
    return clean_key.rpartition("/")[2].partition(".")[2].removesuffix(".jsonl.zst")
