"""What holds for every query and every text."""

import sqlite3

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from include.wirewatch.config.rules import Rule
from include.wirewatch.match import Document, RuleSet, parse, query_rules
from include.wirewatch.match.compile import CompiledRule
from include.wirewatch.match.evaluate import find
from include.wirewatch.match.fold import WORD, fold
from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Not, Or, QueryError, Same, Term
from include.wirewatch.match.presearch import Presearch
from include.wirewatch.match.text import Text
from tests.match.brute_force import Sample, places
from tests.match.strategies import (
    clauses,
    combined,
    half_wordless,
    limits,
    queries,
    samples,
    sparse_samples,
    terms,
)

UNHURRIED = settings(deadline=None, max_examples=150, database=None)


def rules_of(*trees: Node) -> RuleSet:
    return RuleSet([CompiledRule(Rule(name=f"r{number}", query=str(tree)), tree) for number, tree in enumerate(trees)])


def document_of(sample: Sample) -> Document:
    # a capital after each stop, or the sentence would run on
    return Document(" ".join(sample.title), sample.body_text.upper())


def covered(sample: Sample, query: Node) -> set[tuple[str, int]] | None:
    """The words under the hits, by brute force."""
    found = places(query, sample, {"title": sample.title, "body": sample.body})
    if found is None:
        return None
    return {(place.field, position) for place in found for position in range(place.first, place.last + 1)}


def assert_equals_brute_force(query: Node, sample: Sample) -> None:
    """In its answer, and in the words under its hits."""
    document = document_of(sample)
    matches = rules_of(query).match(document)
    expected = covered(sample, query)
    assert bool(matches) == (expected is not None)
    if expected is not None:
        text = {"title": document.title, "body": document.body}
        got = {
            (hit.field, number)
            for hit in matches[0].hits
            for number, word in enumerate(WORD.finditer(text[hit.field]))
            if hit.start <= word.start() < hit.end
        }
        assert got == expected


# most relations are reached alone: deep inside a query another clause often decides
@settings(UNHURRIED, max_examples=500)
@given(terms | clauses | queries, samples)
def test_the_engine_equals_brute_force_in_answer_and_hits(query, sample):
    assert_equals_brute_force(query, sample)


@settings(UNHURRIED, max_examples=500)
@given(limits, sparse_samples)
def test_relations_equal_brute_force_up_to_their_limits(query, sample):
    assert_equals_brute_force(query, sample)


@UNHURRIED
@given(st.lists(queries | half_wordless, min_size=1, max_size=5), samples)
def test_the_presearch_never_drops_a_match(trees, sample):
    document = document_of(sample)
    text = Text(document, Presearch(trees).vocabulary)
    by_evaluation = {f"r{n}" for n, tree in enumerate(trees) if find(tree, text) is not None}
    assert {match.rule for match in rules_of(*trees).match(document)} == by_evaluation


@UNHURRIED
@given(queries)
def test_a_query_printed_and_parsed_again_is_itself(query):
    try:
        again = parse(str(query))
    except QueryError as error:
        assume("no positive term" not in str(error))
        raise
    assert again == query
    assert str(again) == str(query)


TEXTS = st.text(st.sampled_from("abcABC йёЙ ا\u064bب 停火 ก\u0e31 ß İ '’-\u00ad\u200b\u0301.\n𝐚"), max_size=60)


@UNHURRIED
@given(TEXTS, TEXTS)
def test_hits_slice_back_to_their_text_and_stand_in_order_apart(title, body):
    words = WORD.findall(f"{title} {body}")
    assume(words)
    rules = query_rules(" OR ".join(f'"{word}"' for word in words[:8]))
    matches = rules.match(Document(title, body))
    assert matches, words
    text = {"title": title, "body": body}
    last = ("title", 0)
    for hit in matches[0].hits:
        assert text[hit.field][hit.start : hit.end] == hit.text != ""
        assert (hit.field == "body", hit.start) >= (last[0] == "body", last[1] if last[0] == hit.field else 0)
        last = (hit.field, hit.end)


@UNHURRIED
@given(
    st.text(
        st.sampled_from("aЙ停 \n\t\u00a0\u2003\u3000\u0085\x1f\u200b\u00ad\u0301'’-.") | st.characters(), max_size=30
    )
)
def test_no_word_reaches_across_white_space(text):
    assert [word for chunk in text.split() for word in WORD.findall(chunk)] == WORD.findall(text)


@UNHURRIED
@given(st.text(max_size=12))
def test_folding_twice_is_folding_once(word):
    assert all(fold(fold(found)) == fold(found) for found in WORD.findall(word))


@UNHURRIED
@given(st.text(st.sampled_from('ab"(){}*?~:/@, ANDORT1') | st.characters(), max_size=40))
@example("NOT" * 10)
def test_any_text_is_a_query_or_a_query_error_within_it(text):
    try:
        tree = parse(text)
    except QueryError as error:
        offset, message = error.offset, error.message
    else:
        offset, message = 0, "fine"
        assert parse(str(tree)) == tree
    assert 0 <= offset <= len(text)
    assert message


# -- SQLite's FTS5 on the language that both have ------------------------------------------------------------------

FTS_WORDS = ("red", "green", "blue", "reds", "redder")
FTS_TEXT = (*FTS_WORDS, *["grey"] * 5)  # what stands between
fts_phrase = st.lists(st.sampled_from(FTS_WORDS), min_size=1, max_size=2)
fts_leaf = st.one_of(
    fts_phrase.map(lambda words: ("phrase", words)),
    st.just(("prefix", "red")),
    # two different words: with equal ones FTS5 finds a word near itself
    st.tuples(st.permutations(FTS_WORDS), st.integers(0, 4)).map(lambda p: ("near", p[0][0], p[0][1], p[1])),
)
fts_queries = st.recursive(
    fts_leaf,
    lambda inner: st.one_of(
        st.tuples(st.sampled_from(["AND", "OR", "NOT"]), inner, inner),
    ),
    max_leaves=5,
)


def in_fts(query) -> str:
    match query:
        case ("phrase", words):
            return '"' + " ".join(words) + '"'
        case ("prefix", word):
            return f"{word}*"
        case ("near", left, right, distance):
            return f"NEAR({left} {right}, {distance})"
        case (operator, left, right):
            return f"({in_fts(left)} {operator} {in_fts(right)})"


def in_ours(query) -> str:
    match query:
        case ("phrase", words):
            return '"' + " ".join(words) + '"'
        case ("prefix", word):
            return f"{word}*"
        case ("near", left, right, distance):
            return f"({left} NEAR/{distance} {right})"
        case (operator, left, right):
            return f"({in_ours(left)} {operator} {in_ours(right)})"


@UNHURRIED
@given(fts_queries, st.lists(st.lists(st.sampled_from(FTS_TEXT), max_size=12), min_size=1, max_size=4))
def test_the_engine_equals_fts5_on_the_shared_language(query, texts):
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE VIRTUAL TABLE t USING fts5(body)")
        database.executemany(
            "INSERT INTO t(rowid, body) VALUES (?, ?)", [(n, " ".join(t)) for n, t in enumerate(texts)]
        )
        theirs = {row[0] for row in database.execute("SELECT rowid FROM t WHERE t MATCH ?", [in_fts(query)])}
    rules = query_rules(in_ours(query))
    assert {n for n, words in enumerate(texts) if rules.match(Document("", " ".join(words)))} == theirs


def test_the_strategies_reach_matches_and_misses_of_every_kind():
    """The properties above would be empty if nearly nothing matched."""
    seen: set[tuple[type, bool]] = set()

    @settings(deadline=None, max_examples=600, database=None, derandomize=True)
    @given(clauses | combined(terms) | queries, samples)
    def collect(query, sample):
        seen.add((type(query), covered(sample, query) is not None))

    collect()
    assert {(kind, answer) for kind in (Term, Near, AtLeast, Same, And, Or) for answer in (True, False)} <= seen
    assert Not not in {kind for kind, _ in seen}, "NOT stands beside something, never alone"
