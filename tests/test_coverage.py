"""What live polling and history found of a day, and the estimate of what both missed."""

from datetime import UTC, date, datetime

import pytest

from include.wirewatch.coverage import coverage_line, coverage_of, held_around, missed_by_both, page_of
from include.wirewatch.models import (
    Batch,
    BatchItem,
    Coverage,
    DayProgress,
    Entry,
    Outcome,
    RawRef,
    Reason,
    ScanPosition,
)

DAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
RAW = RawRef(key="k", offset=0, length=1, sha256="x")


def item(name: str, **facts: object) -> BatchItem:
    entry = Entry(
        url=f"https://h.example/{name}", source=facts.pop("source", "ours"), published=facts.pop("published", None)
    )
    given = {"first_seen": NOON, "outcome": Outcome(reason=Reason.FETCHED), "raw": RAW, **facts}
    return BatchItem(entry=entry, **given)


def batch(*items: BatchItem, dt: str = "2026-11-23", history: DayProgress | None = None) -> Batch:
    return Batch(batch="b", dt=dt, quiet=False, interval_end=NOON, items=items, history=history)


def listed(*names: str) -> set[str]:
    return {f"h.example/{name}" for name in names}


def coverage(*batches: Batch, names: str = "", route: str = "sitemap") -> Coverage:
    return coverage_of("ours", route, listed(*names), held_around(batches, DAY))


@pytest.mark.parametrize(
    ("first", "second", "both", "missed"),
    [
        (80, 90, 72, 2),  # 81 * 91 / 73 - 1 = 99.97 published, 98 found
        (10, 10, 10, 0),
        (50, 100, 50, 0),
        (20, 20, 7, 21),
        (20, 20, 6, None),
        (0, 0, 0, None),
        (100, 0, 0, None),
    ],
)
def test_chapmans_estimate_less_what_was_found(first, second, both, missed):
    assert missed_by_both(first, second, both) == missed


def test_live_and_history_are_counted_by_page():
    found = coverage(batch(item("a"), item("b")), names="bcd")
    assert (found.live, found.both, found.history_only) == (2, 1, 2)


def test_what_history_fetched_before_is_not_live():
    found = coverage(batch(item("a")), batch(item("b"), history=DayProgress(done=True)), names="abc")
    assert (found.live, found.both, found.history_only) == (1, 1, 2)


def test_what_live_polling_only_failed_to_fetch_was_not_found():
    found = coverage(batch(item("a", raw=None, outcome=Outcome(reason=Reason.TIMEOUT))), names="a")
    assert (found.live, found.history_only) == (0, 1)


def test_a_live_article_of_another_day_counts_only_where_the_days_list_has_it():
    before, after = NOON.replace(day=22), NOON.replace(day=24)
    batches = [batch(item("a", published=before), item("b", published=after)), batch(item("c"), dt="2026-11-24")]
    assert coverage(*batches, names="x").live == 0
    assert coverage(*batches, names="ab").live == 2


def test_another_sources_article_is_found_live_where_the_list_has_it():
    assert coverage(batch(item("a", source="theirs")), names="a").both == 1
    assert coverage(batch(item("a", source="theirs")), names="b").live == 0


def test_an_article_is_known_by_the_address_in_the_feed_and_by_where_it_led():
    redirected = item("go/a", final_url="https://h.example/a")
    found = coverage(batch(redirected), names="ab")
    assert (found.live, found.both, found.history_only) == (1, 1, 1)
    assert {"h.example/go/a", "h.example/a"} <= held_around([batch(redirected)], DAY).pages


@pytest.mark.parametrize(
    ("route", "is_known"), [("sitemap", True), ("archive_url", True), ("wayback", False), ("ccnews", False)]
)
def test_an_estimate_needs_the_publishers_own_list(route, is_known):
    names = "abcdefgh"
    found = coverage(batch(*map(item, names)), names=names, route=route)
    assert (found.missed is not None) is is_known


def test_how_far_other_runs_have_scanned_that_day_is_known():
    position = ScanPosition(hosts=("h.example",), file="f", offset=7)
    other_day = batch(history=DayProgress(scan=position), dt="2026-11-24")
    found = item("a", history_route="ccnews")
    held = held_around([batch(found, history=DayProgress(scan=position)), other_day], DAY)
    assert held.positions == [position]
    assert held.scanned == {"ours": {"h.example/a"}}


def test_the_scheme_does_not_make_another_page():
    assert page_of("http://h.example:80/a?utm_source=x") == page_of("https://h.example/a") == "h.example/a"


def test_the_line_says_so_where_nothing_can_be_estimated():
    line = coverage_line("ours", "wayback", Coverage(live=3, history_only=1, both=2))
    assert line == "history.coverage source=ours route=wayback live=3 history_only=1 missed≈?"
    assert coverage_line("ours", "sitemap", Coverage(live=3, history_only=1, both=2, missed=4)).endswith("missed≈4")
