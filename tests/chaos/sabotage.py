"""Ways to break the protocol inside a worker, so that a test can see that the chaos run notices."""

from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.slack import SlackChannel


def never_look() -> None:
    """A post whose answer was lost is repeated without looking for it: doubles."""
    SlackChannel.find = lambda *arguments: None


def forget() -> None:
    """One marker in four is never written: loses."""
    enqueue = outbox.enqueue
    outbox.enqueue = lambda store, alert: None if alert.alert_id[0] in "0123" else enqueue(store, alert)
