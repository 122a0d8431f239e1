"""The stored frontier: `frontier/<00..63>.json.zst`, each read whole and swapped whole."""

import json
from collections.abc import Iterable, Mapping

import zstandard

from include.wirewatch.config.sources import Source
from include.wirewatch.errors import StoreError
from include.wirewatch.frontier.buckets import bucket_of
from include.wirewatch.frontier.state import SourceState, from_json, merge, pruned, to_json
from include.wirewatch.store import Store

FORMAT = 1
SWAP_TRIES = 20


class Frontier:
    """The stored frontier. One bucket is read and swapped as a whole."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, sources: Iterable[Source]) -> dict[str, SourceState]:
        """The states of these sources, by name; a source never polled is not among them."""
        sources = tuple(sources)
        buckets = {bucket: self._read(bucket)[0] for bucket in sorted({bucket_of(source) for source in sources})}
        states = {source.name: buckets[bucket_of(source)].get(source.name) for source in sources}
        return {name: state for name, state in states.items() if state is not None}

    def apply(self, delta: Mapping[str, object]) -> None:
        """Merge the deltas of delta_of into the frontier; safe to repeat. A lost race is run again on the new state."""
        by_bucket: dict[int, dict[str, SourceState]] = {}
        for name, change in delta.items():
            if not isinstance(change, dict) or not isinstance(change.get("bucket"), int):
                raise StoreError(f"frontier: not a delta of source {name!r}")
            by_bucket.setdefault(change["bucket"], {})[name] = from_json(change.get("state"))
        for bucket, changes in sorted(by_bucket.items()):
            self._apply(bucket, changes)

    def _apply(self, bucket: int, changes: Mapping[str, SourceState]) -> None:
        for _ in range(SWAP_TRIES):
            states, etag = self._read(bucket)
            for name, change in changes.items():
                states[name] = pruned(merge(states[name], change) if name in states else change)
            if self._store.swap(_key(bucket), _pack(states), etag) is not None:
                return
        raise StoreError(f"{_key(bucket)}: lost the race {SWAP_TRIES} times in a row")

    def _read(self, bucket: int) -> tuple[dict[str, SourceState], str | None]:
        stored = self._store.get(_key(bucket))
        return (_unpack(_key(bucket), stored.body), stored.etag) if stored else ({}, None)


def _key(bucket: int) -> str:
    return f"frontier/{bucket:02}.json.zst"


def _pack(states: Mapping[str, SourceState]) -> bytes:
    data = {"format": FORMAT, "sources": {name: to_json(state) for name, state in sorted(states.items())}}
    return zstandard.compress(json.dumps(data, separators=(",", ":")).encode(), 6)


def _unpack(key: str, body: bytes) -> dict[str, SourceState]:
    try:
        data = json.loads(zstandard.decompress(body))
        return {name: from_json(state) for name, state in data["sources"].items()}
    except (zstandard.ZstdError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(f"{key}: not readable: {error!r}") from None
