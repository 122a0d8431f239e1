"""How many alerts a rules file would have led to, a day and receiver. Pure: the decisions are the live run's own.

Routes, `instant_from` and the sources' `alert_max_age` are applied, as stages/judge.py does. Of a story's copies the
first is an alert and the others are replies, by the texts' hashes as in deliver/story.py; what a further rule finds
in an article that was told already is a reply too. An article is judged as it was fetched, but as of the end of its day
at the latest: what history fetched long afterwards counts as if live polling had found it.

Left out: silences, which are over some day; quiet hours, which shift alerts and drop none; and rollups, which put
stories into the thread of one message.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.deliver.story import WINDOW, Hashes, Texts, hashes_in, hashes_of
from include.wirewatch.models import Article, RuleMatch
from include.wirewatch.stages.judge import Sighting, judge, signed_text

MAX_AGE = timedelta(hours=24)  # of a source that sources.yaml does not name any more


class _Told(NamedTuple):
    """An alert that a receiver would get."""

    at: datetime
    article_id: str
    receiver: str
    hashes: Hashes


class Counted:
    """One receiver's messages by day: alerts of their own, replies below them, articles that wait for its digest."""

    def __init__(self) -> None:
        self.alerts: Counter[date] = Counter()
        self.replies: Counter[date] = Counter()
        self.digest: Counter[date] = Counter()


class Forecast:
    """max_ages: alert_max_age by source. stale: articles that were too old when they were found, by day."""

    def __init__(self, receivers: ReceiversFile, max_ages: Mapping[str, timedelta]) -> None:
        self._receivers = receivers.model_copy(update={"silences": ()})
        self._max_ages = max_ages
        names = {name for route in receivers.routes for name in route.to}
        self.receivers = {one.name: Counted() for one in receivers.receivers if one.name in names}
        self.stale: Counter[date] = Counter()
        self._told = {name: _Stories() for name in self.receivers}
        self._today: list[_Told] = []

    def add(self, day: date, article: Article, new: tuple[RuleMatch, ...], signature: str | None = None) -> None:
        """new: the matches by rules that had not matched the article before. signature: None is to be worked out."""
        if not new:
            return
        end = datetime.combine(day + timedelta(days=1), time(), UTC)
        seen_at = min(article.fetched_at or article.first_seen, end)
        sighting = Sighting(seen_at, self._max_ages.get(article.source, MAX_AGE))
        judgement = judge(article, new, self._receivers, sighting, seen_at)
        self.stale[day] += judgement.decision == "stale"
        for name in judgement.waiting:
            self.receivers[name].digest[day] += 1
        if not judgement.instant:
            return
        hashes = hashes_of(signed_text(article)) if signature is None else hashes_in(signature)
        self._today += [_Told(seen_at, article.article_id, name, hashes) for name in judgement.instant]

    def end(self, day: date) -> None:
        """Called after the last article of each day, in the order of the days: then alerts are told in their order."""
        for told in sorted(self._today):
            counted, stories = self.receivers[told.receiver], self._told[told.receiver]
            (counted.replies if stories.is_reply(told) else counted.alerts)[day] += 1
        self._today = []
        for stories in self._told.values():
            stories.next_day()


class _Stories:
    """What one receiver has been told: the articles, and the texts of the last two days."""

    def __init__(self) -> None:
        self._articles: set[str] = set()
        self._days = (_Texts(), _Texts())

    def is_reply(self, told: _Told) -> bool:
        """To the article's own first alert, or to the one that told the same story within the window."""
        if told.article_id in self._articles:
            return True
        self._articles.add(told.article_id)
        if any(texts.has_copy(told) for texts in self._days):
            return True
        self._days[0].add(told)
        return False

    def next_day(self) -> None:
        self._days = (_Texts(), self._days[0])


class _Texts:
    def __init__(self) -> None:
        self._texts = Texts()
        self._told_at: list[datetime] = []

    def add(self, told: _Told) -> None:
        self._texts.add(len(self._told_at), told.hashes)
        self._told_at.append(told.at)

    def has_copy(self, told: _Told) -> bool:
        lead = self._texts.copied_by(told.hashes)
        return lead is not None and told.at < self._told_at[lead] + WINDOW
