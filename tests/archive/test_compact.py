"""A compaction beside readers: at every step of either, and killed after every step of its own."""

import duckdb
import pytest

from include.wirewatch import archive
from include.wirewatch.archive import clean_day, compact_day, read_day
from include.wirewatch.archive.days import find_manifest
from tests.archive.samples import DAY, DERIVE, article, clean_key
from tests.fakes.memory_store import MemoryStore


class Killed(Exception):
    pass


@pytest.fixture
def day():
    """A day that was compacted once; since then one batch was extracted anew, and one came."""
    store = MemoryStore()
    archive.write_articles(store, clean_key("b1"), [article("a", hour=10), article("b")])
    archive.write_articles(store, clean_key("b2"), [article("a", hour=11), article("c")])
    compact_day(store, DAY, derive=DERIVE)
    archive.write_articles(store, clean_key("b2", "e2"), [article("c", text="anew", extractor="e2")])
    archive.write_articles(store, clean_key("b3"), [article("b", hour=15), article("d")])
    return store


EXPECTED = [
    article("a", hour=10),
    article("b", hour=15),
    article("c", text="anew", extractor="e2"),
    article("d"),
]


def read(store):
    return sorted(read_day(store, clean_day(store, DAY)), key=lambda one: one.article_id)


def calls_of(store, act):
    calls = []
    act(store.seen_through(calls.append))
    return calls


def compact(store):
    return compact_day(store, DAY, derive=DERIVE)


def test_the_day_of_these_tests_has_all_that_makes_it_hard(day):
    found = clean_day(day, DAY)
    assert found.parquet
    assert found.superseded == {clean_key("b1"), clean_key("b2")}
    assert found.batches == (clean_key("b1"), clean_key("b2", "e2"), clean_key("b3"))
    assert read(day) == EXPECTED


def test_a_compaction_between_any_two_calls_of_a_reader_changes_nothing_for_it(day):
    before = dict(day.objects)
    calls = calls_of(day, read)
    assert len(calls) >= 6
    for moment in range(len(calls)):
        day.objects = dict(before)
        seen = []

        def compact_at(call, moment=moment, seen=seen):
            if len(seen) == moment:
                compact(day)
            seen.append(call)

        reader = day.seen_through(compact_at)
        assert read(reader) == EXPECTED, f"compacted before {calls[moment]}"
        assert not clean_day(day, DAY).batches, "it did run"


def test_a_compaction_that_is_killed_at_any_step_leaves_readers_whole_and_can_be_run_again(day):
    before = dict(day.objects)
    calls = calls_of(MemoryStore(dict(before)), compact)
    assert [call.split()[0] for call in calls][-3:] == ["put", "put", "swap"], "its words, its articles, and the switch"
    for moment in range(len(calls)):
        day.objects = dict(before)
        seen = []

        def kill_at(call, moment=moment, seen=seen):
            if len(seen) == moment:
                raise Killed
            seen.append(call)

        with pytest.raises(Killed):
            compact(day.seen_through(kill_at))
        assert read(day) == EXPECTED, f"killed before {calls[moment]}"
        assert compact(day).outcome == "compacted"
        assert read(day) == EXPECTED
        assert (
            before.items()
            <= {**day.objects, "manifest/dt=2026-11-24.json": before["manifest/dt=2026-11-24.json"]}.items()
        )


def test_what_is_compacted_is_in_one_file_each_article_once(day, tmp_path):
    done = compact(day)
    assert (done.outcome, done.articles, done.batches) == ("compacted", 4, 3)
    found = clean_day(day, DAY)
    assert (found.parquet, found.superseded, found.batches) == (done.parquet, frozenset(), ())
    (tmp_path / "day.parquet").write_bytes(day.objects[done.parquet][0])
    rows = duckdb.sql(f"SELECT article_id, clean_key FROM '{tmp_path}/day.parquet' ORDER BY 1").fetchall()
    assert rows == [
        ("a", clean_key("b1")), ("b", clean_key("b3")), ("c", clean_key("b2", "e2")), ("d", clean_key("b3")),
    ]  # fmt: skip


def test_a_rerun_with_nothing_new_writes_nothing(day):
    compact(day)
    assert {call.split()[0] for call in calls_of(day, compact)} == {"get", "list"}
    assert compact(day).outcome == "nothing_new"


def test_a_day_without_articles_is_left_alone():
    assert compact(MemoryStore()).outcome == "nothing_new"


def test_of_two_compactions_at_once_one_switches_and_the_other_says_so(day):
    def other_first(call):
        if call.startswith("swap"):
            assert compact(day).outcome == "compacted"

    assert compact(day.seen_through(other_first)).outcome == "overtaken"
    assert read(day) == EXPECTED


def test_a_day_of_another_format_is_compacted_anew(day):
    compact(day)
    manifest, etag = find_manifest(day, DAY)
    older = manifest.model_copy(update={"format": 0})
    day.swap("manifest/dt=2026-11-24.json", older.model_dump_json().encode(), etag)
    assert clean_day(day, DAY).format == 0
    assert compact(day).outcome == "compacted"
    assert clean_day(day, DAY).format == archive.FORMAT
    assert read(day) == EXPECTED


def test_a_day_whose_batches_have_expired_keeps_its_articles_when_one_comes(day):
    compact(day)
    for key in [key for key in day.objects if key.startswith("clean/")]:
        del day.objects[key]
    assert read(day) == EXPECTED
    archive.write_articles(day, clean_key("b4"), [article("e")])
    assert compact(day).outcome == "compacted"
    assert read(day) == [*EXPECTED, article("e")]


def test_it_works_on_s3(store):
    archive.write_articles(store, clean_key("b1"), [article("a"), article("b")])
    done = compact(store)
    assert done.outcome == "compacted"
    archive.write_articles(store, clean_key("b2"), [article("b", hour=13)])
    assert read(store) == [article("a"), article("b", hour=13)]
    assert compact(store).parquet != done.parquet
    assert read(store) == [article("a"), article("b", hour=13)]
