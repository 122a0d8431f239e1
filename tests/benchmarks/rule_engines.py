"""One engine with one number of rules, in a process of its own: what bench_rules measures.

`python -m tests.benchmarks.rule_engines ENGINE COUNT` prints one JSON object: matches, and CPU seconds an article of
the first pass over the corpus (first) and of those after it (again). ENGINE `extraction`: of plain extraction.
All answer the same queries (a word, phrase, prefix, AND, OR of words of the corpus).
"""

import gc
import importlib.util
import json
import random
import re
import sqlite3
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from tests.benchmarks.corpus import PLACE, pages

AGAIN = 3
REGEX_TEXTS = 30  # a regex a rule takes the pages of an hour for all of them
Query = tuple[Any, ...]
Matcher = Callable[[list[str]], int]  # texts → number of (rule, text) matches


def main(engine: str, count: int) -> dict[str, Any]:
    if engine == "extraction":
        return extraction()
    texts = articles()
    queries = make_queries(texts, count)
    result: dict[str, Any] = {}
    if engine == "ours":
        matcher, result = ours(queries)
    else:
        matcher = {"fts5": fts5, "regex": regexes, "tantivy": tantivy_index}[engine](queries)
    shown = texts[:REGEX_TEXTS] if engine == "regex" else texts
    passes = []
    for _ in range(1 + (1 if engine == "regex" else AGAIN)):
        gc.collect()
        started = time.process_time()
        result["matches"] = matcher(shown)
        passes.append((time.process_time() - started) / len(shown))
    return result | {"first": passes[0], "again": passes[1:]}


def articles() -> list[str]:
    return [row["articleBody"] for row in json.loads((PLACE / "articles-gold.json").read_text()).values()]


def extraction() -> dict[str, Any]:
    """Plain extraction of every page whose gold text is matched."""
    import trafilatura

    site = list(pages().values())
    trafilatura.bare_extraction(site[0], with_metadata=True)
    started = time.process_time()
    for html in site:
        trafilatura.bare_extraction(html, with_metadata=True)
    spent = (time.process_time() - started) / len(site)
    return {"matches": 0, "first": spent, "again": [spent]}


def is_installed(engine: str) -> bool:
    return engine != "tantivy" or importlib.util.find_spec(engine) is not None


def make_queries(texts: list[str], count: int) -> list[Query]:
    """Rules in all forms, the same on every run: words and phrases of the corpus, three words of four spelt backwards.

    Rules look for what is rare. Every word of so small a corpus stands in at least one article of 200; were all rules
    made of them, ten thousand would match each article hundreds of times.
    """
    from include.wirewatch.match.fold import WORD, fold

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


def as_yaml(queries: list[Query]) -> str:
    """The queries as a rules.yaml, written as docs/rules.md advises."""
    rules = (
        f"  - name: r{number}\n    query: |\n      {as_ours(query)}\n    severity: high\n    tags: [conflict]\n"
        for number, query in enumerate(queries)
    )
    return "rules:\n" + "".join(rules)


def ours(queries: list[Query]) -> tuple[Matcher, dict[str, Any]]:
    """RuleSet.match, one document at a time: hits with their places and scores, where the others only say yes."""
    from include.wirewatch.config.rules import RulesFile
    from include.wirewatch.config.yaml_file import load_yaml
    from include.wirewatch.match import Document, load_rules

    load_rules(load_yaml("rules.yaml", "rules: [{name: r, query: a AND NOT /b+/}]", RulesFile))  # imports, grammar
    text = as_yaml(queries)
    gc.collect()
    times = [time.process_time()]
    for _ in range(2):
        loaded = load_yaml("rules.yaml", text, RulesFile)
        times.append(time.process_time())
        rules = load_rules(loaded)
        times.append(time.process_time())
    yaml_s, compile_s, *again_s = (after - before for before, after in pairwise(times))
    loads = {"yaml": yaml_s, "compile": compile_s, "load_again": sum(again_s)}
    return lambda texts: sum(len(rules.match(Document("", text))) for text in texts), loads


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


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
