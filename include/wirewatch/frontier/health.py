"""How a source is doing, read off what the frontier remembers of it. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Literal, NamedTuple

from include.wirewatch.config.sources import Source
from include.wirewatch.frontier.decide import ANSWERED, DAY_S, due_at, streak_of_failures
from include.wirewatch.frontier.state import SourceState

# Days that say what is usual for a source; fewer than MIN_DAYS say nothing.
USUAL_DAYS, MIN_DAYS = 7, 3
# A source that brings fewer a day may well bring none on a Sunday.
MIN_USUAL = 3.0
# A source is dead once it has failed so often and for so long. Both: after a pause of the whole deployment one failure
# can be days after the last success, and ten failures of a source that is polled every minute are no news.
DEAD_AFTER, DEAD_FAILURES = timedelta(hours=24), 3

Verdict = Literal["never polled", "ok", "drifting", "silent", "failing", "off"]


class Health(NamedTuple):
    """One source. per_day: median of new entries over the last week, None where too few days are known.

    verdict `silent`: polls succeed, and a source that usually brings entries has brought none for a day.
    verdict `drifting`: its articles suddenly differ from what they used to be; drift says how, "" where they do not.
    failures: polls in a row, the first of them at failing_since. last_outcome: of the latest, as counted everywhere.
    """

    source: str
    verdict: Verdict
    last_success: datetime | None = None
    failures: int = 0
    last_outcome: str = ""
    per_day: float | None = None
    last_day: int = 0
    pending: int = 0
    next_poll: datetime | None = None
    drift: str = ""
    failing_since: datetime | None = None


def health_of(source: Source, state: SourceState | None, now: datetime, drift: str = "") -> Health:
    """What there is to say about a source, with the worst of it as the verdict.

    drift: what has suddenly changed in its articles, in words.
    """
    if not source.enabled:
        return Health(source.name, "off")
    if state is None or not state.polls:
        return Health(source.name, "never polled")
    failures = streak_of_failures(state)
    good = [poll.at for poll in state.polls if poll.listed or poll.label in ANSWERED]
    success = max([state.validators[0], *good[-1:]])
    days = _new_by_day(state, now)
    usual = days[1:]
    per_day = median(usual) if len(usual) >= MIN_DAYS else None
    is_silent = per_day is not None and per_day >= MIN_USUAL and days[0] == 0
    latest = state.polls[-1]
    return Health(
        source=source.name,
        verdict="failing" if failures else "silent" if is_silent else "drifting" if drift else "ok",
        last_success=_moment(success) if success else None,
        failures=failures,
        last_outcome=latest.label,
        per_day=per_day,
        last_day=days[0],
        pending=sum(not mark.done for mark in state.entries.values()),
        next_poll=_moment(due_at(state, source)),
        drift=drift,
        failing_since=_moment(state.polls[-failures].at) if failures else None,
    )


def death_of(health: Health, now: datetime) -> str:
    """In words, why somebody must look at this source; "" while it may come back by itself."""
    failing_since = health.failing_since
    if failing_since and health.failures >= DEAD_FAILURES and now - failing_since >= DEAD_AFTER:
        return f"{health.last_outcome}: {health.failures} polls in a row, since {failing_since:%Y-%m-%d %H:%M} UTC"
    # Who polls nothing finds nothing: that is no silence of the source.
    if health.verdict == "silent" and health.last_success and now - health.last_success < DEAD_AFTER:
        return f"silent: nothing new for a day, usually {health.per_day:g} a day, although its polls succeed"
    return ""


def idle_since(sources: Iterable[Source], states: Mapping[str, SourceState], now: datetime) -> datetime | None:
    """Since when none of the sources was polled although one was due. None: it is not so, or none was ever polled."""
    known = [(states[source.name], source) for source in sources if source.enabled and source.name in states]
    polled = [(state, source) for state, source in known if state.polls]
    if not polled:
        return None
    since = max(max(state.polls[-1].at for state, _ in polled), min(due_at(state, source) for state, source in polled))
    return _moment(since) if since < now.timestamp() else None


def _new_by_day(state: SourceState, now: datetime) -> list[int]:
    """New entries in each of the last whole days, the latest 24 hours first; only days since the first poll.

    What the first poll found says nothing about a day.
    """
    second = int(now.timestamp())
    known = min(USUAL_DAYS + 1, max((second - state.since) // DAY_S, 1))
    counts = [0] * known
    for mark in state.entries.values():
        age = (second - mark.first) // DAY_S
        if mark.first > state.since and 0 <= age < known:
            counts[age] += 1
    return counts


def _moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
