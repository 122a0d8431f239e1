"""What is remembered of one source, and how two memories become one.

A delta has the form of a state, and `merge` is a join: commutative, associative, idempotent. Every field is a minimum,
a maximum, a union or the newer of two, so a delta may be applied twice, late, or in any order. That is why there are
no counters here: streaks, intervals and articles per day are read off the latest polls and off first sightings.
All times are whole seconds since 1970 UTC.
"""

from collections.abc import Mapping
from typing import NamedTuple

from include.wirewatch.errors import StoreError
from include.wirewatch.urls import article_id, canonicalise

# Polls remembered for each source: enough to see its pace and its streak of failures.
POLLS_KEPT = 32
# An entry is forgotten so long after the source last listed it, measured from the source's last listing, so that
# neither an outage nor an unchanging feed makes old entries new.
REMEMBER_S = 14 * 86_400
ENTRIES_KEPT = 20_000


# Entries that wait for another try are remembered whole; more than this is a source in trouble, not news.
PENDING_KEPT = 200
# Later than any moment, so that the first listing is the earlier one in every merge.
NEVER = 2**53


class PollMark(NamedTuple):
    """One poll as remembered. label: its outcome; listed, fresh: entries it listed, and those never seen before."""

    at: int
    label: str
    listed: int
    fresh: int
    conditional: bool


class Mark(NamedTuple):
    """One entry as remembered. done: nothing more is to be fetched. modified: what the source said when it was handled.

    fetched: the last attempt, 0 before the first. attempts: how many failed.
    """

    first: int
    last: int
    done: bool = False
    attempts: int = 0
    modified: int = 0
    fetched: int = 0


class SourceState(NamedTuple):
    """What is remembered of one source. since: its first listing, NEVER before there was one.

    validators: when they were given, ETag, Last-Modified. not_before: until when its host asked to be left alone.
    pending: entries whose page is to be tried again, as JSON by key: the listing may have dropped them by then.
    """

    since: int
    polls: tuple[PollMark, ...] = ()
    validators: tuple[int, str, str] = (0, "", "")
    entries: Mapping[str, Mark] = {}
    not_before: int = 0
    pending: Mapping[str, str] = {}


def key_of(url: str) -> str:
    """The frontier's name for an entry: 16 hex digits of its canonical URL's hash."""
    return article_id(canonicalise(url))[:16]


def merge(one: SourceState, other: SourceState) -> SourceState:
    """The join of two states, or of a state and a delta."""
    entries = dict(one.entries)
    for key, mark in other.entries.items():
        entries[key] = _join(entries[key], mark) if key in entries else mark
    pending = {
        key: max(one.pending.get(key, ""), other.pending.get(key, "")) for key in {**one.pending, **other.pending}
    }
    return SourceState(
        since=min(one.since, other.since),
        polls=tuple(sorted({*one.polls, *other.polls})[-POLLS_KEPT:]),
        validators=max(one.validators, other.validators),
        entries=entries,
        not_before=max(one.not_before, other.not_before),
        # Done is for ever, so leaving out what is done keeps this a join.
        pending={key: entry for key, entry in pending.items() if not (key in entries and entries[key].done)},
    )


def pruned(state: SourceState) -> SourceState:
    """Without the entries that the source stopped listing REMEMBER_S before its last listing, and bounded."""
    listed = max((mark.last for mark in state.entries.values()), default=0)
    kept = {key: mark for key, mark in state.entries.items() if mark.last > listed - REMEMBER_S}
    if len(kept) > ENTRIES_KEPT:
        newest = sorted(kept.items(), key=lambda item: (item[1].last, item[0]), reverse=True)
        kept = dict(newest[:ENTRIES_KEPT])
    waiting = sorted(
        (key for key in state.pending if key in kept), key=lambda key: (kept[key].first, key), reverse=True
    )
    return state._replace(entries=kept, pending={key: state.pending[key] for key in waiting[:PENDING_KEPT]})


def to_json(state: SourceState) -> dict[str, object]:
    """The stored form: plain JSON, each mark a short list."""
    return {
        "since": state.since,
        "polls": [list(poll) for poll in state.polls],
        "validators": list(state.validators),
        "not_before": state.not_before,
        "pending": dict(state.pending),
        "entries": {key: [int(field) for field in mark] for key, mark in state.entries.items()},
    }


def from_json(data: object) -> SourceState:
    """Raises StoreError unless it is what to_json gave."""
    try:
        if not isinstance(data, dict):
            raise TypeError(type(data).__name__)
        at, etag, modified = data["validators"]
        return SourceState(
            since=int(data["since"]),
            polls=tuple(PollMark(*poll) for poll in data["polls"]),
            validators=(int(at), str(etag), str(modified)),
            not_before=int(data["not_before"]),
            pending=dict(data["pending"]),
            entries={
                key: Mark(first, last, bool(done), *rest) for key, (first, last, done, *rest) in data["entries"].items()
            },
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreError(f"frontier: not a source's state: {error!r}") from None


def _join(one: Mark, other: Mark) -> Mark:
    return Mark(
        min(one.first, other.first),
        max(one.last, other.last),
        one.done or other.done,
        max(one.attempts, other.attempts),
        max(one.modified, other.modified),
        max(one.fetched, other.fetched),
    )
