import gc
import os
import resource
import signal

import pytest

from include.wirewatch.extract import Extraction, Limits, Page, extract_page, extract_pages, workers

from . import hostile
from .samples import html, page

GOOD = page(html(), summary="The ceasefire held.")
BAD = page(b"<html>bad</html>", url="https://bad.example/a", summary="The ultimatum stood.")
EXPECTED = extract_page(GOOD)


def with_bad_page(monkeypatch: pytest.MonkeyPatch, behaviour: object) -> None:
    """Workers are forked, so what is replaced here is replaced there."""

    def extract(given: Page) -> Extraction:
        return behaviour() if given.url == BAD.url else extract_page(given)  # type: ignore[operator]

    monkeypatch.setattr(workers, "extract_page", extract)


def spin() -> None:
    while True:
        pass


def crash() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def exhaust() -> None:
    bytearray(10**12)


def fail() -> None:
    raise KeyError("a bug")


@pytest.mark.parametrize(
    ("neighbours", "workers_of"), [(0, 1), (1, 2), (3, 1)], ids=["alone", "beside another", "in a pool"]
)
@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (spin, "extraction was killed after 1 s"),
        (crash, "the extraction worker died (exit code -9)"),
        (exhaust, "extraction needed more than 500000000 bytes of memory"),
        (fail, "extraction raised KeyError"),
    ],
)
def test_a_page_that_breaks_its_worker_becomes_a_summary_and_harms_no_neighbour(
    monkeypatch: pytest.MonkeyPatch, behaviour: object, reason: str, neighbours: int, workers_of: int
) -> None:
    with_bad_page(monkeypatch, behaviour)
    pages = [BAD, *[GOOD] * neighbours]
    limits = Limits(timeout_s=1, memory_bytes=500_000_000, workers=workers_of)
    first, *others = extract_pages(pages, limits)
    assert (first.method, first.method_detail) == ("summary", reason)
    assert first.text == "The ultimatum stood."
    assert others == [EXPECTED] * neighbours


def test_answers_come_in_the_order_of_the_pages() -> None:
    pages = [page(html(f"<h1>Page {number}</h1><p>The ceasefire held for {number} days.</p>")) for number in range(12)]
    extractions = extract_pages(pages, Limits(workers=2))
    assert [extraction.text.split("\n")[-1] for extraction in extractions] == [
        f"The ceasefire held for {number} days." for number in range(12)
    ]


def test_nothing_is_extracted_from_nothing() -> None:
    assert extract_pages([], Limits()) == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_page_is_read_only_up_to_the_limit(count: int) -> None:
    limits = Limits(max_html_bytes=len(html()))
    long = GOOD._replace(html=html() + b"<p>The ultimatum stood, and nobody spoke of it again in the city.</p>" * 9)
    for extraction in extract_pages([long] * count, limits):
        assert extraction.text == EXPECTED.text
        assert extraction.method_detail == f"read the first {len(html())} of {len(long.html)} bytes"


def test_limits_apply_to_the_workers_and_not_to_this_process() -> None:
    before = resource.getrlimit(resource.RLIMIT_AS)
    extract_pages([GOOD], Limits(memory_bytes=300_000_000))
    assert resource.getrlimit(resource.RLIMIT_AS) == before


@pytest.mark.parametrize("count", [1, 5])
def test_a_worker_leaves_what_it_inherits_out_of_its_garbage_collection(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    inherited = len(gc.get_objects())

    def look() -> Extraction:
        return EXPECTED._replace(word_count=gc.get_freeze_count())

    with_bad_page(monkeypatch, look)
    assert all(found.word_count > 0.9 * inherited for found in extract_pages([BAD] * count, Limits()))
    assert gc.get_freeze_count() == 0, "this process goes on collecting"


@pytest.mark.parametrize(("count", "pools"), [(1, 0), (2, 0), (3, 1)])
def test_no_more_pages_than_workers_do_not_pay_for_a_pool(
    monkeypatch: pytest.MonkeyPatch, count: int, pools: int
) -> None:
    started = []
    real = workers.ProcessPool
    monkeypatch.setattr(workers, "ProcessPool", lambda *given: started.append(given) or real(*given))
    assert extract_pages([GOOD] * count, Limits(workers=2)) == [EXPECTED] * count
    assert len(started) == pools


def test_a_worker_that_lost_its_parent_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with_bad_page(monkeypatch, spin)
    monkeypatch.setattr(workers, "ORPHAN_GRACE_S", 0)
    _, sender = workers.FORK.Pipe(duplex=False)
    process = workers.FORK.Process(target=workers._answer_alone, args=(sender, BAD, Limits(timeout_s=0.1)))
    process.start()
    process.join(timeout=10)
    assert process.exitcode == -signal.SIGALRM


def test_a_real_heavy_page_is_killed_on_the_limit() -> None:
    heavy = page(hostile.page("<p>word</p>" * 20_000), summary="The ultimatum stood.")
    (extraction,) = extract_pages([heavy], Limits(timeout_s=0.2))
    assert extraction.method_detail == "extraction was killed after 0.2 s"
