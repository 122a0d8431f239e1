"""What one poll of one source changes in the frontier, as JSON that travels with the batch."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from include.wirewatch.config.sources import Source
from include.wirewatch.frontier.buckets import bucket_of
from include.wirewatch.frontier.decide import stamp, validators_for
from include.wirewatch.frontier.state import NEVER, Mark, PollMark, SourceState, key_of, to_json
from include.wirewatch.models import TRANSIENT, Entry, Outcome, Reason
from include.wirewatch.urls import host_of

# last_seen is moved only when it is this old: otherwise every poll would rewrite every entry into every batch.
SEEN_GRAIN_S = 6 * 3600


class Handled(NamedTuple):
    """An entry that was tried. final: nothing more is to be fetched (see is_final)."""

    entry: Entry
    outcome: Outcome
    final: bool


class PollResult(Protocol):
    """What a poll brought; discover.Poll is one."""

    @property
    def entries(self) -> tuple[Entry, ...]: ...
    @property
    def outcome(self) -> Outcome: ...
    @property
    def etag(self) -> str: ...
    @property
    def last_modified(self) -> str: ...


def delta_of(
    source: Source, state: SourceState | None, poll: PollResult, handled: Sequence[Handled], now: datetime
) -> dict[str, object]:
    """What one poll changes, as JSON: {source name: {"bucket": …, "state": …}}, for Frontier.apply.

    state: as it was read before the poll. Entries listed but not tried keep their first sighting.
    """
    second = int(now.timestamp())
    old = state.entries if state else {}
    marks: dict[str, Mark] = {}
    for entry in poll.entries:
        key = key_of(entry.url)
        before = old.get(key)
        if before is None or second - before.last >= SEEN_GRAIN_S:
            marks[key] = Mark(before.first if before else second, second)
    fresh = sum(key not in old for key in marks)
    for entry, outcome, final in handled:
        key = key_of(entry.url)
        before = marks.get(key) or old.get(key) or Mark(second, second)
        tried = outcome.reason is not Reason.NOT_FETCHED
        failed = outcome.reason in TRANSIENT or outcome.reason is Reason.HTTP_ERROR
        marks[key] = Mark(
            first=before.first,
            last=second,
            done=final,
            attempts=(old[key].attempts if key in old else 0) + failed,
            modified=stamp(entry.modified) if final else 0,
            fetched=second if tried else 0,
        )
    pending = {
        key_of(entry.url): entry.model_dump_json(exclude_defaults=True) for entry, _, final in handled if not final
    }
    is_good = poll.outcome.reason is Reason.FETCHED
    conditional = any(validators_for(state, source))
    # A poll that was never made is no poll: the source stays due, and its streak of failures stays what it was.
    is_poll = poll.outcome.reason is not Reason.NOT_FETCHED
    polls = (PollMark(second, poll.outcome.label, len(poll.entries), fresh, conditional),) if is_poll else ()
    validators = (second, poll.etag, poll.last_modified) if is_good else (0, "", "")
    since = min(state.since if state else NEVER, second if is_good or poll.entries else NEVER)
    not_before = max((second + int(pause_s) for pause_s in _pauses(source, poll, handled)), default=0)
    return {
        source.name: {
            "bucket": bucket_of(source),
            "state": to_json(SourceState(since, polls, validators, marks, not_before, pending)),
        }
    }


def _pauses(source: Source, poll: PollResult, handled: Sequence[Handled]) -> Iterator[float]:
    """What the source's own host asked for, with its listing or with a page; another host's wish is not its own."""
    if poll.outcome.retry_after_s is not None:
        yield poll.outcome.retry_after_s
    for entry, outcome, _ in handled:
        if outcome.retry_after_s is not None and host_of(entry.url) == host_of(source.url):
            yield outcome.retry_after_s
