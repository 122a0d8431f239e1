"""What the archive is asked for before the engine: never too much, and as much as can be asked for in words."""

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.wirewatch.match import Document, parse
from include.wirewatch.match.fold import WORD
from include.wirewatch.match.forms import forms_of
from include.wirewatch.match.nodes import And, Node, QueryError, Term, Word
from include.wirewatch.match.pushdown import any_of, as_sql, needed
from tests.match.strategies import clauses, half_wordless, queries, samples
from tests.match.test_properties import TEXTS, UNHURRIED, document_of, rules_of

database = duckdb.connect()


def is_candidate(tree: Node, document: Document) -> bool:
    """As the archive answers: its column `forms`, and the condition in SQL."""
    if (condition := needed(tree)) is None:
        return True
    sql, values = as_sql(condition, "forms")
    forms = "".join(f" {form} " for form in sorted(forms_of(document.title, document.body)))
    answer = database.execute(f"SELECT {sql} FROM (SELECT ? AS forms)", [*values, forms]).fetchone()
    return answer is not None and answer[0] is True


@UNHURRIED
@given(clauses | queries | half_wordless, samples)
def test_no_match_of_the_engine_is_dropped(tree, sample):
    document = document_of(sample)
    if rules_of(tree).match(document):
        assert is_candidate(tree, document)


@UNHURRIED
@given(TEXTS, TEXTS, st.integers(2, 6))
@example("L\u2019ultimatum", "", 6)
def test_no_spelling_of_any_script_is_dropped(title, body, letters):
    """Each word of a text in quotes, in braces, by its beginning and with a letter left open finds that text."""
    document = Document(title, body)
    for word in WORD.findall(f"{title} {body}")[:2]:
        for query in (f'"{word}"', f"{{{word}}}", f"{word[:letters]}*", f"?{word[1:]}"):
            try:
                tree = parse(query)
            except QueryError:
                continue  # not every beginning is a query
            if rules_of(tree).match(document):
                assert is_candidate(tree, document), query


@pytest.mark.parametrize(
    ("query", "sql", "values"),
    [
        pytest.param("Truce", "contains(f, ?)", [" truce "], id="a word"),
        pytest.param("sanction*", "contains(f, ?)", [" sanction"], id="a beginning"),
        pytest.param("organi?ation*", "regexp_matches(f, ?)", [" organi[^ ]ation[^ ]* "], id="a letter left open"),
        pytest.param("{UN}", "contains(f, ?)", [" un "], id="exact case is the engine's"),
        pytest.param('"cease fire"', "(contains(f, ?) AND contains(f, ?))", [" cease ", " fire "], id="a phrase"),
        pytest.param("停火", "(contains(f, ?) AND contains(f, ?))", [" 停 ", " 火 "], id="a script without spaces"),
        pytest.param("a1 AND b1 NOT c1", "(contains(f, ?) AND contains(f, ?))", [" a1 ", " b1 "], id="all, and not"),
        pytest.param(
            "a1 AND (b1 OR c1) AND /x+/",
            "(contains(f, ?) AND (contains(f, ?) OR contains(f, ?)))",
            [" a1 ", " b1 ", " c1 "],
            id="every condition, not the best one alone",
        ),
        pytest.param("title:(b1 NEAR/3 c1)", "(contains(f, ?) AND contains(f, ?))", [" b1 ", " c1 "], id="a field"),
        pytest.param("ATLEAST/2(b1 OR c1)", "(contains(f, ?) OR contains(f, ?))", [" b1 ", " c1 "], id="at least"),
        pytest.param("b1 AND lang:en", "contains(f, ?)", [" b1 "], id="metadata is the engine's"),
        pytest.param("b1 OR b1 OR (c1 OR b1)", "(contains(f, ?) OR contains(f, ?))", [" b1 ", " c1 "], id="once each"),
        pytest.param("sanctions OR sanct* OR sanction*", "contains(f, ?)", [" sanct"], id="the shortest beginning"),
    ],
)
def test_a_query_as_sql(query, sql, values):
    condition = needed(parse(query))
    assert condition is not None
    assert as_sql(condition, "f") == (sql, values)


@pytest.mark.parametrize("query", ["/b+/", "b1 OR /b+/", "(b1 AND c1) OR (/b+/ AND lang:en)"])
def test_where_a_text_may_match_without_any_word_nothing_is_asked(query):
    assert needed(parse(query)) is None


def test_one_rule_that_asks_for_nothing_opens_all_articles():
    assert any_of([needed(parse("b1")), None]) is None


def test_inflections_ask_for_nothing_but_what_stands_beside_them_does():
    inflected = Term((Word("impose", lemma_of=("en", "ru")),))
    assert needed(inflected) is None
    assert needed(And((inflected, parse("threat*")))) == needed(parse("threat*"))
