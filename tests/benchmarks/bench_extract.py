"""Extraction: what alerts get right against hand-made gold text, what a page costs, and whether memory stays put.

Alerts: 50 topical keywords × pages; a keyword found in title + text but not in title + gold text is a false alert. The
same title (ours) counts in every row and on both sides. The even half of the pages (by sha256 of the stem) is the one
that the rules were tuned on; believe the odd half. Intervals: 95 %, bootstrap over pages, seeded.
"""

import hashlib
import json
import logging
import multiprocessing
import random
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import lxml.html
import trafilatura
from trafilatura.utils import decode_file

from include.wirewatch.extract import EXTRACTOR, Page, extract_page
from include.wirewatch.models import Entry
from tests.benchmarks.corpus import PLACE, pages

KEYWORDS = (
    "attack", "war", "military", "army", "weapon", "police", "court", "judge", "law", "government", "president",
    "minister", "parliament", "election", "vote", "party", "protest", "strike", "union", "trade", "tariff",
    "sanctions", "economy", "market", "bank", "inflation", "budget", "tax", "oil", "gas", "energy", "climate",
    "weather", "flood", "fire", "earthquake", "health", "hospital", "virus", "vaccine", "drug", "school",
    "university", "technology", "company", "china", "russia", "europe", "security", "investigation",
)  # fmt: skip
PATTERNS = {word: re.compile(rf"(?<!\w){word}(?:s|es|'s|’s)?(?!\w)") for word in KEYWORDS}
NOW = datetime(2026, 11, 1, tzinfo=UTC)
PAIRS = 5
RESAMPLES = 1_000
WORKER_PAGES = 5_000
AIM = {"precision": 0.985, "recall": 0.990, "CPU ratio": 0.75, "p99 s": 1.0}


class Counts(NamedTuple):
    """Of one page: keywords found and right, found and wrong, missed."""

    right: int
    wrong: int
    missed: int


def main() -> None:
    site = pages()
    gold = json.loads((PLACE / "articles-gold.json").read_text())
    print(f"{EXTRACTOR}, {len(site)} pages")
    alerts(site, gold)
    cpu(site, gold)
    memory(site, gold)


def ours(html: bytes, url: str) -> tuple[str, str]:
    extraction = extract_page(Page(url, html, "text/html", Entry(url=url, source="bench"), NOW))
    return extraction.title, extraction.text


def library(html: bytes, **options: bool) -> str:
    document = trafilatura.bare_extraction(html, **options)
    return document.text or "" if document else ""


def readability(html: bytes) -> str:
    from readability import Document as Readability  # `make bench` installs it; the tests import this module without

    return str(lxml.html.fromstring(Readability(decode_file(html)).summary()).text_content())


def visible(html: bytes) -> str:
    tree = lxml.html.fromstring(html)
    for element in list(tree.iter("script", "style", "noscript", "template", "head")):
        element.drop_tree()
    return str(tree.text_content())


METHODS: dict[str, Callable[[bytes], str]] = {
    "trafilatura": lambda html: library(html),
    "trafilatura, no comments": lambda html: library(html, include_comments=False),
    "trafilatura, precision": lambda html: library(html, favor_precision=True),
    "trafilatura, precision, no comments": lambda html: library(html, favor_precision=True, include_comments=False),
    "readability-lxml": readability,
    "visible text": visible,
}


def alerts(site: dict[str, bytes], gold: dict[str, dict[str, str]]) -> None:
    found = {stem: ours(html, gold[stem]["url"]) for stem, html in site.items()}
    rows: dict[str, dict[str, Counts]] = {"ours": {}} | {name: {} for name in METHODS}
    for stem, html in site.items():
        title, text = found[stem]
        wanted = keywords(title, gold[stem]["articleBody"])
        rows["ours"][stem] = count(keywords(title, text), wanted)
        for name, method in METHODS.items():
            rows[name][stem] = count(keywords(title, method(html)), wanted)
    for half, name in ((1, "odd half (not tuned on)"), (0, "even half (tuned on)")):
        stems = [stem for stem in site if int(hashlib.sha256(stem.encode()).hexdigest(), 16) % 2 == half]
        print(f"\nkeyword alerts, {name}, {len(stems)} pages")
        print(f"  {'matched text':42}{'precision':>22}{'recall':>22}{'false alerts/100':>18}")
        for method_name, by_stem in rows.items():
            counts = [by_stem[stem] for stem in stems]
            wrong = 100 * sum(each.wrong for each in counts) / len(counts)
            print(f"  {method_name:42}{interval(counts, precision):>22}{interval(counts, recall):>22}{wrong:>18.1f}")
    print(f"  aim: precision ≥ {AIM['precision']}, recall ≥ {AIM['recall']}")


def keywords(title: str, text: str) -> set[str]:
    lowered = f"{title}\n{text}".lower()
    return {word for word, pattern in PATTERNS.items() if pattern.search(lowered)}


def count(found: set[str], wanted: set[str]) -> Counts:
    return Counts(len(found & wanted), len(found - wanted), len(wanted - found))


def precision(counts: list[Counts]) -> float:
    right, wrong = sum(each.right for each in counts), sum(each.wrong for each in counts)
    return right / max(right + wrong, 1)


def recall(counts: list[Counts]) -> float:
    right, missed = sum(each.right for each in counts), sum(each.missed for each in counts)
    return right / max(right + missed, 1)


def interval(counts: list[Counts], measure: Callable[[list[Counts]], float]) -> str:
    dice = random.Random(0)
    values = sorted(measure(dice.choices(counts, k=len(counts))) for _ in range(RESAMPLES))
    return f"{measure(counts):.3f} [{values[25]:.3f}, {values[-26]:.3f}]"


def cpu(site: dict[str, bytes], gold: dict[str, dict[str, str]]) -> None:
    print("\nCPU a page, metadata included, beside trafilatura.bare_extraction(html, with_metadata=True)")
    ratios, each = [], []
    for _ in range(PAIRS):
        each = [cpu_of(lambda stem=stem: ours(site[stem], gold[stem]["url"])) for stem in site]
        theirs = sum(
            cpu_of(lambda stem=stem: trafilatura.bare_extraction(site[stem], with_metadata=True)) for stem in site
        )
        ratios.append(sum(each) / theirs)
        print(f"  ours {1000 * sum(each) / len(site):5.1f} ms, theirs {1000 * theirs / len(site):5.1f} ms")
    p99 = sorted(each)[int(0.99 * len(each))]
    print(
        f"  median ratio {statistics.median(ratios):.2f} (aim ≤ {AIM['CPU ratio']}), "
        f"ours p99 {p99:.2f} s (aim ≤ {AIM['p99 s']}), max {max(each):.2f} s"
    )


def cpu_of(act: Callable[[], object]) -> float:
    before = time.process_time()
    act()
    return time.process_time() - before


def memory(site: dict[str, bytes], gold: dict[str, dict[str, str]]) -> None:
    print(f"\nmemory of one worker over {WORKER_PAGES} pages")
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    worker = fork.Process(target=work, args=(sender, site, gold))
    worker.start()
    sender.close()
    for _ in range(5):
        number, resident = receiver.recv()
        print(f"  after {number:5} pages: {resident / 1e6:.0f} MB resident")
    worker.join()


def work(sender: Connection, site: dict[str, bytes], gold: dict[str, dict[str, str]]) -> None:
    stems = list(site)
    for number in range(1, WORKER_PAGES + 1):
        stem = stems[number % len(stems)]
        ours(site[stem], gold[stem]["url"])
        if number % (WORKER_PAGES // 5) == 0:
            pages_resident = int(Path("/proc/self/statm").read_text().split()[1])
            sender.send((number, pages_resident * resource.getpagesize()))


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    sys.exit(main())
