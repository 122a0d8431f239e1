"""Try dead messages again, once somebody has mended what they were refused for.

The log entry goes back to `posting` first and the marker into the outbox after it: in the other order a drain could
delete the marker as dead. Killed in between, reviving once more finishes it.
"""

from collections.abc import Iterator
from datetime import datetime

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.log import LogEntry
from include.wirewatch.store import Store


def dead(store: Store) -> Iterator[LogEntry]:
    """Every dead message, and every one whose revival was cut off. Reads the whole delivery log.

    Not those of backfills, whose logs lie elsewhere: clearing a day's *summarise* composes its message anew.
    """
    for item in store.list(delivery_log.PREFIX):
        known = delivery_log.read(store, item.key.removeprefix(delivery_log.PREFIX).removesuffix(".json"))
        if known and _is_revivable(store, known.entry):
            yield known.entry


def revive(store: Store, alert_id: str, now: datetime) -> bool:
    """True when the message is back in the outbox; False when there is no dead one of that id."""
    known = delivery_log.read(store, alert_id)
    if known is None or not _is_revivable(store, known.entry):
        return False
    outgoing = known.entry.alert or known.entry.bulletin
    if outgoing is None:
        return False
    if known.entry.state == "dead":
        changes = {"state": "posting", "last_try": None, "lease_until": now, "promoted": False}
        if delivery_log.write(store, known.entry.model_copy(update=changes), known) is None:
            return False
    outbox.enqueue(store, outgoing)
    return True


def _is_revivable(store: Store, entry: LogEntry) -> bool:
    # Only what was dead keeps its alert while it is `posting`.
    cut_off = entry.state == "posting" and entry.alert is not None and outbox.read(store, entry.alert_id) is None
    return entry.state == "dead" or cut_off
