"""Where in a channel an alert is posted. Pure.

A reply waits until its parent is sent. Where the parent is dead, has vanished or is out of sight (sent, but not found),
the reply is promoted: it stands by itself; of the copies of a dead lead one does so, and leads the others. A reply is
shown in the channel as well only when it is more severe than its parent.
"""

from typing import NamedTuple

from include.wirewatch.config.rules import SEVERITIES
from include.wirewatch.deliver.log import LogEntry
from include.wirewatch.models import Alert, Bulletin, Severity


class Place(NamedTuple):
    """parent: the alert_id replied to; thread_ts: the message that opens the thread; both "" for one by itself.

    in_rollup: the parent is a rollup. copy_of: the title of the parent, where that is not the thread's first message.
    """

    parent: str = ""
    thread_ts: str = ""
    broadcast: bool = False
    in_rollup: bool = False
    copy_of: str = ""


BY_ITSELF = Place()


def severity_of(outgoing: Alert | Bulletin) -> Severity:
    """The highest of its matches; a failure is "high", any other bulletin "normal"."""
    if outgoing.kind == "failure":
        return "high"
    matches = outgoing.matches if isinstance(outgoing, Alert) else ()
    return max((match.severity for match in matches), key=SEVERITIES.index, default="normal")


def place_below(outgoing: Alert | Bulletin, parent: LogEntry | None, *, parent_waits: bool) -> Place | None:
    """Where a reply goes; None: not yet. parent_waits: the parent is in the outbox."""
    if parent is None:
        return None if parent_waits else BY_ITSELF
    if parent.state == "posting":
        return None
    thread_ts = parent.thread_ts or parent.ts
    if parent.state == "dead" or not thread_ts:
        return BY_ITSELF
    louder = SEVERITIES.index(severity_of(outgoing)) > SEVERITIES.index(parent.severity)
    in_rollup = parent.alert is not None and parent.alert.kind == "rollup"
    # In a rollup's thread are many stories: "the article above" would say nothing.
    is_copy = isinstance(outgoing, Alert) and not outgoing.parent and not in_rollup
    copy_of = parent.alert.title if parent.alert and parent.thread_ts and is_copy else ""
    return Place(parent.alert_id, thread_ts, louder, in_rollup, copy_of)


def is_to_succeed(copy: Alert, lead: LogEntry) -> bool:
    """True where the lead of its story is dead: one of the copies must lead, or each would stand by itself."""
    return lead.state == "dead" and not copy.parent and lead.alert is not None and lead.alert.kind == "article"


def place_decided(entry: LogEntry | None) -> Place | None:
    """Where it was decided to post it; None while it may still be decided: nothing has been tried."""
    return None if entry is None or (entry.last_try is None and not entry.promoted) else place_of(entry)


def place_of(entry: LogEntry) -> Place:
    """Where it was decided to post it."""
    return Place(entry.parent, entry.thread_ts, entry.broadcast, entry.in_rollup, entry.copy_of)
