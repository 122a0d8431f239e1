"""A rules file over days of the archive, beside another one where there is one. Pure: it is given what matched."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from include.wirewatch.match import RuleSet
from include.wirewatch.models import Article, RuleMatch
from include.wirewatch.retro.forecast import Forecast
from include.wirewatch.retro.scan import Matched
from include.wirewatch.retro.tally import Example, Tally, example

EXAMPLES = 5
# More are collected than shown: an article may match the other file by a later version.
COLLECTED = 4 * EXAMPLES


class Side(NamedTuple):
    """One of the rules files."""

    tally: Tally
    forecast: Forecast


class Change(NamedTuple):
    """What a rule gained and lost against the other file. kind: "new", "removed" or "changed"."""

    rule: str
    kind: str
    gained: int
    lost: int
    gained_examples: tuple[Example, ...]
    lost_examples: tuple[Example, ...]


class Backtest:
    """The rules, and what they are compared with. Days come in their order, each ended by `end`."""

    def __init__(self, rule_sets: Sequence[RuleSet], new_forecast: Callable[[], Forecast]) -> None:
        self.sides = [Side(Tally(rules), new_forecast()) for rules in rule_sets]
        self._only: dict[bool, dict[str, list[Example]]] = {True: defaultdict(list), False: defaultdict(list)}

    @property
    def rules(self) -> Side:
        return self.sides[0]

    @property
    def against(self) -> Side | None:
        return self.sides[1] if len(self.sides) > 1 else None

    def add(self, matched: Matched) -> None:
        for side, matches in zip(self.sides, matched.verdicts, strict=True):
            new = side.tally.add(matched.day, matched.article, matches)
            side.forecast.add(matched.day, matched.article, new, matched.signature)
        if self.against:
            ours, theirs = matched.verdicts
            self._collect(matched.day, matched.article, ours, theirs, gained=True)
            self._collect(matched.day, matched.article, theirs, ours, gained=False)

    def end(self, day: date) -> None:
        for side in self.sides:
            side.forecast.end(day)

    def changes(self) -> list[Change]:
        """Of each rule that matched other articles, or that one file alone has; in the order of the files."""
        if self.against is None:
            return []
        ours, theirs = self.rules.tally.ids, self.against.tally.ids
        found = []
        for rule in dict.fromkeys([*ours, *theirs]):
            gained, lost = (a.get(rule, set()) - b.get(rule, set()) for a, b in ((ours, theirs), (theirs, ours)))
            kind = "new" if rule not in theirs else "removed" if rule not in ours else "changed"
            if gained or lost or kind != "changed":
                examples = (self._examples(rule, gained, is_gain=True), self._examples(rule, lost, is_gain=False))
                found.append(Change(rule, kind, len(gained), len(lost), *examples))
        return found

    def _collect(
        self, day: date, article: Article, these: Iterable[RuleMatch], those: Iterable[RuleMatch], *, gained: bool
    ) -> None:
        """Note the matches that the other file has not."""
        others = {match.rule for match in those}
        for match in these:
            if match.rule not in others and len(kept := self._only[gained][match.rule]) < COLLECTED:
                kept.append(example(day, article, match))

    def _examples(self, rule: str, really: set[str], *, is_gain: bool) -> tuple[Example, ...]:
        """Each article once."""
        found = {one.article_id: one for one in self._only[is_gain][rule] if one.article_id in really}
        return tuple(found.values())[:EXAMPLES]
