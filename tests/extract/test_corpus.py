"""Real pages with hand-made gold text; skipped where WIREWATCH_CORPUS has none."""

import json
from datetime import UTC, datetime

import pytest

from include.wirewatch.extract import Extraction, Page, extract_page
from include.wirewatch.models import Entry
from tests.benchmarks import bench_extract, corpus

SEED = corpus.PLACE.parent / "seed" / "article.html"
needs_corpus = pytest.mark.skipif(not (corpus.PLACE / "articles").is_dir(), reason="there is no corpus of real pages")
needs_seed = pytest.mark.skipif(not SEED.is_file(), reason="there is no seed article")


@needs_corpus
@pytest.mark.slow
def test_real_pages_alert_with_fewer_false_alerts_than_the_librarys_precision_mode_and_miss_no_more() -> None:
    gold = json.loads((corpus.PLACE / "articles-gold.json").read_text())
    ours, theirs = [], []
    for stem, html in corpus.pages().items():
        title, text = bench_extract.ours(html, gold[stem]["url"])
        wanted = bench_extract.keywords(title, gold[stem]["articleBody"])
        ours.append(bench_extract.count(bench_extract.keywords(title, text), wanted))
        precise = bench_extract.METHODS["trafilatura, precision"](html)
        theirs.append(bench_extract.count(bench_extract.keywords(title, precise), wanted))
    assert sum(counts.wrong for counts in ours) < sum(counts.wrong for counts in theirs)
    assert sum(counts.missed for counts in ours) <= sum(counts.missed for counts in theirs)
    assert bench_extract.precision(ours) >= bench_extract.AIM["precision"]
    assert bench_extract.recall(ours) >= bench_extract.AIM["recall"]


@pytest.fixture(scope="module")
def seed() -> Extraction:
    entry = Entry(url="https://london-news-net.example/world/talks", source="seed")
    return extract_page(Page(entry.url, SEED.read_bytes(), "text/html", entry, datetime(2025, 5, 13, tzinfo=UTC)))


@needs_seed
@pytest.mark.parametrize(("keyword", "hits"), [("ceasefire", 3), ("ultimatum", 1), ("sanctions", 1)])
def test_the_seed_article_has_its_keywords_in_its_text_and_not_from_its_navigation(
    seed: Extraction, keyword: str, hits: int
) -> None:
    assert seed.text.lower().count(keyword) == hits


@needs_seed
def test_the_seed_article_is_without_its_related_posts_and_its_cookie_notice(seed: Extraction) -> None:
    assert "Related posts" not in seed.text
    assert "cookies" not in seed.text
    assert seed.title.startswith("Kremlin Confirms")
    assert seed.published == datetime(2025, 5, 12, 13, 5, tzinfo=UTC)
