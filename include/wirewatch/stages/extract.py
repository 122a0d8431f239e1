"""extract: one raw batch → one clean batch, stored before it returns."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date
from typing import NamedTuple

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

# Pages in memory at once; a batch may hold thousands.
CHUNK = 128
SHARED_BY_TOO_MANY = 3
# A link that we refuse to open is not handed to analysts either.
NEVER_AN_ARTICLE = {Reason.REFUSED_ADDRESS, Reason.BAD_URL}


def extract(services: Services, batch_key: str) -> Summary:
    """Extract one batch; "" (nothing was fetched) is done at once."""
    if not batch_key:
        return {"clean": "", "articles": 0}
    batch = archive.read_batch(services.store, BatchKey.parse(batch_key))
    (extracted,) = extract_all(services, [batch])
    if extracted.error is not None:
        raise extracted.error
    summary = write_clean(services, extracted)
    summary |= note_drift(services, batch, extracted.articles)
    log.info(summary_line("extract.done", summary))
    return summary


class Extracted(NamedTuple):
    """A batch with its articles. other_day: how many were left out, as being of one. error: why there are none."""

    batch: Batch
    articles: list[Article]
    other_day: int = 0
    error: Exception | None = None


def extract_all(services: Services, batches: Iterable[Batch]) -> Iterator[Extracted]:
    """The articles of batches, one after the other. A batch whose pages cannot be read holds up no other.

    Pages of small batches are extracted together: to start the workers costs as much as four pages.
    """
    limits = limits_of(services.settings)
    found: list[Article] = []
    for chunk in _chunks(_steps(services, batches)):
        pages = [page_of(step.item, step.capture) for step in chunk if step.item and step.capture]
        extractions = iter(extract_pages(pages, limits))
        for step in chunk:
            if step.item is None:
                yield _of_batch(step, found)
                found = []
            elif step.capture is not None:
                found.append(article_of(step.batch, step.item, next(extractions)))
            elif is_summarised(step.item):
                extraction = summary_of(step.item.entry, step.item.outcome.label)
                found.append(article_of(step.batch, step.item, extraction))


def write_clean(services: Services, extracted: Extracted) -> Summary:
    """Store a batch's articles under today's extractor."""
    batch, articles = extracted.batch, extracted.articles
    clean = BatchKey(batch.dt, batch.batch).clean(EXTRACTOR)
    archive.write_articles(services.store, clean, articles)
    methods = Counter(f"method_{article.method}" for article in articles)
    summary: Summary = {"clean": clean, "articles": len(articles), **dict(sorted(methods.items()))}
    return summary | ({"other_day": extracted.other_day} if extracted.other_day else {})


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


def is_summarised(item: BatchItem) -> bool:
    """Whether an entry without a page becomes an article from its title and summary: its page stays unfetchable."""
    return item.final and item.outcome.reason not in NEVER_AN_ARTICLE and bool(item.entry.title)


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


class _Step(NamedTuple):
    """One item of a batch; item None: its end."""

    batch: Batch
    item: BatchItem | None = None
    capture: Capture | None = None
    error: Exception | None = None


def _steps(services: Services, batches: Iterable[Batch]) -> Iterator[_Step]:
    for batch in batches:
        error = None
        try:
            for item, capture in archive.read_captures(services.store, batch):
                yield _Step(batch, item, capture)
        except Exception as raised:
            error = raised
        yield _Step(batch, error=error)


def _of_batch(end: _Step, found: list[Article]) -> Extracted:
    if end.error is not None:
        return Extracted(end.batch, [], error=end.error)
    believed = disbelieve_shared_canonicals(found)
    articles = [article for article in believed if is_of_its_day(article, end.batch.dt)]
    return Extracted(end.batch, articles, len(believed) - len(articles))


def _chunks(steps: Iterable[_Step]) -> Iterator[list[_Step]]:
    """With CHUNK pages each, and whatever has none between them."""
    chunk: list[_Step] = []
    pages = 0
    for step in steps:
        chunk.append(step)
        pages += step.capture is not None
        if pages == CHUNK:
            yield chunk
            chunk, pages = [], 0
    if chunk:
        yield chunk
