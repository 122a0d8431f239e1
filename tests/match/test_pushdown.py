"""What the archive is asked for before the engine: never too much, and as much as can be asked for in words."""

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.wirewatch.match import Document, parse
from include.wirewatch.match.fold import WORD
from include.wirewatch.match.forms import forms_of
from include.wirewatch.match.nodes import And, QueryError, Term, Word
from include.wirewatch.match.pushdown import MOST_BYTES, MOST_SCANS, Condition, any_of, as_sql, needed, needed_by_one
from tests.match.strategies import clauses, half_wordless, queries, samples
from tests.match.test_properties import TEXTS, UNHURRIED, document_of, rules_of

database = duckdb.connect()


def is_candidate(condition: Condition | None, document: Document) -> bool:
    """As the archive answers: its column `forms`, and the condition in SQL."""
    if condition is None:
        return True
    sql, values = as_sql(condition, "forms")
    forms = f" {' '.join(sorted(forms_of(document.title, document.body)))} "
    answer = database.execute(f"SELECT {sql} FROM (SELECT ? AS forms)", [*values, forms]).fetchone()
    return answer is not None and answer[0] is True


@UNHURRIED
@given(clauses | queries | half_wordless, samples)
def test_no_match_of_the_engine_is_dropped(tree, sample):
    document = document_of(sample)
    if rules_of(tree).match(document):
        assert is_candidate(needed(tree), document)


@UNHURRIED
@given(st.lists(queries, min_size=1, max_size=4), samples)
def test_no_match_of_several_rules_is_dropped_however_they_are_asked_for(trees, sample):
    document = document_of(sample)
    if rules_of(*trees).match(document):
        assert is_candidate(needed_by_one(trees), document)
        assert is_candidate(needed_by_one(trees, most_scans=0), document)


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
                assert is_candidate(needed(tree), document), query


@pytest.mark.parametrize(
    ("query", "sql", "values"),
    [
        pytest.param("Truce", "contains(f, ?)", [" truce "], id="a word"),
        pytest.param("sanction*", "contains(f, ?)", [" sanction"], id="a beginning"),
        pytest.param("organi?ation*", "regexp_matches(f, ?)", [" (?:organi[^ ]+ation)"], id="a letter left open"),
        pytest.param("{UN}", "contains(f, ?)", [" un "], id="exact case is the engine's"),
        pytest.param('"cease fire"', "(contains(f, ?) AND contains(f, ?))", [" cease ", " fire "], id="a phrase"),
        pytest.param("停火", "(contains(f, ?) AND contains(f, ?))", [" 停 ", " 火 "], id="a script without spaces"),
        pytest.param("a1 AND b1 NOT c1", "(contains(f, ?) AND contains(f, ?))", [" a1 ", " b1 "], id="all, and not"),
        pytest.param(
            "a1 AND (b1 OR c1) AND /x+/",
            "(contains(f, ?) AND regexp_matches(f, ?))",
            [" a1 ", " (?:b1 |c1 )"],
            id="every condition, not the best one alone",
        ),
        pytest.param("title:(b1 NEAR/3 c1)", "(contains(f, ?) AND contains(f, ?))", [" b1 ", " c1 "], id="a field"),
        pytest.param("ATLEAST/2(b1 OR c11*)", "regexp_matches(f, ?)", [" (?:b1 |c11)"], id="at least"),
        pytest.param("b1 AND lang:en", "contains(f, ?)", [" b1 "], id="metadata is the engine's"),
        pytest.param("b1 OR b1 OR (c1 OR b1)", "regexp_matches(f, ?)", [" (?:b1 |c1 )"], id="once each"),
        pytest.param(
            "(a1 AND b1) OR c1 OR d1",
            "(regexp_matches(f, ?) OR (contains(f, ?) AND contains(f, ?)))",
            [" (?:c1 |d1 )", " a1 ", " b1 "],
            id="words at once, and what is more than a word",
        ),
        pytest.param("it's OR d1", "regexp_matches(f, ?)", [" (?:d1 |it's )"], id="an apostrophe"),
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


def test_many_rules_are_asked_for_at_once_by_the_rarest_part_of_each():
    trees = [parse(f"the AND (unrest{n} OR riot{n}) AND NOT b{n}") for n in range(MOST_SCANS)]
    condition = needed_by_one(trees)
    assert condition is not None
    (sql, values) = as_sql(condition, "f")
    assert (sql, len(values)) == ("regexp_matches(f, ?)", 1)
    assert "riot3 |" in values[0]
    assert "the" not in values[0]


def test_an_expression_never_grows_beyond_what_is_fast():
    words = [f"санкция{number}" for number in range(1_000)]
    condition = needed(parse(" OR ".join(words)))
    assert condition is not None
    _, values = as_sql(condition, "f")
    assert len(values) > 1
    assert all(len(value.encode()) < 2 * MOST_BYTES for value in values)
    assert sorted(word for value in values for word in value[4:-1].replace("|", "").split()) == sorted(words)
