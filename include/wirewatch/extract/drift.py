"""Has a source's extraction changed of late? Pure: samples in, a judgement in words out.

A publisher's redesign, consent wall or new paywall seldom fails: pages still come, and their text is suddenly a tenth,
or the entries' summaries stand in for it. Nobody sees that in one article; a window of them shows it.

A window holds a source's newest articles, a sample a batch. The latest of them are judged against those before, and
only where both are enough to say something. Once the window holds little else, the new state is the usual one.
"""

import hashlib
import math
from collections.abc import Iterable, Sequence
from statistics import median
from typing import NamedTuple

from include.wirewatch.models import Article, Batch

WINDOW, LATEST, MIN_BEFORE = 120, 20, 30
# One batch never fills the window: of a larger one every second or third article is taken.
BATCH_MAX = 40
# The share by which a median's change is no accident; of short texts, as summaries are, none is worth an alarm.
LENGTH_FACTOR, WORTH_READING = 2.5, 80
# A share has risen when it did by so much, and by so many standard errors of what was usual.
MIN_RISE, STANDARD_ERRORS = 0.3, 4.0
OWN_TEXT = {"fast", "precision"}


class Sample(NamedTuple):
    """What one batch extracted of one source. at: the end of its interval, in Unix seconds; batch: its short name.

    words: of each article; fallbacks: articles whose text came in another way than usual (a summary, JSON-LD, …).
    """

    at: int
    batch: str
    words: tuple[int, ...]
    fallbacks: int


class Drift(NamedTuple):
    """A sudden change: before and after as medians of words, and as shares from 0 to 1 of fallbacks and empty texts.

    changes names in words what has changed; articles are those judged, before those that they are judged against.
    """

    changes: tuple[str, ...]
    articles: int
    before: int

    def __str__(self) -> str:
        return f"{', '.join(self.changes)} ({self.articles} articles, {self.before} before)"


def samples_of(batch: Batch, articles: Iterable[Article]) -> dict[str, Sample]:
    """A batch as a sample for each of its sources; none of a quiet batch: old pages say nothing about today's."""
    by_source: dict[str, list[Article]] = {}
    for article in () if batch.quiet else articles:
        by_source.setdefault(article.source, []).append(article)
    at = int(batch.interval_end.timestamp())
    name = hashlib.sha256(batch.batch.encode()).hexdigest()[:10]
    return {source: _sample(at, name, found) for source, found in by_source.items()}


def merge(window: Sequence[Sample], sample: Sample) -> tuple[Sample, ...]:
    """The window with one more sample: WINDOW articles at most, oldest sample first.

    A batch merged twice counts once: its later sample takes the place of the earlier.
    """
    others = [known for known in window if known.batch != sample.batch]
    return _newest(sorted([*others, sample]), WINDOW)


def drift_of(window: Sequence[Sample]) -> Drift | None:
    """What has changed in a window, oldest sample first; None where nothing did or too little is known."""
    latest = _newest(window, LATEST, at_least=True)
    return judge(window[: len(window) - len(latest)], latest)


def judge(before: Sequence[Sample], latest: Sequence[Sample]) -> Drift | None:
    """The latest samples against those before; None where nothing has changed, or either are too few."""
    usual, now = _Figures.of(before), _Figures.of(latest)
    if usual.articles < MIN_BEFORE or now.articles < LATEST:
        return None
    changes = []
    short, long = sorted((usual.words, now.words))
    if long >= WORTH_READING and long >= LENGTH_FACTOR * short:
        changes.append(f"median length {usual.words:.0f} → {now.words:.0f} words")
    for what, was, share in (("fallbacks", usual.fallbacks, now.fallbacks), ("empty texts", usual.empty, now.empty)):
        if _has_risen(was, usual.articles, share, now.articles):
            changes.append(f"{what} {100 * was:.0f} % → {100 * share:.0f} %")
    return Drift(tuple(changes), now.articles, usual.articles) if changes else None


class _Figures(NamedTuple):
    articles: int
    words: float
    fallbacks: float
    empty: float

    @classmethod
    def of(cls, samples: Sequence[Sample]) -> "_Figures":
        words = [count for sample in samples for count in sample.words]
        if not words:
            return cls(0, 0, 0, 0)
        fallbacks = sum(sample.fallbacks for sample in samples)
        return cls(len(words), median(words), fallbacks / len(words), words.count(0) / len(words))


def _has_risen(was: float, was_of: int, share: float, of: int) -> bool:
    # One more of each: a share of none in thirty is not known to be none for ever.
    expected = (was * was_of + 1) / (was_of + 2)
    error = math.sqrt(expected * (1 - expected) / of)
    return share - was >= max(MIN_RISE, STANDARD_ERRORS * error)


def _sample(at: int, name: str, articles: Sequence[Article]) -> Sample:
    chosen = articles[:: math.ceil(len(articles) / BATCH_MAX)]
    return Sample(
        at, name, tuple(each.word_count for each in chosen), sum(each.method not in OWN_TEXT for each in chosen)
    )


def _newest(samples: Sequence[Sample], articles: int, *, at_least: bool = False) -> tuple[Sample, ...]:
    """The newest samples, whole ones, that hold so many articles at most; at_least: with the one that makes it full."""
    kept: list[Sample] = []
    total = 0
    for sample in reversed(samples):
        if (at_least and total >= articles) or (not at_least and total + len(sample.words) > articles):
            break
        kept.append(sample)
        total += len(sample.words)
    return tuple(reversed(kept))
