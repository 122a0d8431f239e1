"""Reprocessing a stored day beside the extraction of its pages alone.

Ours: reprocess_archive with from: raw. Raw copies out of S3 → extract → clean copies into S3 → the day's articles read
back → the shipped rules → matches and the summary. Theirs: extract_pages, the same workers, over the same pages that
lie in memory already, 128 at a time; nothing is read, stored or matched. A process each, by turns of a second; CPU of
the process and its children; S3 runs in a process of its own.
Usage: python -m tests.benchmarks.bench_reprocess [PAGES [PAIRS]]; `make bench` takes 500 and 3, a whole day is 10000.
"""

import json
import logging
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.models import Batch, BatchItem, Capture, Entry, Outcome, Reason, SourceReport
from include.wirewatch.settings import DEFAULT_CONFIG
from include.wirewatch.store import Store
from tests.benchmarks.reprocess_runs import DT, NOW, captures_of, services_of
from tests.benchmarks.turns import by_turns

PAGES, PAIRS, TARGET = 500, 3, 1.1
# A day of live polling has 288 runs; 10,000 pages are 35 in each.
BATCH_PAGES = 35
SOURCE = "corpus"
KINDS = ("again", "alone")


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
                compare(servers.stdout.readline().split()[0], Path(folder), count, pairs)
        finally:
            servers.stdin.close()


def compare(s3_url: str, folder: Path, count: int, pairs: int) -> None:
    write_config(folder)
    batches = parts(captures_of(count))
    store = services_of(s3_url, folder).store
    for number, part in enumerate(batches):
        store_batch(store, number, part)
    print(f"a stored day of {count} pages in {len(batches)} batches, {pairs} pairs, {os.cpu_count()} cores", flush=True)
    ratios = []
    for number in range(pairs):
        again, alone = (first_of(lines) for lines in by_turns([command(kind, s3_url, folder, count) for kind in KINDS]))
        ratios.append(again["cpu_s"] / alone["cpu_s"])
        print(
            f"  pair {number + 1}: reprocess {per_page(again, count)}, extraction alone {per_page(alone, count)}, "
            f"{ratios[-1]:.3f}",
            flush=True,
        )
    print(f"  median ratio {statistics.median(ratios):.3f} (target ≤ {TARGET})")


def command(kind: str, s3_url: str, folder: Path, count: int) -> list[str]:
    return [sys.executable, "-m", "tests.benchmarks.reprocess_runs", kind, s3_url, str(folder), str(count)]


def first_of(lines: list[str]) -> dict[str, float]:
    result: dict[str, Any] = json.loads(lines[0])
    return result


def per_page(cost: dict[str, float], count: int) -> str:
    cpu, workers = (cost[name] / count * 1000 for name in ("cpu_s", "workers_s"))
    return f"{cpu:.1f} ms CPU a page ({workers:.1f} in workers)"


def write_config(folder: Path) -> None:
    (folder / "rules.yaml").write_text((Path(DEFAULT_CONFIG) / "rules.yaml").read_text())
    source = f"{{name: {SOURCE}, publisher: Corpus, kind: feed, url: 'https://bench.example/feed'}}"
    (folder / "sources.yaml").write_text(f"sources: [{source}]\n")
    (folder / "receivers.yaml").write_text("receivers: [{name: log, kind: console}]\nroutes: [{to: [log]}]\n")


def parts(captures: list[Capture]) -> list[list[Capture]]:
    return [captures[start : start + BATCH_PAGES] for start in range(0, len(captures), BATCH_PAGES)]


def store_batch(store: Store, number: int, captures: list[Capture]) -> None:
    key = BatchKey(DT, f"ingest_live-{number}")
    writer = RawWriter(key.warc("a"), NOW)
    items = tuple(
        BatchItem(
            entry=Entry(url=capture.url, source=SOURCE, title=f"Page {capture.url}"),
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
        batch=key.batch, dt=DT, quiet=False, interval_end=NOW, warc=writer.key, items=items, sources={SOURCE: report}
    )
    archive.commit_batch(store, batch)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main()
