"""An archive to measure on: articles made of the corpus's sentences, compacted by day, in a local folder.

`python -m tests.benchmarks.archive_maker FOLDER [ARTICLES [SEEDED]]`. An article has the sentences of two texts of the
corpus, shuffled, and as many as the first of them; so lengths and vocabularies are real ones. Into the share SEEDED of
them goes a sentence of the shipped rules' own examples, of those that match and those that must not. The same numbers
give the same archive. Nothing is extracted and no batch is written: a day is its compacted file and its manifest.
"""

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import yaml

from include.wirewatch.archive import BatchKey
from include.wirewatch.archive.compact import write_files
from include.wirewatch.archive.days import Manifest, manifest_key
from include.wirewatch.archive.parquet import Derived, Row
from include.wirewatch.match.forms import forms_of
from include.wirewatch.match.sentences import sentences
from include.wirewatch.models import Article
from include.wirewatch.settings import DEFAULT_CONFIG
from include.wirewatch.stages.judge import text_signature
from tests.benchmarks.corpus import PLACE

ARTICLES = 200_000
DAYS = 60
FIRST = date(2026, 9, 1)
# Beside the two of the corpus's 181 texts that are about sanctions: with them, some 58 of a day's 3,333 articles match.
SEEDED = 0.01
PUBLISHERS = 40


class Sentence(NamedTuple):
    text: str
    forms: frozenset[str]


def make_archive(folder: Path, articles: int = ARTICLES, seeded: float = SEEDED, days: int = DAYS) -> None:
    """Each day's file is put at its place when it is whole."""
    chooser = random.Random(7)
    texts, seeds = corpus(), examples()
    for number in range(days):
        count = articles * (number + 1) // days - articles * number // days
        write_day(folder, FIRST + timedelta(days=number), list(made(chooser, texts, seeds, count, seeded)))


def corpus() -> list[list[Sentence]]:
    rows = json.loads((PLACE / "articles-gold.json").read_text()).values()
    return [found for row in rows if (found := as_sentences(row["articleBody"]))]


def examples() -> list[Sentence]:
    rules = yaml.safe_load((Path(DEFAULT_CONFIG) / "rules.yaml").read_text())["rules"]
    return [sentence(text) for rule in rules for text in (*rule["match"], *rule["no_match"])]


def as_sentences(text: str) -> list[Sentence]:
    return [sentence(text[start:end]) for start, end in sentences(text)]


def sentence(text: str) -> Sentence:
    return Sentence(text, frozenset(forms_of(text)))


def made(
    chooser: random.Random, texts: list[list[Sentence]], seeds: list[Sentence], count: int, seeded: float
) -> Iterator[list[Sentence]]:
    """The sentences of each article; the first is its title."""
    for _ in range(count):
        one, other = chooser.choice(texts), chooser.choice(texts)
        found = chooser.sample([*one, *other], len(one))
        if chooser.random() < seeded:
            found.insert(chooser.randrange(len(found) + 1), chooser.choice(seeds))
        yield found


def write_day(folder: Path, day: date, articles: list[list[Sentence]]) -> None:
    key = BatchKey(str(day), "made").clean("made")
    start = datetime.combine(day, time(), UTC)
    step = timedelta(days=1) / max(len(articles), 1)
    rows = (
        (Row(key, one), Derived(frozenset().union(*(each.forms for each in found)), text_signature(one)))
        for number, found in enumerate(articles)
        for one in [article(day, number, start + number * step, found)]
    )
    manifest = folder / manifest_key(day)
    manifest.parent.mkdir(parents=True, exist_ok=True)
    files = write_files(rows, folder, day)
    manifest.write_text(Manifest(**files._asdict(), covers=(key,)).model_dump_json())


def article(day: date, number: int, at: datetime, found: list[Sentence]) -> Article:
    name = hashlib.sha256(f"{day} {number}".encode()).hexdigest()[:32]
    publisher = f"Publisher {number % PUBLISHERS}"
    url = f"https://news{number % PUBLISHERS}.example/{day}/{name}"
    # two sentences a paragraph, as the corpus has
    text = "\n".join(" ".join(one.text for one in found[at : at + 2]) for at in range(1, len(found), 2))
    return Article(
        article_id=name, source=f"source-{number % PUBLISHERS}", publisher=publisher, title=found[0].text, text=text,
        published=at, published_from="feed", first_seen=at, language="en", word_count=len(text.split()), method="fast",
        extractor="made", entry_url=url, url=url, canonical_url=url, fetched_at=at,
    )  # fmt: skip


if __name__ == "__main__":
    make_archive(Path(sys.argv[1]), *map(int, sys.argv[2:3]), *map(float, sys.argv[3:4]))
