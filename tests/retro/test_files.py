"""Files of the archive on this machine: whole or not there."""

import hashlib
import os
import time
from contextlib import closing

import pytest

from include.wirewatch.errors import StoreError
from include.wirewatch.retro.files import default_cache, local_copy, through_cache
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store

BODY = b"PAR1 some body " * 10_000
KEY = f"compact/dt=2026-11-24/{hashlib.sha256(BODY).hexdigest()[:32]}.parquet"


def files_below(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_file_is_fetched_once(store, tmp_path):
    store.put(KEY, BODY)
    files = through_cache(store, tmp_path)
    path = files.path_of(KEY)
    assert path.read_bytes() == BODY
    assert files_below(tmp_path) == [path.name]
    store.delete(KEY)
    assert files.path_of(KEY) == path


def test_what_was_not_asked_for_in_thirty_days_is_deleted_and_nothing_else(store, tmp_path):
    store.put(KEY, BODY)
    path = through_cache(store, tmp_path).path_of(KEY)
    other = KEY.replace("compact/", "words/")
    unused, foreign, part = path.parents[2] / other, path.parents[2] / "notes.txt", path.with_suffix(".1.part")
    unused.parent.mkdir(parents=True)
    for file in (unused, foreign, part):
        file.write_bytes(b"")
    month_ago = time.time() - 31 * 86_400
    for file in (path, unused, foreign, part):
        os.utime(file, (month_ago, month_ago))
    month_ago += 2 * 86_400
    os.utime(path, (month_ago, month_ago))
    assert through_cache(store, tmp_path).path_of(KEY) == path
    assert files_below(tmp_path) == sorted([path.name, foreign.name])
    assert path.stat().st_mtime > time.time() - 86_400, "its month begins anew"


def test_two_places_share_a_cache_and_no_file(store, s3_store_client, s3_bucket, tmp_path):
    other = Store(s3_store_client, S3Place(s3_bucket, ""))
    other.put(KEY, BODY)
    store.put(KEY, BODY)
    assert through_cache(store, tmp_path).path_of(KEY) != through_cache(other, tmp_path).path_of(KEY)


def test_a_file_that_is_not_what_its_name_says_is_not_kept(store, tmp_path):
    store.put(KEY, BODY[:-1])
    with pytest.raises(StoreError, match="expected the digest that its name says"):
        through_cache(store, tmp_path).path_of(KEY)
    assert files_below(tmp_path) == []


def test_a_missing_file_is_named(store, tmp_path):
    with pytest.raises(StoreError, match=f"{KEY} is not there, but a manifest names it"):
        through_cache(store, tmp_path).path_of(KEY)
    assert files_below(tmp_path) == []


def test_an_interrupt_leaves_nothing_half_written(store, tmp_path, monkeypatch):
    store.put(KEY, BODY)
    halfway = store.open(KEY)
    first = halfway.read(1_000)

    class Interrupted:
        def read(self, size=-1):
            nonlocal first
            if first:
                given, first = first, b""
                return given
            raise KeyboardInterrupt

        def close(self):
            pass

    monkeypatch.setattr(type(store), "open", lambda *_: Interrupted())
    with pytest.raises(KeyboardInterrupt):
        through_cache(store, tmp_path).path_of(KEY)
    assert files_below(tmp_path) == []


def test_a_local_copy_is_listed_and_read_as_s3_is(tmp_path):
    (tmp_path / "clean/dt=2026-11-24").mkdir(parents=True)
    (tmp_path / "clean/dt=2026-11-24/b.e.jsonl.zst").write_bytes(b"12345")
    files = local_copy(tmp_path)
    (item,) = files.store.list("clean/dt=2026-11-24/")
    assert (item.key, item.size) == ("clean/dt=2026-11-24/b.e.jsonl.zst", 5)
    assert files.store.get(item.key).body == b"12345"
    with closing(files.store.open(item.key, 3)) as body:
        assert body.read(10) == b"45"
    assert files.store.get("manifest/dt=2026-11-24.json") is None
    assert list(files.store.list("clean/dt=2026-11-25/")) == []
    assert files.path_of(item.key) == tmp_path / item.key


def test_the_cache_is_where_the_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "wirewatch"
