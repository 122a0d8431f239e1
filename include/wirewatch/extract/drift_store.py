"""The windows of all sources as one object, `drift.json.zst`: a batch costs one read and one swap.

These are statistics that grow back by themselves: what cannot be read is begun anew rather than mended.
Each window is a JSON text within the JSON, so that only the windows asked for are decoded: with 1,000 sources that
is most of the cost.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import zstandard

from include.wirewatch.errors import StoreError
from include.wirewatch.extract.drift import Sample, merge
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
KEY = "drift.json.zst"
FORMAT = 1
SWAP_TRIES = 6
# A source without articles for half a year has gone, or been renamed.
FORGOTTEN_AFTER_S = 180 * 86_400

Windows = dict[str, tuple[Sample, ...]]


class _Packed(NamedTuple):
    """A window as stored: when its newest sample is of, and its samples as JSON."""

    newest_at: int
    samples: str


class DriftStore:
    """The stored windows of one place."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, sources: Iterable[str]) -> Windows:
        """These sources' windows, oldest sample first; () of a source that is not known."""
        packed, _ = self._read()
        return {source: _window(packed, source) for source in sources}

    def add(self, samples: Mapping[str, Sample]) -> Windows:
        """Merge one batch's samples and return the windows of its sources; safe to repeat.

        Raises:
            StoreError: S3 does not answer as it must, or other batches were faster each time; nothing is kept then.
        """
        for _ in range(SWAP_TRIES):
            packed, etag = self._read()
            known = {source: _window(packed, source) for source in samples}
            merged = {source: merge(window, samples[source]) for source, window in known.items()}
            if merged == known:
                return merged
            packed |= {source: _Packed(window[-1].at, json.dumps(window)) for source, window in merged.items()}
            if self._store.swap(KEY, _pack(packed), etag) is not None:
                return merged
        raise StoreError(f"{KEY}: lost the race {SWAP_TRIES} times in a row")

    def _read(self) -> tuple[dict[str, _Packed], str | None]:
        stored = self._store.get(KEY)
        if stored is None:
            return {}, None
        try:
            return _unpack(stored.body), stored.etag
        except (zstandard.ZstdError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("drift.begun_anew key=%s error=%r", KEY, error)
            return {}, stored.etag


def _window(packed: Mapping[str, _Packed], source: str) -> tuple[Sample, ...]:
    if source not in packed:
        return ()
    rows = json.loads(packed[source].samples)
    return tuple(Sample(at, batch, tuple(words), fallbacks) for at, batch, words, fallbacks in rows)


def _pack(packed: Mapping[str, _Packed]) -> bytes:
    newest = max(window.newest_at for window in packed.values())
    kept = {source: window for source, window in packed.items() if newest - window.newest_at < FORGOTTEN_AFTER_S}
    data = {"format": FORMAT, "sources": dict(sorted(kept.items()))}
    return zstandard.compress(json.dumps(data, separators=(",", ":")).encode(), 3)


def _unpack(body: bytes) -> dict[str, _Packed]:
    data = json.loads(zstandard.decompress(body))
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']!r}, expected {FORMAT}")
    return {source: _Packed(int(newest_at), str(samples)) for source, (newest_at, samples) in data["sources"].items()}
