"""The delivery log, `delivery/<alert_id>.json`: one entry a message, for ever, changed by compare-and-swap only.

posting   somebody owns it until lease_until. last_try says when a post was begun; None: certainly nothing was posted
sent      it is in the channel, at ts
dead      the receiver refuses this message for good
Both keep the alert itself: the one to edit the message when copies come, the other so that nothing is lost.
A bulletin's entry keeps the edition that is shown; a quiet run's lies under another prefix (Bulletin.log_under).
"""

from typing import Literal, NamedTuple

from pydantic import AliasChoices, Field

from include.wirewatch.deliver.stored import read_as
from include.wirewatch.models import Alert, Bulletin, Record, Severity, UtcDatetime
from include.wirewatch.store import Store

PREFIX = "delivery/"


class LogEntry(Record):
    """What is known about the delivery of one alert. nonce tells one claim from another.

    parent … copy_of: where it was decided to post it, before it was tried; see thread.py.
    promoted: its thread is gone, so it stands by itself.
    edit_try: when an edit was begun of which nobody knows yet whether it arrived; None: none is on its way.
    copies: how many it shows.
    is_duplicate: the receiver said that it has this message already. Sent without ts: and it could not be found.
    """

    alert_id: str
    article_id: str
    receiver: str
    rules: tuple[str, ...]
    severity: Severity = "normal"
    parent: str = ""
    thread_ts: str = ""
    broadcast: bool = False
    # is_storm: what it was called at first. Entries are kept for ever.
    in_rollup: bool = Field(False, validation_alias=AliasChoices("in_rollup", "is_storm"))
    copy_of: str = ""
    promoted: bool = False
    state: Literal["posting", "sent", "dead"]
    owner: str
    nonce: str
    lease_until: UtcDatetime
    last_try: UtcDatetime | None = None
    tries: int = 0
    is_duplicate: bool = False
    via: str = ""
    channel: str = ""
    ts: str = ""
    sent_at: UtcDatetime | None = None
    edit_try: UtcDatetime | None = None
    copies: int = 0
    error: str = ""
    alert: Alert | None = None
    bulletin: Bulletin | None = None


class Versioned(NamedTuple):
    """An entry as read, with the etag that write() wants back."""

    entry: LogEntry
    etag: str


def read(store: Store, alert_id: str, under: str = PREFIX) -> Versioned | None:
    """The entry, or None. Raises UnreadableError for one that this version does not know."""
    key = _key(under, alert_id)
    stored = store.get(key)
    return Versioned(read_as(key, stored.body, LogEntry.model_validate_json), stored.etag) if stored else None


def write(store: Store, entry: LogEntry, before: Versioned | None, under: str = PREFIX) -> Versioned | None:
    """Write over what was read. None: somebody else wrote first, and the caller must let go."""
    etag = store.swap(_key(under, entry.alert_id), entry.model_dump_json().encode(), before.etag if before else None)
    return Versioned(entry, etag) if etag else None


def is_known(store: Store, alert_id: str, under: str = PREFIX) -> bool:
    """True when delivery has begun: the message was sent, is being sent, or is dead."""
    return store.get(_key(under, alert_id)) is not None


def log_of(outgoing: Alert | Bulletin) -> str:
    """The prefix under which its entry lies."""
    return outgoing.log_under if isinstance(outgoing, Bulletin) else PREFIX


def _key(under: str, alert_id: str) -> str:
    return f"{under}{alert_id}.json"
