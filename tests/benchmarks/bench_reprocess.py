"""Reprocessing a stored day beside the extraction of its pages alone.

Ours: reprocess_archive with from: raw. Raw copies out of S3 → extract → clean copies into S3 → the day's articles read
back → the shipped rules → matches and the summary. Theirs: extract_pages, the same workers, over the same pages that
lie in memory already, 128 at a time; nothing is read, stored or matched.
Alternating in one run; CPU of this process and its children; S3 runs in a process of its own.
Usage: python -m tests.benchmarks.bench_reprocess [PAGES [PAIRS]]; `make bench` takes 500 and 3, a whole day is 10000.
"""

import logging
import os
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

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
# A day of live polling has 288 runs; 10,000 pages are 35 in each.
BATCH_PAGES = 35
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DT = "2026-11-24"
HEADERS = (("Content-Type", "text/html; charset=utf-8"),)


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
    captures = [
        Capture(f"https://bench.example/{number}", f"https://bench.example/{number}", NOW, 200, HEADERS, html)
        for number, html in enumerate(islice(cycle(pages().values()), count))
    ]
    batches = [store_batch(services.store, number, part) for number, part in enumerate(parts(captures))]
    print(f"a stored day of {count} pages in {batches[-1] + 1} batches, {pairs} pairs, {os.cpu_count()} cores")
    ratios = []
    for number in range(pairs + 1):
        size = min(count, 2 * CHUNK) if number == 0 else count  # the first one is for imports and caches
        forget(services.store)
        alone = cpu_of(lambda size=size: extraction_alone(services, captures[:size]))
        again = cpu_of(lambda number=number: reprocess(services, number, count))
        if number == 0:
            continue
        ratios.append(again[0] / alone[0])
        print(
            f"  pair {number}: reprocess {again[0] / count * 1000:6.1f} ms CPU a page ({again[1]:.1f} s wall), "
            f"extraction alone {alone[0] / count * 1000:6.1f} ms ({alone[1]:.1f} s wall), {ratios[-1]:.3f}"
        )
    print(f"  median ratio {statistics.median(ratios):.3f} (target ≤ {TARGET})")


def services_of(s3_url: str, folder: Path) -> Services:
    for name in ("rules.yaml", "sources.yaml"):
        (folder / name).write_text((Path(DEFAULT_CONFIG) / name).read_text())
    (folder / "receivers.yaml").write_text("receivers: [{name: log, kind: console}]\nroutes: [{to: [log]}]\n")
    client = boto3.client(
        "s3", endpoint_url=s3_url, aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
    )
    config = ConfigFiles(str(folder), lambda place: Store(client, place))
    settings = Settings(store="s3://bench/day")
    return Services(settings, Store(client, S3Place("bench", "day")), config, open_slack=lambda: None, worker="bench")


def parts(captures: list[Capture]) -> list[list[Capture]]:
    return [captures[start : start + BATCH_PAGES] for start in range(0, len(captures), BATCH_PAGES)]


def store_batch(store: Store, number: int, captures: list[Capture]) -> int:
    key = BatchKey(DT, f"ingest_live-{number}")
    writer = RawWriter(key.warc("a"), NOW)
    items = tuple(
        BatchItem(
            entry=Entry(url=capture.url, source="corpus", title=f"Page {capture.url}"),
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
        batch=key.batch, dt=DT, quiet=False, interval_end=NOW, warc=writer.key, items=items, sources={"corpus": report}
    )
    archive.commit_batch(store, batch)
    return number


def forget(store: Store) -> None:
    """As if no extractor had read the day yet."""
    for item in list(store.list("clean/")):
        store.delete(item.key)


def reprocess(services: Services, number: int, count: int) -> None:
    """One whole day under a label of its own."""
    asked = Backfill.model_validate({"label": f"bench-{number}"})
    run = Run("reprocess_archive", f"backfill__{number}", DT, NOW + timedelta(days=1), True, asked)
    params = {"from": "raw", "rules": [], "sources": []}
    extract_again(services, run, params)
    matched = match_again(services, run, params)
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
