from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.wirewatch import archive
from include.wirewatch.archive import CleanDay, clean_day, compact_day, read_day
from include.wirewatch.archive.days import Manifest, current
from include.wirewatch.errors import StoreError
from include.wirewatch.store import Listed
from tests.archive.samples import DAY, DERIVE, NOON, article, clean_key
from tests.fakes.memory_store import MemoryStore

B1, B2, B1_NEWER, FILE = clean_key("b1"), clean_key("b2"), clean_key("b1", "e2"), "compact/dt=2026-11-24/x.parquet"


def listed(*keys):
    return [Listed(key, 1, NOON + timedelta(seconds=order)) for order, key in enumerate(keys)]


@pytest.mark.parametrize(
    ("manifest", "keys", "expected"),
    [
        pytest.param(Manifest(), [], ("", set(), ()), id="nothing"),
        pytest.param(Manifest(), [B2, B1], ("", set(), (B1, B2)), id="not compacted"),
        pytest.param(Manifest(), [B1, B1_NEWER], ("", set(), (B1_NEWER,)), id="the copy that was written last"),
        pytest.param(Manifest(), [B1_NEWER, B1], ("", set(), (B1,)), id="though its extractor is the older"),
        pytest.param(Manifest(parquet=FILE, covers=[B1, B2]), [B1, B2], (FILE, set(), ()), id="all in the file"),
        pytest.param(Manifest(parquet=FILE, covers=[B1]), [B1, B2], (FILE, set(), (B2,)), id="one came later"),
        pytest.param(
            Manifest(parquet=FILE, covers=[B1, B2]), [B1, B2, B1_NEWER], (FILE, {B1}, (B1_NEWER,)), id="extracted anew"
        ),
        pytest.param(
            Manifest(parquet=FILE, covers=[B1, B2], behind={B1: [B2]}),
            [B1, B2, B1_NEWER],
            (FILE, {B1, B2}, (B1_NEWER, B2)),
            id="what stood behind it is read itself",
        ),
        pytest.param(Manifest(parquet=FILE, covers=[B1, B2]), [B2], (FILE, set(), ()), id="one has expired"),
        pytest.param(
            Manifest(parquet=FILE, covers=[B1, B2], behind={B1: [B2]}),
            [B1, B1_NEWER],
            (FILE, {B1}, (B1_NEWER,)),
            id="what stood behind it has expired",
        ),
    ],
)
def test_which_copies_are_current(manifest, keys, expected):
    parquet, superseded, batches = expected
    assert current(DAY, manifest, listed(*keys)) == CleanDay(DAY, parquet, frozenset(superseded), batches)


def read(store):
    return list(read_day(store, clean_day(store, DAY)))


@pytest.fixture
def memory():
    return MemoryStore()


def test_an_article_of_several_batches_counts_once_as_it_was_fetched_last(memory):
    late, early, summary = article("a", hour=14, text="late"), article("a", hour=11), article("a", hour=None)
    archive.write_articles(memory, clean_key("b1"), [late, article("b")])
    archive.write_articles(memory, clean_key("b2"), [early])
    archive.write_articles(memory, clean_key("b3"), [summary])
    assert read(memory) == [late, article("b")]
    compact_day(memory, DAY, derive=DERIVE)
    assert read(memory) == [late, article("b")]
    latest = article("a", hour=15)
    archive.write_articles(memory, clean_key("b0"), [latest])
    assert sorted(read(memory), key=lambda one: one.article_id) == [latest, article("b")]


def test_an_article_that_is_twice_in_one_batch_counts_once(memory):
    archive.write_articles(memory, clean_key("b1"), [article("a"), article("a")])
    assert read(memory) == [article("a")]


def test_an_article_that_the_newer_extractor_no_longer_finds_comes_back_from_the_batch_behind(memory):
    first, second = article("a", hour=11), article("a", hour=12)
    archive.write_articles(memory, B1, [first])
    archive.write_articles(memory, B2, [second])
    compact_day(memory, DAY, derive=DERIVE)
    assert read(memory) == [second]
    archive.write_articles(memory, clean_key("b3"), [])
    assert compact_day(memory, DAY, derive=DERIVE).outcome == "compacted", "the first file's batches stay behind"
    archive.write_articles(memory, clean_key("b2", "e2"), [])
    assert read(memory) == [first]
    compact_day(memory, DAY, derive=DERIVE)
    assert read(memory) == [first]


def test_a_file_that_is_gone_is_named(memory):
    archive.write_articles(memory, B1, [article("a")])
    parquet = compact_day(memory, DAY, derive=DERIVE).parquet
    day = clean_day(memory, DAY)
    del memory.objects[parquet]
    with pytest.raises(StoreError, match=f"{parquet} is not there, but manifest/dt=2026-11-24.json refers to it"):
        list(read_day(memory, day))


def expected_of(copies):
    """The rule in one breath: each batch's last copy, and of each article the version that was fetched last."""
    rows = [(key, one) for key, found in {batch: copy for batch, *copy in copies}.values() for one in found]
    best = {}
    for _, one in sorted(rows, key=lambda row: (row[1].fetched_at, row[0])):
        best[one.article_id] = one
    return sorted(best.values(), key=lambda one: one.article_id)


batch_writes = st.tuples(
    st.sampled_from(["b1", "b2", "b3"]),
    st.sampled_from(["e1", "e2"]),
    st.dictionaries(st.sampled_from("abc"), st.integers(9, 12), max_size=3),
)


@settings(max_examples=12, deadline=None)
@given(steps=st.lists(batch_writes | st.just("compact"), max_size=9))
def test_whatever_is_written_and_compacted_readers_see_each_current_article_once(steps):
    memory, copies = MemoryStore(), []
    for step in steps:
        if step == "compact":
            compact_day(memory, DAY, derive=DERIVE)
        else:
            batch, extractor, hours = step
            # An extractor always reads a batch alike; what it found the first time is what it finds.
            known = next((copy for copy in copies if copy[1] == clean_key(batch, extractor)), None)
            found = known[2] if known else [
                article(name, hour=hour, text=f"{batch} {extractor}", extractor=extractor)
                for name, hour in hours.items()
            ]  # fmt: skip
            copies.append((batch, clean_key(batch, extractor), found))
            archive.write_articles(memory, clean_key(batch, extractor), found)
        assert sorted(read(memory), key=lambda one: one.article_id) == expected_of(copies)
