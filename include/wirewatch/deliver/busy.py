"""What a receiver asked us to wait (Retry-After), kept beyond the drain that heard it: `busy/<receiver>.json`.

Without it the next drain, a few minutes later or in another process, would post into an hour's wait, and a receiver
that is asked again and again may make the wait longer. The longest wait wins, an hour at most. Nothing is deleted:
a wait that is over says nothing.
"""

import logging
from datetime import datetime, timedelta

from include.wirewatch.deliver.receiver import RETRY_AFTER_MAX_S
from include.wirewatch.deliver.stored import UnreadableError, read_as
from include.wirewatch.models import Record, UtcDatetime
from include.wirewatch.store import Store, Stored

log = logging.getLogger(__name__)
PREFIX = "busy/"
LONGEST = timedelta(seconds=RETRY_AFTER_MAX_S)
RACES = 5


class Wait(Record):
    """Until when the receiver is left alone."""

    until: UtcDatetime


def keep(store: Store, receiver: str, until: datetime) -> None:
    """Note the wait, unless a longer one is known."""
    key = f"{PREFIX}{receiver}.json"
    for _ in range(RACES):
        stored = store.get(key)
        known = _until(key, stored)
        if known and known >= until:
            return
        if store.swap(key, Wait(until=until).model_dump_json().encode(), stored.etag if stored else None):
            return
    # Others write as fast: theirs will do, and one request too early is refused, no more.


def waits(store: Store, now: datetime) -> dict[str, datetime]:
    """Receiver → until when it is left alone, where that is still to come."""
    keys = [item.key for item in store.list(PREFIX)]
    known = {key.removeprefix(PREFIX).removesuffix(".json"): _until(key, store.get(key)) for key in keys}
    return {receiver: min(until, now + LONGEST) for receiver, until in known.items() if until and until > now}


def _until(key: str, stored: Stored | None) -> datetime | None:
    try:
        return read_as(key, stored.body, Wait.model_validate_json).until if stored else None
    except UnreadableError as error:
        log.warning("busy.unreadable %s", error)  # worth no failure: the receiver will say so again
        return None
