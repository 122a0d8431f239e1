"""A day's articles, each exactly once, wherever they lie: in clean batches, in the day's Parquet file, or in both.

Which clean copies are current:
1. A batch that several extractors have read has one current copy, the one that was written last.
2. What the manifest says is in the Parquet file is read there, everything else in its batch.
3. A row of the file counts no more once its batch has a newer copy. The newer copy may lack an article that stood in an
   older batch too, behind this one; the manifest names such batches, and they are read themselves again.
4. An article that several batches hold counts once, as it was fetched last.

The manifest is read before the batches are listed. A compaction in between changes nothing for this reader: the file
that it has found is never changed or deleted, and what that file lacks is in the listing.
"""

import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from shutil import copyfileobj
from typing import NamedTuple

from pydantic import Field

from include.wirewatch.archive.batches import BatchKey, read_articles
from include.wirewatch.archive.parquet import FORMAT, Row, read_parquet
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Article, Record
from include.wirewatch.store import Listed, Store

NEVER = datetime.min.replace(tzinfo=UTC)


class Manifest(Record):
    """`manifest/dt=….json`: a day's Parquet file, "" before there is one. words: the file of its words, see words.py.

    articles: how many the file has. covers: the clean batches that are in it. format: of its columns, see parquet.py.
    behind: clean batch → the batches that hold an older version of an article that it holds. Those are not in the file.
    """

    parquet: str = ""
    words: str = ""
    articles: int = 0
    format: int = FORMAT
    covers: tuple[str, ...] = ()
    behind: dict[str, tuple[str, ...]] = Field(default={})


class CleanDay(NamedTuple):
    """Where a day's current articles lie.

    parquet: key of the compacted file, or "". superseded: clean batches in it whose rows do not count.
    batches: the clean batches to read beside it. format: of the file; `forms` and `signature` count if it is FORMAT.
    words: key of the file of its words. articles: how many the file has, with those that do not count.
    """

    day: date
    parquet: str
    superseded: frozenset[str]
    batches: tuple[str, ...]
    format: int = FORMAT
    words: str = ""
    articles: int = 0

    @property
    def is_indexed(self) -> bool:
        """Whether the file's words are folded as today's, and can be asked."""
        return bool(self.words) and self.format == FORMAT


class Version(NamedTuple):
    """An article as one clean batch holds it. is_latest: True for one of an article's versions on that day.

    latest_in: the clean batch of that one.
    """

    row: Row
    is_latest: bool
    latest_in: str


def manifest_key(day: date) -> str:
    return f"manifest/dt={day}.json"


def find_manifest(store: Store, day: date) -> tuple[Manifest, str | None]:
    """A day's manifest, and its etag for the swap; an empty one and None where there is none."""
    stored = store.get(manifest_key(day))
    return (Manifest.model_validate_json(stored.body), stored.etag) if stored else (Manifest(), None)


def clean_day(store: Store, day: date) -> CleanDay:
    """Where the current articles of a day lie now: the manifest, then one listing."""
    manifest, _ = find_manifest(store, day)
    return current(day, manifest, store.list(f"clean/dt={day}/"))


def current(day: date, manifest: Manifest, listed: Iterable[Listed]) -> CleanDay:
    """Which copies of a day count. Pure. listed: what lies under clean/ of that day.

    A batch that is in the file and no longer listed has expired there; its rows go on counting.
    """
    newest = newest_copies(listed)
    keys = set(newest.values())
    replaced = {key for key in manifest.covers if key not in keys and BatchKey.parse(key) in newest}
    uncovered = {key for gone in replaced for key in manifest.behind.get(gone, ())} & keys
    batches = keys - (set(manifest.covers) - uncovered)
    gone, left = frozenset(replaced | uncovered), tuple(sorted(batches))
    return CleanDay(day, manifest.parquet, gone, left, manifest.format, manifest.words, manifest.articles)


def newest_copies(listed: Iterable[Listed]) -> dict[BatchKey, str]:
    """Each batch with its current copy: the one that was written last. Pure."""
    newest: dict[BatchKey, Listed] = {}
    for item in listed:
        batch = BatchKey.parse(item.key)
        newest[batch] = max(newest.get(batch, item), item, key=lambda each: (each.modified, each.key))
    return {batch: item.key for batch, item in newest.items()}


def read_day(store: Store, day: CleanDay) -> Iterator[Article]:
    """Every current article of a day, once. One batch, or a few hundred rows, are in memory at once."""
    return (version.row.article for version in versions(store, day) if version.is_latest)


def versions(store: Store, day: CleanDay) -> Iterator[Version]:
    """Every version of every article that counts or would count if a later one were not there.

    The batches are read twice, for which version is the latest is known only after the last of them.
    """
    best: dict[str, Rank] = {}
    for row in _of_batches(store, day.batches):
        best[row.article.article_id] = max(best.get(row.article.article_id, LOWEST), Rank.of(row))
    for row in _of_parquet(store, day):
        name, rank = row.article.article_id, Rank.of(row)
        # An article is in the file once, so one that is in no batch needs no comparing, and no remembering.
        if name in best:
            best[name] = max(best[name], rank)
            yield Version(row, best[name] == rank, best[name].clean_key)
        else:
            yield Version(row, True, row.clean_key)
    given: set[str] = set()
    for row in _of_batches(store, day.batches):
        name, rank = row.article.article_id, Rank.of(row)
        is_latest = best[name] == rank and name not in given
        if is_latest:
            given.add(name)
        yield Version(row, is_latest, best[name].clean_key)


class Rank(NamedTuple):
    """The order of an article's versions. A summary of an unfetchable page comes before any fetched one."""

    fetched_at: datetime
    clean_key: str
    entry_url: str

    @classmethod
    def of(cls, row: Row) -> "Rank":
        return cls(row.article.fetched_at or NEVER, row.clean_key, row.article.entry_url)


LOWEST = Rank(NEVER, "", "")


def _of_batches(store: Store, keys: Iterable[str]) -> Iterator[Row]:
    return (Row(key, article) for key in keys for article in read_articles(store, key))


def _of_parquet(store: Store, day: CleanDay) -> Iterator[Row]:
    if not day.parquet:
        return
    with tempfile.TemporaryDirectory(prefix="wirewatch-") as folder:
        path = Path(folder) / "day.parquet"
        try:
            with path.open("wb") as out:
                copyfileobj(store.open(day.parquet), out)
        except FileNotFoundError:
            raise StoreError(
                f"{store.url(day.parquet)} is not there, but {manifest_key(day.day)} refers to it; has it expired "
                "before its manifest?"
            ) from None
        yield from (row for row in read_parquet(path) if row.clean_key not in day.superseded)
