"""CPU seconds an article: the whole path beside a plain loop of the extraction library over the same pages.

Ours: fetch from loopback → raw copy in S3 → extract → clean copy in S3 → match the shipped rules → outbox.
Theirs: trafilatura.bare_extraction(html, with_metadata=True) in a loop, nothing stored, nothing matched.
Alternating in one run; CPU of this process and its children; the servers run in a process of their own.
"""

import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import boto3
import trafilatura

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.runs import Run
from include.wirewatch.settings import DEFAULT_CONFIG, S3Place, Settings
from include.wirewatch.stages.extract import extract
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.match import match
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store
from tests.benchmarks.corpus import pages

PAIRS = 5
TARGET = 1.15


def main() -> None:
    site = pages()
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.servers"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as servers:  # fmt: skip
        assert servers.stdout is not None
        assert servers.stdin is not None
        s3_url, site_url = servers.stdout.readline().split()
        try:
            compare(site, s3_url, site_url)
        finally:
            servers.stdin.close()


def compare(site: dict[str, bytes], s3_url: str, site_url: str) -> None:
    print(f"whole path beside plain extraction, {len(site)} pages, {PAIRS} pairs, {os.cpu_count()} cores")
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(PAIRS + 1):
            path = cpu_of(lambda number=number: whole_path(len(site), s3_url, site_url, Path(folder), number))
            loop = cpu_of(lambda: plain_loop(site))
            if number == 0:
                continue  # imports and caches
            ours.append(path[0] / len(site))
            theirs.append(loop[0] / len(site))
            print(
                f"  pair {number}: whole path {ours[-1] * 1000:6.1f} ms CPU an article ({path[1]:.1f} s wall), "
                f"plain extraction {theirs[-1] * 1000:6.1f} ms ({loop[1]:.1f} s wall), {ours[-1] / theirs[-1]:.2f}"
            )
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(f"  median ratio {ratio:.2f} (target ≤ {TARGET})")


def whole_path(expected: int, s3_url: str, site_url: str, folder: Path, number: int) -> None:
    """One run over a new source and an empty store: nothing is known from the pair before."""
    for name in ("rules.yaml",):
        (folder / name).write_text((Path(DEFAULT_CONFIG) / name).read_text())
    (folder / "receivers.yaml").write_text("receivers: [{name: log, kind: console}]\nroutes: [{to: [log]}]\n")
    (folder / "sources.yaml").write_text(
        f"sources:\n- {{name: corpus, publisher: Corpus, kind: feed, url: '{site_url}/feed.xml', delay_s: 0, "
        f"concurrency: 8, max_fetches: 1000, allow_hosts: ['{site_url.removeprefix('http://')}']}}\n"
    )
    client = boto3.client(
        "s3", endpoint_url=s3_url, aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
    )
    store = Store(client, S3Place("bench", f"run-{number}"))
    config = ConfigFiles(str(folder), lambda place: Store(client, place))
    settings = Settings(store=f"s3://bench/run-{number}")
    services = Services(settings, store, config, open_slack=lambda: None, worker="bench")
    now = datetime.now(UTC)
    run = Run("bench", f"run-{number}", now.date().isoformat(), now, quiet=False)
    fetched = fetch(services, run, 0, 1)
    if fetched["fetched"] != expected:
        raise SystemExit(f"expected {expected} pages, fetched {fetched}")
    match(services, str(extract(services, str(fetched["batch"]))["clean"]))


def plain_loop(site: dict[str, bytes]) -> None:
    for html in site.values():
        trafilatura.bare_extraction(html, with_metadata=True)


def cpu_of(act: Callable[[], None]) -> tuple[float, float]:
    """CPU seconds of this process and its finished children, and wall seconds."""
    before, started = _cpu(), time.perf_counter()
    act()
    return _cpu() - before, time.perf_counter() - started


def _cpu() -> float:
    mine, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.ru_utime + mine.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    main()
