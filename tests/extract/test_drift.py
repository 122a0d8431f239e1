"""Drift: which changes of a source's articles are named, which are not, and what is kept of them."""

import logging
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.errors import StoreError
from include.wirewatch.extract.drift import BATCH_MAX, WINDOW, Sample, drift_of, merge, samples_of
from include.wirewatch.extract.drift_store import KEY, SWAP_TRIES, DriftStore
from include.wirewatch.models import Article, Batch
from include.wirewatch.settings import Settings
from include.wirewatch.stages.extract import note_drift
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY_S = 86_400


def window(*runs: tuple[int, int, bool]) -> list[Sample]:
    """Runs of (articles, words, is a fallback), an article a batch."""
    kinds = [(words, fallback) for count, words, fallback in runs for _ in range(count)]
    return [
        Sample(number, f"batch-{number}", (words,), int(fallback)) for number, (words, fallback) in enumerate(kinds)
    ]


def article(words: int = 600, method: str = "fast", source: str = "harbour-times") -> Article:
    return Article(
        article_id="a", source=source, publisher="Harbour Times", title="Talks resume", text="", word_count=words,
        method=method, first_seen=NOW, extractor="x", entry_url="", url="", canonical_url="",
    )  # fmt: skip


def batch(name: str = "live-1", *, quiet: bool = False) -> Batch:
    return Batch(batch=name, dt="2026-11-24", quiet=quiet, interval_end=NOW, items=())


def names(windows: Iterable[Sample]) -> list[str]:
    return [sample.batch for sample in windows]


# ---- the judgement


def test_texts_that_shrink_are_named_with_both_medians():
    assert str(drift_of(window((60, 612, False), (20, 41, False)))) == (
        "median length 612 → 41 words (20 articles, 60 before)"
    )


def test_texts_that_suddenly_grow_are_named_too():
    assert str(drift_of(window((60, 300, False), (20, 2_000, False)))).startswith("median length 300 → 2000 words")


def test_summaries_in_place_of_pages_are_named_with_their_share():
    drift = drift_of(window((60, 400, False), (4, 400, False), (16, 400, True)))
    assert drift is not None
    assert drift.changes == ("fallbacks 0 % → 80 %",)


def test_empty_texts_are_named_with_their_share():
    drift = drift_of(window((60, 400, False), (12, 400, False), (8, 0, False)))
    assert drift is not None
    assert drift.changes == ("empty texts 0 % → 40 %",)


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([(100, 600, False), (5, 30, True)], id="five-odd-articles"),
        pytest.param([(5, 600, False), (20, 30, True)], id="five-articles-before"),
        pytest.param([(19, 30, True)], id="new-source"),
        pytest.param([], id="unknown-source"),
        pytest.param([(100, 30, True), (20, 30, True)], id="always-summaries"),
        pytest.param([(100, 20, True), (20, 60, True)], id="summaries-longer-than-usual"),
        pytest.param([(60, 30, True), (20, 30, False)], id="pages-in-place-of-summaries"),
        pytest.param([(60, 600, False), (20, 400, False)], id="a-third-shorter"),
    ],
)
def test_what_is_no_sudden_change_is_not_named(runs):
    assert drift_of(window(*runs)) is None


def test_a_new_state_that_lasts_becomes_the_usual_one():
    assert drift_of(window((30, 600, False), (90, 41, False))) is None


def test_the_accidents_of_a_mixed_source_raise_no_alarm():
    """Lengths as a newspaper's are, an eighth to eight times the median, and every fifth page a fallback."""
    random_source = random.Random(7)
    for _ in range(300):
        lengths = [round(random_source.lognormvariate(6, 0.8)) for _ in range(WINDOW)]
        samples = [Sample(n, f"{n}", (words,), int(random_source.random() < 0.2)) for n, words in enumerate(lengths)]
        drift = drift_of(samples)
        assert drift is None, drift


def test_a_batch_is_judged_as_a_whole_whatever_the_order_of_its_articles():
    """Ten blocked pages at the end of a batch of forty are a quarter of it, not half of the latest twenty."""
    usual = Sample(0, "b0", (500,) * 40, 4)
    assert drift_of([usual, Sample(1, "b1", (500,) * 40, 10)]) is None


# ---- samples and windows


def test_a_batch_gives_a_sample_for_each_of_its_sources():
    articles = [article(600), article(0, "summary"), article(80, "json-ld"), article(70, "precision", "valley-post")]
    samples = samples_of(batch(), articles)
    assert {source: (sample.words, sample.fallbacks) for source, sample in samples.items()} == {
        "harbour-times": ((600, 0, 80), 2),
        "valley-post": ((70,), 0),
    }
    assert {sample.at for sample in samples.values()} == {int(NOW.timestamp())}


def test_old_pages_of_a_quiet_batch_say_nothing_about_today():
    assert samples_of(batch(quiet=True), [article()]) == {}


def test_a_large_batch_is_thinned_out_evenly():
    (sample,) = samples_of(batch(), [article(number) for number in range(10 * BATCH_MAX)]).values()
    assert sample.words == tuple(range(0, 10 * BATCH_MAX, 10))


def test_a_batch_merged_twice_counts_once_and_its_later_sample_holds():
    first, second = Sample(1, "a", (5,), 0), Sample(2, "b", (6,), 0)
    again = Sample(1, "a", (7,), 1)
    assert merge(merge((first,), second), again) == (again, second)
    assert merge(merge((first,), second), first) == (first, second)


def test_batches_merged_in_any_order_give_the_same_window():
    samples = window((WINDOW + 50, 600, False))
    shuffled = random.Random(3).sample(samples, len(samples))
    merged: tuple[Sample, ...] = ()
    for sample in shuffled:
        merged = merge(merged, sample)
    assert merged == tuple(samples[-WINDOW:])


def test_a_sweeper_that_runs_an_old_batch_again_adds_nothing_to_a_full_window():
    samples = tuple(window((WINDOW, 600, False)))
    assert merge(samples, Sample(-1, "old", (3,), 1)) == samples


# ---- what is kept in S3


def sample_at(day: int, words: int = 600) -> Sample:
    return Sample(day * DAY_S, f"batch-{day}", (words,), 0)


def test_what_was_added_is_read_back(store):
    drifts = DriftStore(store)
    drifts.add({"harbour-times": sample_at(1), "valley-post": sample_at(1)})
    assert drifts.add({"harbour-times": sample_at(2)}) == {"harbour-times": (sample_at(1), sample_at(2))}
    assert drifts.read(["harbour-times", "valley-post", "unknown"]) == {
        "harbour-times": (sample_at(1), sample_at(2)),
        "valley-post": (sample_at(1),),
        "unknown": (),
    }


class Counting(Store):
    """Counts reads and conditional writes; before the first of them, `rival` acts."""

    def __init__(self, store: Store, rival: Any = None) -> None:
        super().__init__(store._client, store.place)
        self.reads = self.swaps = 0
        self.rival = rival

    def get(self, key):
        self.reads += 1
        return super().get(key)

    def swap(self, key, body, etag):
        self.swaps += 1
        if self.rival:
            self.rival(self.swaps)
        return super().swap(key, body, etag)


def test_a_batch_costs_one_read_and_one_write_and_its_rerun_one_read(store):
    counting = Counting(store)
    DriftStore(counting).add({"harbour-times": sample_at(1)})
    assert (counting.reads, counting.swaps) == (1, 1)
    DriftStore(counting).add({"harbour-times": sample_at(1)})
    assert (counting.reads, counting.swaps) == (2, 1)


def test_two_batches_at_once_are_both_kept(store):
    def once(swaps):
        if swaps == 1:
            DriftStore(store).add({"harbour-times": sample_at(1)})

    DriftStore(Counting(store, once)).add({"harbour-times": sample_at(2)})
    assert names(DriftStore(store).read(["harbour-times"])["harbour-times"]) == ["batch-1", "batch-2"]


def test_a_race_lost_every_time_ends(store):
    counting = Counting(store, lambda swaps: store.put(KEY, b"%d" % swaps))
    with pytest.raises(StoreError, match="lost the race"):
        DriftStore(counting).add({"harbour-times": sample_at(1)})
    assert counting.swaps == SWAP_TRIES


@pytest.mark.parametrize(
    "body", [b"", b"no zstd", b"\x28\xb5\x2f\xfd\x04\x00\x11\x00\x00{}"], ids=["empty", "other", "torn"]
)
def test_what_cannot_be_read_is_begun_anew(store, body):
    store.put(KEY, body)
    assert DriftStore(store).read(["harbour-times"]) == {"harbour-times": ()}
    DriftStore(store).add({"harbour-times": sample_at(1)})
    assert DriftStore(store).read(["harbour-times"]) == {"harbour-times": (sample_at(1),)}


def test_a_source_without_articles_for_half_a_year_is_forgotten(store):
    drifts = DriftStore(store)
    drifts.add({"gone": sample_at(1), "rare": sample_at(100)})
    drifts.add({"harbour-times": sample_at(200)})
    assert drifts.read(["gone", "rare"]) == {"gone": (), "rare": (sample_at(100),)}


# ---- the stage


@pytest.fixture
def services(store):
    config = ConfigFiles("nowhere", lambda place: store)
    return Services(Settings(), store, config, open_slack=lambda: None, worker="test")


def test_a_run_names_its_drifting_sources_in_its_log_and_counts_them(services, caplog):
    before = [article(612)] * 30
    for number in range(2):
        assert note_drift(services, batch(f"live-{number}"), [*before, article(300, source="valley-post")]) == {}
    later = batch("live-2").model_copy(update={"interval_end": datetime(2026, 11, 25, tzinfo=UTC)})
    caplog.set_level(logging.WARNING)
    for _ in range(2):  # a rerun says the same
        caplog.clear()
        told = note_drift(services, later, [article(41, "summary")] * 30 + [article(300, source="valley-post")])
        assert told == {"drifting": 1}
        assert caplog.messages == [
            'extract.drift source=harbour-times change="median length 612 → 41 words, fallbacks 0 % → 100 % '
            '(30 articles, 60 before)"'
        ]


def test_figures_that_cannot_be_kept_cost_no_article(services, caplog):
    class Refusing(Store):
        def swap(self, key, body, etag):
            raise StoreError("S3 is down")

    broken = replace(services, store=Refusing(services.store._client, services.store.place))
    assert note_drift(broken, batch(), [article()]) == {}
    assert "extract.drift_not_kept batch=live-1" in caplog.text


def test_a_quiet_batch_asks_nothing_of_s3(services):
    counting = Counting(services.store)
    assert note_drift(replace(services, store=counting), batch(quiet=True), [article()]) == {}
    assert (counting.reads, counting.swaps) == (0, 0)
