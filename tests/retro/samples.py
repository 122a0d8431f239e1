"""Matched articles, as a scan gives them to what counts them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from include.wirewatch.archive import BatchKey, compact_day, write_articles
from include.wirewatch.config.rules import RulesFile
from include.wirewatch.match import RuleSet, compile_rules
from include.wirewatch.models import Article
from include.wirewatch.retro.scan import Matched
from include.wirewatch.stages.compact import derived
from include.wirewatch.stages.judge import document_of
from tests.fakes.memory_store import MemoryStore

MONDAY = date(2026, 11, 23)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def rules(**queries: str) -> RuleSet:
    """name=query; or name="high: query"."""
    made = []
    for name, query in queries.items():
        severity, found, rest = query.partition(": ")
        made.append({"name": name, "query": rest, "severity": severity} if found else {"name": name, "query": query})
    return compile_rules(RulesFile.model_validate({"rules": made}))


def article(name: str, text: str, day: date = MONDAY, hour: int = 12, **more: object) -> Article:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    url = f"https://h.example/{name}"
    values = {
        "article_id": name, "source": "harbour", "publisher": "Harbour Courier", "title": f"Title of {name}",
        "text": text, "published": at - timedelta(hours=1), "first_seen": at, "fetched_at": at, "method": "fast",
        "extractor": "e1", "entry_url": url, "url": url, "canonical_url": url,
    }  # fmt: skip
    return Article.model_validate(values | more)


def matched(day: date, one: Article, *rule_sets: RuleSet) -> Matched:
    return Matched(day, one, tuple(each.match(document_of(one)) for each in rule_sets))


def write_archive(folder: Path, *days: tuple[date, list[Article]], compacted: bool = True) -> None:
    """A local copy of an archive of those days."""
    store = MemoryStore()
    for day, articles in days:
        write_articles(store, BatchKey(str(day), "b").clean("e1"), articles)  # type: ignore[arg-type]
        if compacted:
            compact_day(store, day, derive=derived)  # type: ignore[arg-type]
    for key, (body, _) in store.objects.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
