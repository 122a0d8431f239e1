"""extract: one raw batch → one clean batch, stored before it returns."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from itertools import islice
from typing import TypeVar

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.config.history import ARCHIVES
from include.wirewatch.coverage import KNOWN_FROM, KNOWN_TO
from include.wirewatch.extract import EXTRACTOR, Extraction, Limits, Page, extract_pages, summary_of
from include.wirewatch.extract.drift import drift_of, samples_of
from include.wirewatch.extract.drift_store import DriftStore
from include.wirewatch.models import Article, Batch, BatchItem, Capture, Reason
from include.wirewatch.settings import Settings
from include.wirewatch.stages.services import Services, Summary, summary_line
from include.wirewatch.urls import article_id, canonical_of, canonicalise

log = logging.getLogger(__name__)
Thing = TypeVar("Thing")

# Pages in memory at once; a batch may hold thousands.
CHUNK = 128
SHARED_BY_TOO_MANY = 3
# A link that we refuse to open is not handed to analysts either.
NEVER_AN_ARTICLE = {Reason.REFUSED_ADDRESS, Reason.BAD_URL}


def extract(services: Services, batch_key: str) -> Summary:
    """Extract one batch; "" (nothing was fetched) is done at once."""
    if not batch_key:
        return {"clean": "", "articles": 0}
    key = BatchKey.parse(batch_key)
    batch = archive.read_batch(services.store, key)
    found = disbelieve_shared_canonicals(list(articles_of(services, batch)))
    articles = [article for article in found if is_of_its_day(article, batch.dt)]
    clean = key.clean(EXTRACTOR)
    archive.write_articles(services.store, clean, articles)
    methods = Counter(f"method_{article.method}" for article in articles)
    summary: Summary = {"clean": clean, "articles": len(articles), **dict(sorted(methods.items()))}
    summary |= {"other_day": len(found) - len(articles)} if len(found) > len(articles) else {}
    summary |= note_drift(services, batch, articles)
    log.info(summary_line("extract.done", summary))
    return summary


def note_drift(services: Services, batch: Batch, articles: list[Article]) -> Summary:
    """Remember a live batch's figures: how many of its sources have suddenly changed, each named in a warning.

    Empty where the figures could not be kept: statistics never cost an article.
    """
    try:
        samples = samples_of(batch, articles)
        windows = DriftStore(services.store).add(samples) if samples else {}
        drifts = {source: drift for source in sorted(samples) if (drift := drift_of(windows[source]))}
    except Exception:
        log.warning("extract.drift_not_kept batch=%s", batch.batch, exc_info=True)
        return {}
    for source, drift in drifts.items():
        log.warning('extract.drift source=%s change="%s"', source, drift)
    return {"drifting": len(drifts)} if drifts else {}


def articles_of(services: Services, batch: Batch) -> Iterator[Article]:
    """Every article of a batch: one per captured page, and one from the summary of each page that stays unfetchable."""
    limits = limits_of(services.settings)
    for chunk in _chunks(archive.read_captures(services.store, batch)):
        pages = [page_of(item, capture) for item, capture in chunk if capture is not None]
        extractions = iter(extract_pages(pages, limits))
        for item, capture in chunk:
            if capture is not None:
                yield article_of(batch, item, next(extractions))
            elif item.final and item.outcome.reason not in NEVER_AN_ARTICLE and item.entry.title:
                yield article_of(batch, item, summary_of(item.entry, item.outcome.label))


def is_of_its_day(article: Article, dt: str) -> bool:
    """False for a page that an archive captured on that day and that says itself that it is of another.

    Web archives capture old pages too. What the publisher lists for the day is believed, and so is a page without a
    date. The days around are let pass as far as their own runs take the page as known: dropped here, it would be lost.
    """
    if article.history_route not in ARCHIVES or article.published is None:
        return True
    off = (article.published.astimezone(UTC).date() - date.fromisoformat(dt)).days
    return -KNOWN_TO <= off <= -KNOWN_FROM


def disbelieve_shared_canonicals(articles: list[Article]) -> list[Article]:
    """Articles whose declared canonical URL three or more different pages of the batch claim get their own back.

    Templates that declare their section page on every article are common; two pages are an article and its AMP twin.
    """
    pages: dict[str, set[str]] = {}
    for article in articles:
        pages.setdefault(article.canonical_url, set()).add(canonicalise(article.url))
    return [
        article.model_copy(update={"canonical_url": own, "article_id": article_id(own)})
        if len(pages[article.canonical_url]) >= SHARED_BY_TOO_MANY and (own := canonicalise(article.url))
        else article
        for article in articles
    ]


def limits_of(settings: Settings) -> Limits:
    return Limits(
        timeout_s=settings.extract_timeout_s,
        memory_bytes=settings.extract_memory_bytes,
        max_html_bytes=settings.max_body_bytes,
        workers=settings.extract_workers,
    )


def page_of(item: BatchItem, capture: Capture) -> Page:
    return Page(
        url=capture.final_url,
        html=capture.body,
        content_type=capture.header("Content-Type"),
        entry=item.entry,
        now=capture.fetched_at,
    )


def article_of(batch: Batch, item: BatchItem, extraction: Extraction) -> Article:
    """The extraction with its identity and provenance."""
    final_url = item.final_url or item.entry.url
    canonical = canonical_of(final_url, extraction.canonical_url)
    report = batch.sources[item.entry.source]
    return Article(
        article_id=article_id(canonical),
        source=item.entry.source,
        publisher=report.publisher,
        title=extraction.title,
        text=extraction.text,
        summary=item.entry.summary,
        published=extraction.published,
        published_from=extraction.published_from,
        modified=extraction.modified,
        first_seen=item.first_seen,
        authors=extraction.authors,
        language=extraction.language or report.language,
        site_name=extraction.site_name,
        section=extraction.section,
        tags=tuple(dict.fromkeys((*report.tags, *extraction.tags))),
        image=extraction.image,
        paywalled=extraction.paywalled,
        word_count=extraction.word_count,
        origins=extraction.origins,
        method=extraction.method,
        method_detail=extraction.method_detail,
        extractor=EXTRACTOR,
        entry_url=item.entry.url,
        url=final_url,
        canonical_url=canonical,
        fetched_at=item.fetched_at,
        raw=item.raw,
        history_route=item.history_route,
        archive_url=item.archive_url,
    )


def _chunks(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    iterator = iter(things)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk
