"""Documents a second at 10, 1,000 and 10,000 rules, beside what one would use instead.

Ours: RuleSet.match, one document at a time, words found anew for each. FTS5 and tantivy: micro-batches, in which the
texts are indexed in memory and every query is run on the batch. Regex: one pattern a rule, on each document.
All answer the same language (a word, phrase, prefix, AND, OR of words of the corpus; NEAR for ours and FTS5 alone).
Alternating, medians of CPU time; tantivy only where it is installed.
"""

import gc
import json
import random
import re
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import trafilatura

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.match import Document, RuleSet, compile_rules
from include.wirewatch.match.fold import WORD, fold
from include.wirewatch.match.parse import parse
from tests.benchmarks.corpus import PLACE, pages

ROUNDS = 5
SIZES = (10, 1_000, 10_000)
Query = tuple[Any, ...]
Matcher = Callable[[list[str]], int]  # texts → number of (rule, text) matches


def main() -> None:
    texts = [row["articleBody"] for row in json.loads((PLACE / "articles-gold.json").read_text()).values()]
    extraction_s = extraction_cpu()
    print(f"{len(texts)} articles, extraction {1000 * extraction_s:.1f} ms each")
    header = f"{'rules':>6} {'engine':>12} {'docs/s':>8} {'ours = 1':>8} {'matches':>8} {'of extraction':>13}"
    print(header)
    for size in SIZES:
        queries = make_queries(texts, size)
        started = time.process_time()
        file = RulesFile.model_validate(
            {"rules": [{"name": f"r{n}", "query": as_ours(query)} for n, query in enumerate(queries)]}
        )
        rules = compile_rules(file)
        loaded, started = time.process_time() - started, time.process_time()
        compile_rules(file)
        print(f"{size:6} loaded in {loaded:.2f} s, again in this process in {time.process_time() - started:.2f} s")
        engines: dict[str, Matcher] = {"ours": ours(rules), "fts5": fts5(queries)}
        if size <= 1_000:
            engines["regex"] = regexes(queries)
        if "tantivy" in sys.modules or _installed("tantivy"):
            engines["tantivy"] = tantivy_index(queries)
        for name, (seconds, found) in alternate(engines, texts).items():
            rate = len(texts) / seconds
            if name == "ours":
                own = rate
            share = f"{100 * seconds / len(texts) / extraction_s:12.1f}%"
            print(f"{size:6} {name:>12} {rate:8.0f} {rate / own:8.2f} {found:8} {share}")


def alternate(engines: dict[str, Matcher], texts: list[str]) -> dict[str, tuple[float, int]]:
    """Median CPU seconds over all texts, and matches; one warm round first. Slow ones run on a share of the texts."""
    results: dict[str, list[float]] = {name: [] for name in engines}
    found = {}
    for number in range(ROUNDS + 1):
        for name, matcher in engines.items():
            share = texts[:30] if name == "regex" else texts
            gc.collect()
            started = time.process_time()
            found[name] = matcher(share)
            spent = (time.process_time() - started) * len(texts) / len(share)
            if number:
                results[name].append(spent)
    return {name: (statistics.median(spent), found[name]) for name, spent in results.items()}


def make_queries(texts: list[str], count: int) -> list[Query]:
    """Rules in all forms, the same on every run: words and phrases of the corpus, three words of four spelt backwards.

    Rules look for what is rare. Every word of so small a corpus stands in at least one article of 200; were all rules
    made of them, ten thousand would match each article hundreds of times.
    """
    chooser = random.Random(7)
    docs = [[fold(word) for word in WORD.findall(text)] for text in texts]
    words = sorted({word for doc in docs for word in doc if len(word) > 4 and word.isascii() and word.isalpha()})

    def phrase() -> Query:
        while True:
            doc = chooser.choice(docs)
            at = chooser.randrange(max(1, len(doc) - 1))
            pair = doc[at : at + 2]
            if len(pair) == 2 and all(word.isascii() and word.isalpha() and len(word) > 4 for word in pair):
                return ("phrase", *pair)

    def word() -> str:
        found = chooser.choice(words)
        return found if chooser.random() < 0.25 else found[::-1]

    def leaf() -> Query:
        kind = chooser.random()
        if kind < 0.5:
            return ("word", word())
        if kind < 0.8:
            return phrase() if chooser.random() < 0.25 else ("phrase", word(), word())
        return ("prefix", word()[:7])

    def query() -> Query:
        kind = chooser.random()
        if kind < 0.3:
            return leaf()
        if kind < 0.6:
            return ("OR", leaf(), leaf(), leaf())
        return ("AND", leaf(), ("OR", leaf(), leaf()))

    return [query() for _ in range(count)]


def as_ours(query: Query) -> str:
    kind, *rest = query
    if kind == "word":
        return str(rest[0])
    if kind == "phrase":
        return f'"{" ".join(rest)}"'
    if kind == "prefix":
        return f"{rest[0]}*"
    return "(" + f" {kind} ".join(map(as_ours, rest)) + ")"


def ours(rules: RuleSet) -> Matcher:
    return lambda texts: sum(len(rules.match(Document("", text))) for text in texts)


def fts5(queries: list[Query]) -> Matcher:
    # quotes: FTS5 reads a bare NEAR, AND, OR or NOT in any place as an operator
    def quoted(query: Query) -> str:
        kind, *rest = query
        if kind in ("word", "phrase"):
            return f'"{" ".join(rest)}"'
        return f'"{rest[0]}"*' if kind == "prefix" else "(" + f" {kind} ".join(map(quoted, rest)) + ")"

    written = [quoted(query) for query in queries]

    def run(texts: list[str]) -> int:
        with sqlite3.connect(":memory:") as database:
            database.execute('CREATE VIRTUAL TABLE t USING fts5(body, tokenize="unicode61 remove_diacritics 0")')
            database.executemany("INSERT INTO t(body) VALUES (?)", ((text,) for text in texts))
            ask = "SELECT rowid FROM t WHERE t MATCH ?"
            return sum(len(database.execute(ask, (query,)).fetchall()) for query in written)

    return run


def regexes(queries: list[Query]) -> Matcher:
    def leaf(query: Query) -> re.Pattern[str]:
        kind, *rest = query
        return re.compile(r"\b" + r"\W+".join(rest) + (r"\w*" if kind == "prefix" else r"\b"), re.IGNORECASE)

    def build(query: Query) -> Callable[[str], bool]:
        kind, *rest = query
        if kind in ("AND", "OR"):
            parts = [build(part) for part in rest]
            every = all if kind == "AND" else any
            return lambda text: every(part(text) for part in parts)
        pattern = leaf(query)
        return lambda text: pattern.search(text) is not None

    tests = [build(query) for query in queries]
    return lambda texts: sum(test(text) for text in texts for test in tests)


def tantivy_index(queries: list[Query]) -> Matcher:
    import tantivy

    schema = tantivy.SchemaBuilder().add_text_field("body", stored=False).build()

    def build(query: Query) -> Any:
        kind, *rest = query
        if kind == "word":
            return tantivy.Query.term_query(schema, "body", rest[0])
        if kind == "phrase":
            return tantivy.Query.phrase_query(schema, "body", list(rest))
        if kind == "prefix":
            return tantivy.Query.regex_query(schema, "body", f"{rest[0]}.*")
        occur = tantivy.Occur.Must if kind == "AND" else tantivy.Occur.Should
        return tantivy.Query.boolean_query([(occur, build(part)) for part in rest])

    built = [build(query) for query in queries]

    def run(texts: list[str]) -> int:
        index = tantivy.Index(schema)
        writer = index.writer(15_000_000, 1)
        for text in texts:
            writer.add_document(tantivy.Document(body=text))
        writer.commit()
        index.reload()
        searcher = index.searcher()
        return sum(len(searcher.search(query, limit=len(texts), count=False).hits) for query in built)

    return run


def extraction_cpu() -> float:
    """CPU seconds of one page's plain extraction, over 40 pages."""
    some = list(pages().values())[:40]
    trafilatura.bare_extraction(some[0], with_metadata=True)
    started = time.process_time()
    for html in some:
        trafilatura.bare_extraction(html, with_metadata=True)
    return (time.process_time() - started) / len(some)


def _installed(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    parse.cache_clear()
    main()
