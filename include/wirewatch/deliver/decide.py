"""What to do with one message now. Pure: looks at it, its log entry and the clock, and touches nothing."""

from datetime import datetime, timedelta
from enum import StrEnum

from include.wirewatch.deliver.log import LogEntry
from include.wirewatch.models import Alert, Bulletin

# A post whose answer was lost may still be on its way to the channel; looking for it earlier could miss it.
SETTLE = timedelta(seconds=90)
LEASE = timedelta(seconds=120)


class Decision(StrEnum):
    """Why a message is posted, edited, looked for, or left."""

    NOT_YET = "not_yet"  # not_before has not come
    HELD = "held"  # its receiver's quiet hours: it waits for their end
    FIRST = "first"  # nobody has tried: claim it and post
    RESUME = "resume"  # claimed, never posted, and the lease has run out: claim it and post
    OWNED = "owned"  # another worker is at it
    SETTLING = (
        "settling"  # a post or an edit was begun, and its answer may be lost; too early to look, or to edit again
    )
    RECONCILE = "reconcile"  # the same, and time to look for it in the channel
    EDIT = "edit"  # it is in the channel, and this edition is not yet certain to be shown
    ALREADY_SENT = "already_sent"  # only the marker is left to delete
    DEAD = "dead"  # refused for good; left to do: tell it, then delete the marker
    WAITS_FOR_PARENT = "waits_for_parent"  # a reply, and what it replies to is not sent yet


def decide(outgoing: Alert | Bulletin, entry: LogEntry | None, now: datetime, *, held: bool = False) -> Decision:
    """What to do with this message now. held: it must not be posted in these hours, begun or not."""
    if entry is None and outgoing.not_before > now:
        return Decision.NOT_YET
    if entry is None:
        return Decision.HELD if held else Decision.FIRST
    edition, shown = _edition(outgoing), _edition(entry.bulletin)
    if entry.state == "sent":
        is_shown = edition < shown or (edition == shown and entry.edit_try is None)
        if not edition or is_shown:
            return Decision.ALREADY_SENT
        return Decision.SETTLING if is_being_edited(entry, now) else Decision.EDIT
    if entry.state == "dead":
        return Decision.RESUME if edition > shown else Decision.DEAD
    if now < entry.lease_until:
        return Decision.OWNED
    if held:
        return Decision.HELD
    if entry.last_try is None:
        return Decision.RESUME
    return Decision.SETTLING if now < entry.last_try + SETTLE else Decision.RECONCILE


def is_being_edited(entry: LogEntry, now: datetime) -> bool:
    """Whether an edit may still arrive. Another one beside it could arrive before it, and be undone by it."""
    return entry.edit_try is not None and now < entry.edit_try + SETTLE


def _edition(outgoing: Alert | Bulletin | None) -> int:
    return outgoing.edition if isinstance(outgoing, Bulletin) else 0
