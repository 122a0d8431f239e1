"""What to poll, what to fetch, and when to stop trying. Pure: `now` is an argument, nothing here does I/O."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from include.wirewatch.config.sources import Source
from include.wirewatch.frontier.state import NEVER, Mark, SourceState, key_of
from include.wirewatch.models import Entry, Outcome, Reason

DAY_S = 86_400
MAX_BACKOFF_S = 3 * DAY_S
# Share of already-seen entries beyond which a source is polled less often, or more often.
SLOW_DOWN_AT, SPEED_UP_AT = 0.67, 0.33
PACE = 1.5
# Every so many good polls one is unconditional: some servers answer the same ETag after the feed has changed.
UNCONDITIONAL_EVERY = 24
# Runs start every few minutes and not to the second; a source due within this is due.
DUE_SLACK_S = 30
# A page that fails is tried again: at once by the next run (publishers list links minutes before the page is there),
# then after a quarter of an hour; then its title and summary have to do.
RETRY_GAPS_S = (0, 900)
MAX_ATTEMPTS = len(RETRY_GAPS_S) + 1
# How long an entry may wait for a turn that never comes (a host that refuses everyone for hours).
MAX_WAIT_S = 6 * 3600
# A changed entry is fetched anew at most so often; a page of a source tagged `live` is looked at again as often.
REVISIT_S = 3600
ANSWERED = frozenset({Reason.FETCHED, Reason.UNCHANGED})


class Unseen(NamedTuple):
    """An entry to fetch. first_poll: it was in the source's first listing, so first_seen is not its age."""

    entry: Entry
    first_seen: datetime
    first_poll: bool = False
    attempts: int = 0


def streak_of_failures(state: SourceState) -> int:
    """Polls that failed since the last good one.

    A 304 after a failure says nothing new: it counts as one. A broken listing of which entries could be read does not:
    some publishers' XML is never well-formed.
    """
    streak = 0
    for poll in state.polls:
        if poll.label == Reason.FETCHED or poll.listed or (poll.label == Reason.UNCHANGED and not streak):
            streak = 0
        else:
            streak += 1
    return streak


def interval_s(state: SourceState, source: Source) -> float:
    """The pause until the next poll.

    Between the source's bounds by the share of entries already seen; twice as long for each failure in a row, up to
    three days: dead sources come back. With entries still to fetch it is the shortest.
    """
    low, high = source.min_interval.total_seconds(), source.max_interval.total_seconds()
    streak = streak_of_failures(state)
    if streak:
        return max(float(low), min(max(low, 60.0) * 2.0 ** min(streak, 20), MAX_BACKOFF_S))
    if _has_pending(state):
        return low
    pause = low
    for poll in state.polls:
        if poll.at == state.since or not (poll.listed or poll.label in ANSWERED):
            continue
        seen = 1 - poll.fresh / poll.listed if poll.listed else 1.0
        if seen >= SLOW_DOWN_AT:
            pause = min(max(pause, 1.0) * PACE, high)
        elif seen <= SPEED_UP_AT:
            pause = max(pause / PACE, low)
    return max(low, min(pause, high))


def is_due(state: SourceState | None, source: Source, now: datetime) -> bool:
    """Whether to poll the source now. One never polled is due; one whose host asked for a pause is not."""
    if state is None or not state.polls:
        return True
    if now.timestamp() < state.not_before:
        return False
    return now.timestamp() + DUE_SLACK_S >= state.polls[-1].at + interval_s(state, source)


def due_at(state: SourceState, source: Source) -> int:
    """The second from which a source that has been polled is to be polled again."""
    return max(state.polls[-1].at + int(interval_s(state, source)), state.not_before)


def validators_for(state: SourceState | None, source: Source) -> tuple[str, str]:
    """ETag and Last-Modified to send, or "" twice to ask unconditionally.

    Unconditional: after a failure (a 304 would hide it), while entries are still to fetch (a 304 does not name them),
    now and then, and where the source's settings say that its validators lie.
    """
    if state is None or not source.validators or streak_of_failures(state) or _has_pending(state):
        return "", ""
    latest = state.polls[-UNCONDITIONAL_EVERY:]
    if len(latest) == UNCONDITIONAL_EVERY and all(poll.conditional for poll in latest):
        return "", ""
    return state.validators[1:]


def unseen(
    state: SourceState | None, entries: Iterable[Entry], now: datetime, tags: Iterable[str] = ()
) -> list[Unseen]:
    """The entries to fetch: new ones, those to try again (listed still or not), and those to look at again.

    Look again: the source says that it changed since, or the source is tagged `live`; at most once an hour either way.
    """
    second, found, live = int(now.timestamp()), [], "live" in tags
    listed = list(entries)
    known = {key_of(entry.url) for entry in listed}
    pending = state.pending if state else {}
    waiting = [Entry.model_validate_json(entry) for key, entry in pending.items() if key not in known]
    for entry in (*listed, *waiting):
        mark = state.entries.get(key_of(entry.url)) if state else None
        if mark is None:
            found.append(Unseen(entry, now, state is None or state.since == NEVER))
        elif _is_wanted(mark, entry, second, live):
            first_poll = state is None or mark.first <= state.since
            found.append(Unseen(entry, datetime.fromtimestamp(mark.first, UTC), first_poll, mark.attempts))
    return found


def is_final(outcome: Outcome, attempts: int, first_seen: datetime, now: datetime) -> bool:
    """Whether nothing more is to be fetched for an entry. attempts: how often it had failed before this outcome.

    What may pass is final with attempt MAX_ATTEMPTS. No turn at all is final after MAX_WAIT_S. Everything else is final
    at once.
    """
    if outcome.reason is Reason.NOT_FETCHED:
        return (now - first_seen).total_seconds() >= MAX_WAIT_S
    return not outcome.may_pass or attempts + 1 >= MAX_ATTEMPTS


def _is_wanted(mark: Mark, entry: Entry, now: int, live: bool) -> bool:
    if not mark.done:
        gap = RETRY_GAPS_S[min(mark.attempts, len(RETRY_GAPS_S)) - 1] if mark.attempts else 0
        return now - mark.fetched >= gap
    if now - mark.fetched < REVISIT_S:
        return False
    return live or stamp(entry.modified) > mark.modified


def _has_pending(state: SourceState) -> bool:
    listed = max((mark.last for mark in state.entries.values()), default=0)
    return any(not mark.done and mark.last > listed - DAY_S for mark in state.entries.values())


def stamp(moment: datetime | None) -> int:
    return int(moment.timestamp()) if moment else 0
