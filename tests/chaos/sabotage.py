"""Ways to break the protocol inside a worker, so that a test can see that the chaos run notices."""

from include.wirewatch.deliver import drain, outbox
from include.wirewatch.deliver.posting import Poster, Result
from include.wirewatch.deliver.slack import SlackChannel
from include.wirewatch.deliver.thread import BY_ITSELF


def never_look() -> None:
    """A post whose answer was lost is repeated without looking for it: doubles."""
    SlackChannel.find = lambda *arguments: None


def forget() -> None:
    """One marker in four is never written: loses."""
    enqueue = outbox.enqueue
    outbox.enqueue = lambda store, alert: False if alert.alert_id[0] in "0123" else enqueue(store, alert)


def show_no_context() -> None:
    """Every message stands by itself, no copies are counted, and the first edition stays."""
    drain.place_below = lambda *arguments, **options: BY_ITSELF
    Poster.count_copies = lambda *arguments: "shown"
    Poster.edit = lambda *arguments: Result("edited")
