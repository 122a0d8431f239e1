"""The outbox: alerts and bulletins still to be delivered, `outbox/<alert_id>.json`.

An alert's id holds no run and no date, so a rerun, a clear or a second source enqueues the same object again. A
marker that comes back after delivery does no harm: the delivery log says `sent`, and the marker is deleted.
Each edition of a bulletin is a marker of its own, so that deleting one that is done cannot take a later one along.
"""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from pydantic import TypeAdapter

from include.wirewatch.deliver.stored import UnreadableError, read_as
from include.wirewatch.models import Alert, Bulletin, Outgoing
from include.wirewatch.store import Store

PREFIX = "outbox/"
# Markers read at once: one after the other, a backlog of 10,000 would take longer to read than a task may run.
READERS = 16
_OUTGOING: TypeAdapter[Alert | Bulletin] = TypeAdapter(Outgoing)


def alert_id(article_id: str, receiver: str, rule: str = "") -> str:
    """The identity of one alert, or of the addendum about one more rule: 32 hex digits."""
    parts = (article_id, receiver, rule) if rule else (article_id, receiver)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def enqueue(store: Store, outgoing: Alert | Bulletin) -> bool:
    """Put the message into the outbox; False where one of that id (and edition) is there already."""
    return store.put_new(_key_of(outgoing), outgoing.model_dump_json().encode())


def read(store: Store, alert_id: str) -> Alert | None:
    """The waiting alert of that id, or None."""
    stored = store.get(_key(alert_id))
    return read_as(_key(alert_id), stored.body, Alert.model_validate_json) if stored else None


def editions(store: Store, alert_id: str) -> list[int]:
    """The editions of a bulletin that wait."""
    start = f"{PREFIX}{alert_id}-"
    return [int(item.key.removeprefix(start).removesuffix(".json")) for item in store.list(start)]


def waiting(store: Store) -> Iterator[Alert | Bulletin | UnreadableError]:
    """Every message in the outbox, the longest waiting first; an error for one that this version does not know.

    One that another worker removes meanwhile is left out.
    """
    keys = iter([item.key for item in sorted(store.list(PREFIX), key=lambda item: item.modified)])
    with ThreadPoolExecutor(READERS) as pool:
        while some := list(islice(keys, 4 * READERS)):
            yield from (found for found in pool.map(lambda key: _read(store, key), some) if found is not None)


def remove(store: Store, outgoing: Alert | Bulletin) -> None:
    store.delete(_key_of(outgoing))


def _read(store: Store, key: str) -> Alert | Bulletin | UnreadableError | None:
    stored = store.get(key)
    try:
        return read_as(key, stored.body, _OUTGOING.validate_json) if stored else None
    except UnreadableError as error:
        return error


def _key(alert_id: str) -> str:
    return f"{PREFIX}{alert_id}.json"


def _key_of(outgoing: Alert | Bulletin) -> str:
    edition = outgoing.edition if isinstance(outgoing, Bulletin) else 0
    return _key(f"{outgoing.alert_id}-{edition}" if edition else outgoing.alert_id)
