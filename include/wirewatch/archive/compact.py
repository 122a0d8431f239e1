"""A day's current clean articles → one Parquet file, the file of its words, and the manifest that names both.

Order: read what is current → write the files under keys of their own → switch the manifest, by compare-and-swap. Killed
before the switch, it leaves files that nobody reads; nothing is deleted, and nothing is changed but the manifest.
"""

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from include.wirewatch.archive.days import CleanDay, Manifest, current, find_manifest, manifest_key, versions
from include.wirewatch.archive.parquet import FORMAT, Derived, Row, write_parquet
from include.wirewatch.archive.words import write_words
from include.wirewatch.models import Article
from include.wirewatch.store import Store

Derive = Callable[[Article], Derived]


class Compaction(NamedTuple):
    """What became of a day. outcome: "compacted"; "nothing_new"; or "overtaken", by another compaction at once.

    parquet: the file that it wrote, else "". articles: in that file. batches: those that are new in it.
    """

    day: date
    outcome: str
    parquet: str = ""
    articles: int = 0
    batches: int = 0


class Files(NamedTuple):
    """The keys of a day's two files, and how many articles they are of."""

    parquet: str
    words: str
    articles: int


def compact_day(store: Store, day: date, *, derive: Derive) -> Compaction:
    """Compact what is current of a day, unless all of it is in the day's file already.

    derive: what the file is to hold of an article beside its fields.
    """
    manifest, etag = find_manifest(store, day)
    found = current(day, manifest, store.list(f"clean/dt={day}/"))
    if not is_due(found):
        return Compaction(day, "nothing_new")
    behind: dict[str, set[str]] = defaultdict(set)
    with tempfile.TemporaryDirectory(prefix="wirewatch-") as folder:
        rows = ((row, derive(row.article)) for row in _latest(store, found, behind))
        files = write_files(rows, Path(folder), day)
        for key in (files.words, files.parquet):
            store.put_file(key, Path(folder) / key)
    switched = store.swap(manifest_key(day), _next(manifest, found, files, behind).model_dump_json().encode(), etag)
    if switched is None:
        return Compaction(day, "overtaken", files.parquet)
    return Compaction(day, "compacted", files.parquet, files.articles, len(found.batches))


def write_files(rows: Iterable[tuple[Row, Derived]], folder: Path, day: date) -> Files:
    """A day's files, in a folder at the places that their keys say."""
    parquet, words = folder / "compacted.parquet", folder / "words.sqlite"
    articles = write_parquet(rows, parquet)
    write_words(parquet, words)
    return Files(_named(parquet, folder, f"compact/dt={day}"), _named(words, folder, f"words/dt={day}"), articles)


def is_due(found: CleanDay) -> bool:
    """Whether the day has something that its file has not, or not in today's format. Pure."""
    return bool(found.batches) or (bool(found.parquet) and found.format != FORMAT)


def _latest(store: Store, found: CleanDay, behind: dict[str, set[str]]) -> Iterator[Row]:
    """The rows that count. Notes in `behind` which batches stand behind which."""
    for version in versions(store, found):
        if version.is_latest:
            yield version.row
        elif version.row.clean_key != version.latest_in:
            behind[version.latest_in].add(version.row.clean_key)


def _next(manifest: Manifest, found: CleanDay, files: Files, behind: dict[str, set[str]]) -> Manifest:
    """The manifest of the new files; what stood behind a batch that stays goes on standing there. Pure."""
    covers = (set(manifest.covers) - found.superseded) | set(found.batches)
    for key in covers & manifest.behind.keys():
        behind[key] |= set(manifest.behind[key]) & covers
    return Manifest(
        parquet=files.parquet,
        words=files.words,
        articles=files.articles,
        covers=tuple(sorted(covers)),
        behind={key: tuple(sorted(behind[key])) for key in sorted(behind) if behind[key]},
    )


def _named(part: Path, folder: Path, prefix: str) -> str:
    """Put a file under a name made of its own bytes, and return its key."""
    with part.open("rb") as body:
        digest = hashlib.file_digest(body, "sha256").hexdigest()[:32]
    key = f"{prefix}/{digest}{part.suffix}"
    (folder / prefix).mkdir(parents=True, exist_ok=True)
    part.rename(folder / key)
    return key
