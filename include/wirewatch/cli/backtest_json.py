"""A backtest as one JSON object: every number that is shown to people, and every day of it."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from include.wirewatch.cli.search import sentence_json
from include.wirewatch.retro.backtest import Backtest, Change, Side
from include.wirewatch.retro.forecast import Counted
from include.wirewatch.retro.scan import Scan
from include.wirewatch.retro.tally import ByWords, Example


def as_json(result: Backtest, scan: Scan, days: list[date], without: list[date]) -> dict[str, Any]:
    found = {
        "from": str(days[0]),
        "to": str(days[-1]),
        "days_without_articles": list(map(str, sorted(without))),
        "articles": scan.articles,
        "read": scan.judged,
        **_side(result.rules, days),
        "words": [_words(one) for one in result.rules.tally.to_look_at()],
    }
    if result.against:
        found |= {"against": _side(result.against, days), "changes": [_change(one) for one in result.changes()]}
    return found


def _side(side: Side, days: list[date]) -> dict[str, Any]:
    tally, forecast = side
    return {
        "matched": tally.articles,
        "matches_a_day": _by_day(tally.days, days),
        "rules": [
            {
                "rule": rule,
                "articles": counts.total(),
                "mean_score": round(tally.score_sums[rule] / counts.total(), 1) if counts else None,
                "by_day": _by_day(counts, days),
            }
            for rule, counts in tally.rules.items()
        ],
        "receivers": [_receiver(name, counted, days) for name, counted in forecast.receivers.items()],
        "too_old": forecast.stale.total(),
    }


def _receiver(name: str, counted: Counted, days: list[date]) -> dict[str, Any]:
    return {
        "receiver": name,
        "alerts": counted.alerts.total(),
        "alerts_a_day": round(counted.alerts.total() / len(days), 2),
        "replies": counted.replies.total(),
        "digest": counted.digest.total(),
        "by_day": _by_day(counted.alerts, days),
    }


def _by_day(counts: Counter[date], days: Iterable[date]) -> dict[str, int]:
    return {str(day): counts[day] for day in days}


def _words(one: ByWords) -> dict[str, Any]:
    score = round(one.mean_score, 1)
    example = _example(one.weakest)
    return {"rule": one.rule, "words": one.words, "articles": one.articles, "mean_score": score, "weakest": example}


def _change(change: Change) -> dict[str, Any]:
    return {
        **change._asdict(),
        "gained_examples": list(map(_example, change.gained_examples)),
        "lost_examples": list(map(_example, change.lost_examples)),
    }


def _example(one: Example) -> dict[str, Any]:
    return {**one._asdict(), "day": str(one.day), "sentence": sentence_json(one.sentence)}
