"""One batch: its keys, its raw copies, its clean copy and its matches, and how to write and read them."""

import hashlib
import re
from collections.abc import Container, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple, TypeVar

import zstandard

from include.wirewatch.errors import StoreError
from include.wirewatch.models import Article, ArticleMatches, Batch, BatchItem, Capture, RawRef, Reason, Record
from include.wirewatch.store import Listed, Store
from include.wirewatch.warc import decode_captures, encode_capture, encode_info

Row = TypeVar("Row", bound=Record)
READERS = 16
# Answers that another day's fetch would only hear again.
SETTLED = frozenset({Reason.ROBOTS, Reason.TOO_LARGE, Reason.NOT_HTML})


class BatchKey(NamedTuple):
    """Names one batch: its day (YYYY-MM-DD) and its id, which holds no dot and no slash."""

    dt: str
    batch: str

    @property
    def record(self) -> str:
        return f"raw/dt={self.dt}/{self.batch}.json"

    def warc(self, attempt: str) -> str:
        return f"raw/dt={self.dt}/{self.batch}.{attempt}.warc.gz"

    def clean(self, extractor: str) -> str:
        return f"clean/dt={self.dt}/{self.batch}.{extractor}.jsonl.zst"

    def matches(self, extractor: str, rules: str) -> str:
        return f"matches/dt={self.dt}/{self.batch}.{extractor}.{rules}.jsonl.zst"

    @classmethod
    def parse(cls, key: str) -> "BatchKey":
        """From any key of a batch. Raises ValueError for another key."""
        found = re.fullmatch(r"(?:raw|clean|matches)/dt=(\d{4}-\d\d-\d\d)/([^./]+)\..+", key)
        if found is None:
            raise ValueError(f"not the key of a batch: {key!r}")
        return cls(found[1], found[2])


class RawWriter:
    """Collects captures as one WARC file in memory: 5x smaller than the pages, so 500 pages take about 30 MB."""

    def __init__(self, key: str, created_at: datetime) -> None:
        self.key = key
        self._parts = [encode_info(created_at)]
        self._size = len(self._parts[0])

    def add(self, capture: Capture) -> RawRef:
        record = encode_capture(capture)
        offset = self._size
        self._parts.append(record)
        self._size += len(record)
        return RawRef(key=self.key, offset=offset, length=len(record), sha256=hashlib.sha256(capture.body).hexdigest())

    def save(self, store: Store) -> str:
        """Write the file and return its key; "" when nothing was captured."""
        if len(self._parts) == 1:
            return ""
        store.put(self.key, b"".join(self._parts))
        return self.key


def commit_batch(store: Store, batch: Batch) -> Batch:
    """Write the commit record if absent, and return the one that holds: ours, or an earlier attempt's."""
    key = BatchKey(batch.dt, batch.batch)
    if store.put_new(key.record, batch.model_dump_json().encode()):
        return batch
    return read_batch(store, key)


def find_batch(store: Store, key: BatchKey) -> Batch | None:
    """The commit record, or None while the batch is not fetched."""
    stored = store.get(key.record)
    return Batch.model_validate_json(stored.body) if stored else None


def read_batch(store: Store, key: BatchKey) -> Batch:
    """Raises StoreError where there is none."""
    batch = find_batch(store, key)
    if batch is None:
        raise StoreError(f"{store.url(key.record)} is not there: the batch was never committed")
    return batch


def read_capture(store: Store, raw: RawRef) -> Capture:
    """One raw copy, by a ranged read."""
    return next(decode_captures(store.get_range(raw.key, raw.offset, raw.length)))


def read_captures(store: Store, batch: Batch) -> Iterator[tuple[BatchItem, Capture | None]]:
    """Every item of a batch with its capture (None unless fetched); the file is read once."""
    stored = store.get(batch.warc) if batch.warc else None
    if batch.warc and stored is None:
        raise StoreError(f"{store.url(batch.warc)} is not there, but {batch.batch} refers to it")
    for item in batch.items:
        if item.raw is None or stored is None:
            yield item, None
        else:
            record = stored.body[item.raw.offset : item.raw.offset + item.raw.length]
            yield item, next(decode_captures(record))


def write_articles(store: Store, key: str, articles: Iterable[Article]) -> None:
    store.put(key, _to_jsonl(articles))


def read_articles(store: Store, key: str) -> list[Article]:
    return _read_jsonl(store, key, Article)


def write_matches(store: Store, key: str, matches: Iterable[ArticleMatches]) -> None:
    store.put(key, _to_jsonl(matches))


def read_matches(store: Store, key: str) -> list[ArticleMatches]:
    return _read_jsonl(store, key, ArticleMatches)


def find_matches(store: Store, key: str) -> list[ArticleMatches]:
    """The same; none where the batch is not matched with these rules."""
    stored = store.get(key)
    return _from_jsonl(stored.body, ArticleMatches) if stored else []


def matches_since(store: Store, days: Iterable[date], since: datetime) -> Iterator[tuple[Listed, list[ArticleMatches]]]:
    """The matches batches of those days that were written since, in the order of their keys; each is read once."""
    listed = [item for day in days for item in store.list(f"matches/dt={day}/") if item.modified >= since]
    with ThreadPoolExecutor(READERS) as pool:
        yield from zip(listed, pool.map(lambda item: find_matches(store, item.key), listed), strict=True)


def has_matches(store: Store, key: BatchKey) -> bool:
    return next(store.list(f"matches/dt={key.dt}/{key.batch}."), None) is not None


def unfinished(store: Store, days: Iterable[date], committed_before: datetime) -> list[BatchKey]:
    """Batches fetched before that time which no matches batch has finished, oldest first."""
    found: list[tuple[datetime, BatchKey]] = []
    for day in days:
        finished = {BatchKey.parse(item.key) for item in store.list(f"matches/dt={day}/")}
        for item in store.list(f"raw/dt={day}/"):
            if item.key.endswith(".json") and item.modified < committed_before:
                key = BatchKey.parse(item.key)
                if key not in finished:
                    found.append((item.modified, key))
    return [key for _, key in sorted(found)]


def read_batches(store: Store, days: Iterable[date], *, leave_out: Container[str] = ()) -> Iterator[Batch]:
    """The commit records of those days, less those of the batches to leave out; a few of them in memory at once."""
    listed = (item.key for day in days for item in store.list(f"raw/dt={day}/") if item.key.endswith(".json"))
    keys = (key for key in map(BatchKey.parse, listed) if key.batch not in leave_out)
    with ThreadPoolExecutor(READERS) as pool:
        while chunk := list(islice(keys, 4 * READERS)):
            yield from pool.map(lambda key: read_batch(store, key), chunk)


def is_held(item: BatchItem) -> bool:
    """Whether the archive has the page, or knows that it is refused for good. What only failed is worth another try."""
    return item.raw is not None or item.outcome.reason in SETTLED


def latest_batches(store: Store, days: Iterable[date], limit: int) -> list[tuple[Listed, Batch]]:
    """The newest commit records of those days, newest first."""
    listed = [item for day in days for item in store.list(f"raw/dt={day}/") if item.key.endswith(".json")]
    return [(item, read_batch(store, BatchKey.parse(item.key))) for item in _newest(listed, limit)]


def latest_matches(store: Store, days: Iterable[date], limit: int) -> list[tuple[Listed, list[ArticleMatches]]]:
    """The newest matches batches of those days, newest first."""
    listed = [item for day in days for item in store.list(f"matches/dt={day}/")]
    return [(item, read_matches(store, item.key)) for item in _newest(listed, limit)]


def days_back(today: date, count: int) -> list[date]:
    """today and the days before it, `count` in all, newest first."""
    return [today - timedelta(days=back) for back in range(count)]


def _newest(listed: list[Listed], limit: int) -> list[Listed]:
    return sorted(listed, key=lambda item: item.modified, reverse=True)[:limit]


def _to_jsonl(rows: Iterable[Record]) -> bytes:
    lines = "".join(row.model_dump_json() + "\n" for row in rows)
    return zstandard.ZstdCompressor(level=6).compress(lines.encode())


def _read_jsonl(store: Store, key: str, model: type[Row]) -> list[Row]:
    stored = store.get(key)
    if stored is None:
        raise StoreError(f"{store.url(key)} is not there")
    return _from_jsonl(stored.body, model)


def _from_jsonl(body: bytes, model: type[Row]) -> list[Row]:
    with zstandard.ZstdDecompressor().stream_reader(body) as reader:
        return [model.model_validate_json(line) for line in reader.read().splitlines()]
