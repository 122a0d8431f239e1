"""The archive's files as files of this machine: from a local copy of the archive, or from S3 through a cache.

Compacted files never change, so each is fetched once. It is written beside its place and renamed when it is whole and
its digest right: what is interrupted leaves nothing behind that could be read.
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from shutil import copyfileobj
from typing import Any, NamedTuple

from include.wirewatch.errors import StoreError
from include.wirewatch.s3_stream import S3Stream
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Listed, Store, Stored

UNUSED_DAYS = 30


class ArchiveFiles(NamedTuple):
    """An archive to be read. path_of: the key of a compacted file → the file, fetched first where it must be."""

    store: Store
    path_of: Callable[[str], Path]


def local_copy(folder: Path) -> ArchiveFiles:
    """An archive as `aws s3 sync` lays it out."""
    store = FolderStore(folder)

    def path_of(key: str) -> Path:
        path = store.path_of(key)
        if not path.exists():
            raise StoreError(f"{path} is not there, but a manifest names it; copy it from the archive, too")
        return path

    return ArchiveFiles(store, path_of)


def through_cache(store: Store, cache: Path) -> ArchiveFiles:
    """An archive in S3. cache: a folder that may be deleted whenever nothing reads it.

    A file that was not asked for in UNUSED_DAYS is deleted: days that are compacted anew get files of other names.
    """
    own = cache / store.place.bucket / store.place.prefix
    _delete_unused(own)

    def path_of(key: str) -> Path:
        path = own / key
        if path.exists():
            _note_use(path)
        else:
            fetch(store, key, path)
        return path

    return ArchiveFiles(store, path_of)


def _note_use(path: Path) -> None:
    """By its time of modification: file systems keep none of access that could be relied on."""
    with suppress(PermissionError):  # a cache that others fill
        os.utime(path)


def _delete_unused(own: Path) -> None:
    """Also what a killed process left half-written."""
    oldest = time.time() - UNUSED_DAYS * 86_400
    for path in [*own.glob("compact/dt=*/*"), *own.glob("words/dt=*/*")]:
        with suppress(FileNotFoundError, PermissionError):  # another process deletes it, or it is not ours
            if path.stat().st_mtime < oldest:
                path.unlink()


def default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wirewatch"


def fetch(store: Store, key: str, path: Path) -> None:
    """One compacted file, whole or not at all. Raises StoreError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as out, closing(store.open(key)) as body:
            copyfileobj(body, out)
        with part.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        if not digest.startswith(path.stem):
            raise StoreError(f"{store.url(key)}: expected the digest that its name says, got {digest}; try again")
        part.rename(path)
    except FileNotFoundError:
        raise StoreError(f"{store.url(key)} is not there, but a manifest names it; has it expired before it?") from None
    finally:
        part.unlink(missing_ok=True)


class FolderStore(Store):
    """The archive in a folder, to be read: it has no client to write with.

    Which of two clean copies of a batch was written last, the files' own times say: `aws s3 sync` keeps those of S3.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(None, S3Place(str(folder), ""))
        self._folder = folder

    def path_of(self, key: str) -> Path:
        return self._folder / PurePosixPath(key)

    def url(self, key: str) -> str:
        return str(self.path_of(key))

    def get(self, key: str) -> Stored | None:
        try:
            return Stored(self.path_of(key).read_bytes(), "")
        except FileNotFoundError:
            return None

    def open(self, key: str, offset: int = 0) -> S3Stream:
        def get(start: int) -> Any:
            body = self.path_of(key).open("rb")
            body.seek(start)
            return body

        return S3Stream(self.url(key), get, offset)

    def list(self, prefix: str) -> Iterator[Listed]:
        """prefix: of a whole folder, with its slash."""
        folder = self.path_of(prefix)
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file():
                facts = path.stat()
                key = path.relative_to(self._folder).as_posix()
                yield Listed(key, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))
