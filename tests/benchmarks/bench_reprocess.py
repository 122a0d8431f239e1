"""Reprocessing a stored day beside the extraction of its pages alone.

Ours: reprocess_archive with from: raw. Raw copies out of S3 → extract → clean copies into S3 → the day's articles read
back → the shipped rules → matches and the summary. Theirs: extract_pages, the same workers, over the same pages that
lie in memory already, 128 at a time; nothing is read, stored or matched.
Alternating in one run, a fifth of the day at a time, for a machine's mood lasts minutes: the day has a source for each
fifth, and only the last step, rules and summary, takes the day whole. That each fifth looks through the day's batches
anew counts as ours. CPU of this process and its children; S3 runs in a process of its own.
Usage: python -m tests.benchmarks.bench_reprocess [PAGES [PAIRS]]; `make bench` takes 500 and 3, a whole day is 10000.
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import boto3

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.extract import Page, extract_pages
from include.wirewatch.models import Batch, BatchItem, Capture, Entry, Outcome, Reason, SourceReport
from include.wirewatch.runs import Backfill, Run
from include.wirewatch.settings import DEFAULT_CONFIG, S3Place, Settings
from include.wirewatch.stages.extract import CHUNK, limits_of
from include.wirewatch.stages.reprocess import extract_again, match_again, tell_again
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store
from tests.benchmarks.bench_pipeline import cpu_of
from tests.benchmarks.corpus import pages

PAGES, PAIRS, TARGET = 500, 3, 1.1
SLICES = 5
# A day of live polling has 288 runs; 10,000 pages are 35 in each.
BATCH_PAGES = 35
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DT = "2026-11-24"
HEADERS = (("Content-Type", "text/html; charset=utf-8"),)


class Slice(NamedTuple):
    """A part of the day: its pages, and the source that they came from."""

    source: str
    captures: list[Capture]


class Cost(NamedTuple):
    """CPU seconds of this process and its children, how many of them the workers took, and wall seconds."""

    cpu_s: float
    workers_s: float
    wall_s: float

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]  # not as tuples are added
        return Cost(*(a + b for a, b in zip(self, other, strict=True)))

    def per(self, pages: int) -> str:
        cpu, workers = self.cpu_s / pages * 1000, self.workers_s / pages * 1000
        return f"{cpu:.1f} ms CPU a page ({workers:.1f} in workers; {self.wall_s:.0f} s wall)"


def main() -> None:
    count, pairs = (int(word) for word in (sys.argv[1:] + [str(PAGES), str(PAIRS)][len(sys.argv) - 1 :])[:2])
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.servers"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as servers:  # fmt: skip
        assert servers.stdout is not None
        assert servers.stdin is not None
        try:
            with tempfile.TemporaryDirectory() as folder:
                compare(services_of(servers.stdout.readline().split()[0], Path(folder)), count, pairs)
        finally:
            servers.stdin.close()


def compare(services: Services, count: int, pairs: int) -> None:
    slices = [Slice(f"slice-{number}", pages_of(size, number)) for number, size in enumerate(sizes(count)) if size]
    batches = [
        store_batch(services.store, one.source, number, part)
        for one in slices
        for number, part in enumerate(parts(one.captures))
    ]
    print(f"a stored day of {count} pages in {len(batches)} batches, {pairs} pairs, {os.cpu_count()} cores")
    extraction_alone(services, slices[0].captures[: 2 * CHUNK])  # for imports and caches
    ratios = []
    for number in range(pairs):
        forget(services.store)
        again, alone = pair(services, number, slices)
        ratios.append(again.cpu_s / alone.cpu_s)
        print(
            f"  pair {number + 1}: reprocess {again.per(count)}, extraction alone {alone.per(count)}, {ratios[-1]:.3f}"
        )
    print(f"  median ratio {statistics.median(ratios):.3f} (target ≤ {TARGET})")


def pair(services: Services, number: int, slices: list[Slice]) -> tuple[Cost, Cost]:
    """The day reprocessed, and its extraction alone: by turns who comes first."""
    again = alone = Cost(0, 0, 0)
    run = run_of(number)
    for turn, one in enumerate(slices):
        for is_ours in (turn % 2 == 0, turn % 2 == 1):
            if is_ours:
                again += cost_of(lambda one=one: extract_again(services, run, {"from": "raw", "sources": [one.source]}))
            else:
                alone += cost_of(lambda one=one: extraction_alone(services, one.captures))
    again += cost_of(lambda: match_whole(services, run, sum(len(one.captures) for one in slices)))
    return again, alone


def sizes(count: int) -> list[int]:
    return [count * (number + 1) // SLICES - count * number // SLICES for number in range(SLICES)]


def pages_of(size: int, number: int) -> list[Capture]:
    htmls = islice(cycle(pages().values()), number * size, (number + 1) * size)
    urls = (f"https://bench.example/{number}/{page}" for page in range(size))
    return [Capture(url, url, NOW, 200, HEADERS, html) for url, html in zip(urls, htmls, strict=True)]


def cost_of(act: Callable[[], None]) -> Cost:
    mine = time.process_time()
    cpu_s, wall_s = cpu_of(act)
    return Cost(cpu_s, cpu_s - (time.process_time() - mine), wall_s)


def services_of(s3_url: str, folder: Path) -> Services:
    (folder / "rules.yaml").write_text((Path(DEFAULT_CONFIG) / "rules.yaml").read_text())
    sources = "".join(
        f"  - {{name: slice-{number}, publisher: Corpus, kind: feed, url: 'https://bench.example/{number}'}}\n"
        for number in range(SLICES)
    )
    (folder / "sources.yaml").write_text(f"sources:\n{sources}")
    (folder / "receivers.yaml").write_text("receivers: [{name: log, kind: console}]\nroutes: [{to: [log]}]\n")
    client = boto3.client(
        "s3", endpoint_url=s3_url, aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
    )
    config = ConfigFiles(str(folder), lambda place: Store(client, place))
    settings = Settings(store="s3://bench/day")
    return Services(settings, Store(client, S3Place("bench", "day")), config, open_slack=lambda: None, worker="bench")


def parts(captures: list[Capture]) -> list[list[Capture]]:
    return [captures[start : start + BATCH_PAGES] for start in range(0, len(captures), BATCH_PAGES)]


def store_batch(store: Store, source: str, number: int, captures: list[Capture]) -> BatchKey:
    key = BatchKey(DT, f"ingest_live-{source}-{number}")
    writer = RawWriter(key.warc("a"), NOW)
    items = tuple(
        BatchItem(
            entry=Entry(url=capture.url, source=source, title=f"Page {capture.url}"),
            first_seen=NOW,
            outcome=Outcome(reason=Reason.FETCHED, status=200),
            final_url=capture.final_url,
            fetched_at=NOW,
            raw=writer.add(capture),
        )
        for capture in captures
    )
    report = SourceReport(publisher="Corpus", alert_max_age_s=86400, poll=Outcome(reason=Reason.FETCHED))
    writer.save(store)
    batch = Batch(
        batch=key.batch, dt=DT, quiet=False, interval_end=NOW, warc=writer.key, items=items, sources={source: report}
    )
    archive.commit_batch(store, batch)
    return key


def forget(store: Store) -> None:
    """As if no extractor had read the day yet."""
    for item in list(store.list("clean/")):
        store.delete(item.key)


def run_of(number: int) -> Run:
    """A backfill's run of the day, under a label of its own."""
    asked = Backfill.model_validate({"label": f"bench-{number}"})
    return Run("reprocess_archive", f"backfill__{number}", DT, NOW + timedelta(days=1), True, asked)


def match_whole(services: Services, run: Run, count: int) -> None:
    matched = match_again(services, run, {})
    tell_again(services, run, str(matched["matches"]))
    if matched["articles"] != count:
        raise SystemExit(f"expected {count} articles, matched {matched}")


def extraction_alone(services: Services, captures: list[Capture]) -> None:
    for chunk in (captures[start : start + CHUNK] for start in range(0, len(captures), CHUNK)):
        extract_pages(
            [
                Page(
                    url=capture.final_url,
                    html=capture.body,
                    content_type=capture.header("Content-Type"),
                    entry=Entry(url=capture.url, source="corpus", title=f"Page {capture.url}"),
                    now=NOW,
                )
                for capture in chunk
            ],
            limits_of(services.settings),
        )


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main()
