"""The outbox: alerts still to be delivered, `outbox/<alert_id>.json`.

An alert's id holds no run and no date, so a rerun, a clear or a second source enqueues the same object again. A
marker that comes back after delivery does no harm: the delivery log says `sent`, and the marker is deleted.
"""

import hashlib
from collections.abc import Iterator

from include.wirewatch.models import Alert
from include.wirewatch.store import Store

PREFIX = "outbox/"


def alert_id(article_id: str, receiver: str) -> str:
    """The identity of one alert: 32 hex digits."""
    return hashlib.sha256(f"{article_id}\n{receiver}".encode()).hexdigest()[:32]


def enqueue(store: Store, alert: Alert) -> None:
    """Put the alert into the outbox unless it is there already."""
    store.put_new(f"{PREFIX}{alert.alert_id}.json", alert.model_dump_json().encode())


def waiting(store: Store) -> Iterator[Alert]:
    """Every alert in the outbox, the longest waiting first. One that another worker removes meanwhile is left out."""
    for item in sorted(store.list(PREFIX), key=lambda item: item.modified):
        stored = store.get(item.key)
        if stored is not None:
            yield Alert.model_validate_json(stored.body)


def remove(store: Store, alert: Alert) -> None:
    store.delete(f"{PREFIX}{alert.alert_id}.json")
