"""One query over the archive: the newest articles that it finds, each once, with its best sentence. Pure."""

import heapq
from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from include.wirewatch.match import excerpts
from include.wirewatch.models import Article, Excerpt, RuleMatch
from include.wirewatch.retro.scan import Matched
from include.wirewatch.stages.judge import document_of


class Found(NamedTuple):
    """An article worth showing. at: when it was published, else first seen. sentence: None where a regex hit spaces."""

    at: datetime
    article_id: str
    day: date
    title: str
    publisher: str
    url: str
    language: str
    published: datetime | None
    score: int
    words: tuple[str, ...]
    sentence: Excerpt | None


def newest(matched: Iterable[Matched], limit: int) -> tuple[list[Found], int]:
    """The newest articles, newest first, and how many there are in all.

    matched: from the last day to the first, so that an article that changed is shown as it was last.
    """
    known: set[str] = set()
    best: list[Found] = []
    for day, article, verdicts, _ in matched:
        if article.article_id in known:
            continue
        known.add(article.article_id)
        if len(best) < limit:
            heapq.heappush(best, found(day, article, verdicts[0]))
        elif (moment_of(article), article.article_id) > best[0][:2]:
            heapq.heapreplace(best, found(day, article, verdicts[0]))
    return sorted(best, reverse=True), len(known)


def found(day: date, article: Article, matches: tuple[RuleMatch, ...]) -> Found:
    best = max(matches, key=lambda match: match.score)
    return Found(
        moment_of(article),
        article.article_id,
        day,
        article.title,
        article.publisher,
        article.url,
        article.language,
        article.published,
        best.score,
        tuple(dict.fromkeys(hit.text for hit in best.hits)),
        next(iter(excerpts(document_of(article), [best], 1)), None),
    )


def moment_of(article: Article) -> datetime:
    return article.published or article.first_seen
