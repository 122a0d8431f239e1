"""Feeds: the cost of reading them beside feedparser with its defaults, and every difference in links and titles."""

import gzip
import statistics
import sys
import time
import warnings
from collections.abc import Callable

import feedparser

from include.wirewatch.config.sources import Source
from include.wirewatch.discover import feed
from include.wirewatch.discover.plain import MAX_TITLE, plain_text
from include.wirewatch.urls import absolute
from tests.benchmarks.corpus import PLACE

PAIRS = 5
AIM = 20.0
SOURCE = Source(name="bench", publisher="Bench", kind="feed", url="https://news.example/feed", max_entries=10_000)
Listed = list[tuple[str, str]]


def main() -> None:
    warnings.simplefilter("ignore")
    bodies = {path.name[:8]: gzip.decompress(path.read_bytes()) for path in sorted((PLACE / "feeds").glob("*.gz"))}
    if not bodies:
        sys.exit(f"no feeds in {PLACE}/feeds: set WIREWATCH_CORPUS to a folder with feeds/*.xml.gz")
    differences(bodies)
    ours, theirs = [], []
    for _ in range(PAIRS):
        ours.append(cpu_s(lambda: [feed.parse(body, SOURCE, SOURCE.url, "") for body in bodies.values()]))
        theirs.append(cpu_s(lambda: [feedparser.parse(body) for body in bodies.values()]))
    ratio = statistics.median(their / our for our, their in zip(ours, theirs, strict=True))
    print(f"{len(bodies)} feeds: ours {min(ours):.3f} CPU s, feedparser {min(theirs):.2f} CPU s")
    print(f"feedparser / ours: {ratio:.1f} (aim: at least {AIM:g})  {'reached' if ratio >= AIM else 'MISSED'}")


def differences(bodies: dict[str, bytes]) -> None:
    total = same = unlinked = 0
    for name, body in bodies.items():
        ours = [(entry.url, entry.title) for entry in feed.parse(body, SOURCE, SOURCE.url, "").entries]
        read = feedparser.parse(body).entries
        theirs: Listed = [
            (absolute(entry["link"], SOURCE.url), plain_text(entry.get("title"), MAX_TITLE))
            for entry in read
            if entry.get("link")
        ]
        total += len(theirs)
        unlinked += len(read) - len(theirs)
        same += len([entry for entry in theirs if entry in ours])
        for their in theirs:
            if their not in ours:
                print(f"{name}: only feedparser has {their}")
        for our in ours:
            if our not in theirs:
                print(f"{name}: only ours has {our}")
    print(f"{same} of {total} entries with the same link and title; {unlinked} entries without any link are left out")


def cpu_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
