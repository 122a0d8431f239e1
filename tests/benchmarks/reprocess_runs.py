"""One pass over a stored day, in a process of its own: what bench_reprocess measures.

`python -m tests.benchmarks.reprocess_runs again|alone S3_URL FOLDER PAGES` prints one JSON object: CPU seconds of this
process and its children after the imports, and how many of them the workers took. `again`: reprocess_archive with
`from: raw`, of the day in S3. `alone`: extract_pages, of the same pages in memory.
"""

import json
import logging
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

import boto3

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.extract import Page, extract_pages
from include.wirewatch.models import Capture, Entry
from include.wirewatch.runs import Backfill, Run
from include.wirewatch.settings import S3Place, Settings
from include.wirewatch.stages.extract import CHUNK, limits_of
from include.wirewatch.stages.reprocess import extract_again, match_again, tell_again
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store
from tests.benchmarks.bench_pipeline import cpu_of
from tests.benchmarks.corpus import pages

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DT = "2026-11-24"
HEADERS = (("Content-Type", "text/html; charset=utf-8"),)


def main(kind: str, s3_url: str, folder: Path, count: int) -> dict[str, float]:
    services, captures = services_of(s3_url, folder), captures_of(count)
    extraction_alone(services, captures[: 2 * CHUNK])  # for imports and caches
    if kind == "again":
        forget(services.store)
    acts = {"again": lambda: reprocess(services, count), "alone": lambda: extraction_alone(services, captures)}
    mine = time.process_time()
    cpu_s, _ = cpu_of(acts[kind])
    return {"cpu_s": cpu_s, "workers_s": cpu_s - (time.process_time() - mine)}


def services_of(s3_url: str, folder: Path) -> Services:
    client = boto3.client(
        "s3", endpoint_url=s3_url, aws_access_key_id="x", aws_secret_access_key="x", region_name="us-east-1"
    )
    config = ConfigFiles(str(folder), lambda place: Store(client, place))
    settings = Settings(store="s3://bench/day")
    return Services(settings, Store(client, S3Place("bench", "day")), config, open_slack=lambda: None, worker="bench")


def captures_of(count: int) -> list[Capture]:
    urls = (f"https://bench.example/{number}" for number in range(count))
    htmls = islice(cycle(pages().values()), count)
    return [Capture(url, url, NOW, 200, HEADERS, html) for url, html in zip(urls, htmls, strict=True)]


def forget(store: Store) -> None:
    """As if no extractor had read the day yet."""
    for item in list(store.list("clean/")):
        store.delete(item.key)


def reprocess(services: Services, count: int) -> None:
    """A backfill's run of the day, under a label of its own."""
    asked = Backfill.model_validate({"label": f"bench-{uuid.uuid4().hex[:8]}"})
    run = Run("reprocess_archive", f"backfill__{asked.label}", DT, NOW + timedelta(days=1), True, asked)
    extract_again(services, run, {"from": "raw"})
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
    print(json.dumps(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))))
