"""What one rules file matched in the past: counted by day and by rule, and by the words that it matched by. Pure.

An article counts once, on the day on which it first matched, and once for each rule, on the day of that.

Words to look at: the different words (at most three) that an article was matched by. Those that alone led to most of a
rule's matches come first to mind when its weakest matches are not what was meant: false friends. They are shown with
the sentence of the match that has the lowest score.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from include.wirewatch.match import RuleSet, excerpts
from include.wirewatch.match.fold import fold_text
from include.wirewatch.models import Article, Excerpt, RuleMatch
from include.wirewatch.stages.judge import document_of

WORDS = 3
WORD_CHARS = 60
KEPT = 20_000  # different words: a regular expression may find others in every article
SHOWN = 10


class Example(NamedTuple):
    """An article that shows what a count is about."""

    article_id: str
    day: date
    title: str
    publisher: str
    url: str
    score: int
    sentence: Excerpt | None


class ByWords(NamedTuple):
    """The articles that a rule matched by these words and no others. weakest: the one with the lowest score."""

    rule: str
    words: tuple[str, ...]
    articles: int
    score_sum: int
    weakest: Example

    @property
    def mean_score(self) -> float:
        return self.score_sum / self.articles


class Tally:
    """The counts of one rule set. rules: rule → day → articles; days: day → articles; ids: rule → articles."""

    def __init__(self, rules: RuleSet) -> None:
        names = [compiled.rule.name for compiled in rules.rules]
        self.days: Counter[date] = Counter()
        self.rules: dict[str, Counter[date]] = {name: Counter() for name in names}
        self.ids: dict[str, set[str]] = {name: set() for name in names}
        self.score_sums: Counter[str] = Counter()
        self.articles = 0
        self._known: set[str] = set()
        self._by_words: dict[tuple[str, tuple[str, ...]], ByWords] = {}

    def add(self, day: date, article: Article, matches: Iterable[RuleMatch]) -> tuple[RuleMatch, ...]:
        """Count, and return the matches that are new: by rules that had not matched the article on an earlier day."""
        new = tuple(match for match in matches if article.article_id not in self.ids[match.rule])
        for match in new:
            self.ids[match.rule].add(article.article_id)
            self.rules[match.rule][day] += 1
            self.score_sums[match.rule] += match.score
            self._count_words(day, article, match)
        if new and article.article_id not in self._known:
            self._known.add(article.article_id)
            self.days[day] += 1
            self.articles += 1
        return new

    def to_look_at(self, limit: int = SHOWN) -> list[ByWords]:
        """What led to most articles, of each rule by turns; the lowest mean score first."""
        by_rule: defaultdict[str, list[ByWords]] = defaultdict(list)
        for one in sorted(self._by_words.values(), key=lambda one: (-one.articles, one.mean_score, one.words)):
            by_rule[one.rule].append(one)
        most = max(map(len, by_rule.values()), default=0)
        turns = [ones[turn] for turn in range(most) for ones in by_rule.values() if turn < len(ones)]
        return sorted(turns[:limit], key=lambda one: (one.mean_score, -one.articles, one.rule))

    def _count_words(self, day: date, article: Article, match: RuleMatch) -> None:
        words = tuple(sorted({fold_text(hit.text[:WORD_CHARS]) for hit in match.hits}))
        key = (match.rule, words)
        known = self._by_words.get(key)
        if not 0 < len(words) <= WORDS or (known is None and len(self._by_words) >= KEPT):
            return
        weakest = known.weakest if known and known.weakest.score <= match.score else example(day, article, match)
        articles, score_sum = (known.articles, known.score_sum) if known else (0, 0)
        self._by_words[key] = ByWords(*key, articles + 1, score_sum + match.score, weakest)


def example(day: date, article: Article, match: RuleMatch) -> Example:
    sentence = next(iter(excerpts(document_of(article), [match], 1)), None)
    return Example(article.article_id, day, article.title, article.publisher, article.url, match.score, sentence)
