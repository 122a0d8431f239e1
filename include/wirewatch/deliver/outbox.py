"""The outbox: alerts still to be delivered, `outbox/<alert_id>.json`.

An alert's id holds no run and no date, so a rerun, a clear or a second source enqueues the same object again. A
marker that comes back after delivery does no harm: the delivery log says `sent`, and the marker is deleted.
"""

import hashlib
from collections.abc import Iterator

from include.wirewatch.models import Alert
from include.wirewatch.store import Store

PREFIX = "outbox/"


def alert_id(article_id: str, receiver: str, rule: str = "") -> str:
    """The identity of one alert, or of the addendum about one more rule: 32 hex digits."""
    parts = (article_id, receiver, rule) if rule else (article_id, receiver)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def enqueue(store: Store, alert: Alert) -> bool:
    """Put the alert into the outbox; False where one of that id is there already."""
    return store.put_new(_key(alert.alert_id), alert.model_dump_json().encode())


def read(store: Store, alert_id: str) -> Alert | None:
    """The waiting alert of that id, or None."""
    stored = store.get(_key(alert_id))
    return Alert.model_validate_json(stored.body) if stored else None


def waiting(store: Store) -> Iterator[Alert]:
    """Every alert in the outbox, the longest waiting first. One that another worker removes meanwhile is left out."""
    for item in sorted(store.list(PREFIX), key=lambda item: item.modified):
        stored = store.get(item.key)
        if stored is not None:
            yield Alert.model_validate_json(stored.body)


def remove(store: Store, alert: Alert) -> None:
    store.delete(_key(alert.alert_id))


def _key(alert_id: str) -> str:
    return f"{PREFIX}{alert_id}.json"
