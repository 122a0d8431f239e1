"""Enqueue what a receiver has not been told yet: the first alert about an article, or addenda to it.

A rule that matches an article later (a revisit, a second source, a new rule) is an addendum in the thread of the
first alert, one for each rule, with an id and a delivery of its own.
"""

from collections.abc import Iterable
from typing import NamedTuple

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.models import Alert
from include.wirewatch.store import Store


class Told(NamedTuple):
    """The first alert about an article, waiting or delivered. batch: which one told it."""

    alert_id: str
    article_id: str
    rules: tuple[str, ...]
    batch: str = ""


def offer(store: Store, alert: Alert, also_known_as: Iterable[str] = ()) -> bool:
    """True when there is something to tell the receiver, or this very batch has told it already: as at its first run.

    also_known_as: other article ids under which it may know the article.
    """
    others = sorted({outbox.alert_id(known, alert.receiver) for known in also_known_as} - {alert.alert_id})
    told = next(filter(None, (_told(store, known) for known in (alert.alert_id, *others))), None)
    if told is None:
        # First the pointers: a later sighting may know the article by one of its other addresses alone.
        for other in others:
            store.put_new(_pointer(other), alert.alert_id.encode())
        if outbox.enqueue(store, alert):
            return True
        # Somebody was faster, since we looked.
        told = _told(store, alert.alert_id) or Told(alert.alert_id, alert.article_id, ())
    return enqueue_addenda(store, alert, told) or told.batch == alert.batch


def is_told(store: Store, article_id: str, receiver: str) -> bool:
    """True when the receiver was sent an alert about this article, by whichever of its addresses. Reads only."""
    own_id = outbox.alert_id(article_id, receiver)
    known = delivery_log.read(store, own_id)
    if known is None and (pointer := store.get(_pointer(own_id))):
        known = delivery_log.read(store, pointer.body.decode())
    return known is not None and known.entry.state == "sent"


def enqueue_addenda(store: Store, alert: Alert, told: Told) -> bool:
    """Enqueue an addendum for each rule of `alert` that `told` does not name and no addendum has told.

    True if any is this batch's.
    """
    count = 0
    for match in alert.matches:
        if match.rule in told.rules:
            continue
        own_id = outbox.alert_id(told.article_id, alert.receiver, match.rule)
        known = _own(store, own_id)
        if known is None:
            same_article = {"article_id": told.article_id, "parent": told.alert_id, "signature": ""}
            addendum = alert.model_copy(update={**same_article, "alert_id": own_id, "matches": (match,)})
            count += outbox.enqueue(store, addendum)
        else:
            count += known.batch == alert.batch
    return count > 0


def _told(store: Store, alert_id: str) -> Told | None:
    """What is known under this id, or under the one that it points to."""
    if told := _own(store, alert_id):
        return told
    pointer = store.get(_pointer(alert_id))
    return _own(store, pointer.body.decode()) if pointer else None


def _own(store: Store, alert_id: str) -> Told | None:
    # The outbox first: an alert leaves it only once the log knows it, so looking in this order cannot miss it.
    if waiting := outbox.read(store, alert_id):
        return Told(alert_id, waiting.article_id, tuple(match.rule for match in waiting.matches), waiting.batch)
    known = delivery_log.read(store, alert_id)
    if known is None:
        return None
    batch = known.entry.alert.batch if known.entry.alert else ""
    return Told(alert_id, known.entry.article_id, known.entry.rules, batch)


def _pointer(alert_id: str) -> str:
    return f"known/{alert_id}"
