"""What to do with one alert now. Pure: looks at the alert, its log entry and the clock, and touches nothing."""

from datetime import datetime, timedelta
from enum import StrEnum

from include.wirewatch.deliver.log import LogEntry
from include.wirewatch.models import Alert

# A post whose answer was lost may still be on its way to the channel; looking for it earlier could miss it.
SETTLE = timedelta(seconds=90)
LEASE = timedelta(seconds=120)


class Decision(StrEnum):
    """Why an alert is posted, looked for, or left."""

    NOT_YET = "not_yet"  # not_before has not come
    FIRST = "first"  # nobody has tried: claim it and post
    RESUME = "resume"  # claimed, never posted, and the lease has run out: claim it and post
    OWNED = "owned"  # another worker is at it
    SETTLING = "settling"  # a post was begun and its answer lost; too early to look for it
    RECONCILE = "reconcile"  # the same, and time to look for it in the channel
    ALREADY_SENT = "already_sent"  # only the marker is left to delete
    DEAD = "dead"  # refused for good; only the marker is left to delete
    WAITS_FOR_PARENT = "waits_for_parent"  # a reply, and what it replies to is not sent yet


def decide(alert: Alert, entry: LogEntry | None, now: datetime) -> Decision:
    """What to do with this alert now."""
    if entry is None:
        return Decision.FIRST if alert.not_before <= now else Decision.NOT_YET
    if entry.state == "sent":
        return Decision.ALREADY_SENT
    if entry.state == "dead":
        return Decision.DEAD
    if now < entry.lease_until:
        return Decision.OWNED
    if entry.last_try is None:
        return Decision.RESUME
    return Decision.SETTLING if now < entry.last_try + SETTLE else Decision.RECONCILE
