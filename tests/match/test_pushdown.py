"""What the archive is asked for before the engine: never too much, and as much as can be asked for in words."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.wirewatch.match import Document, parse
from include.wirewatch.match.fold import WORD
from include.wirewatch.match.forms import forms_of
from include.wirewatch.match.nodes import And, QueryError, Term, Word
from include.wirewatch.match.pushdown import (
    FEW_WORDS,
    AllOf,
    AnyOf,
    Condition,
    Has,
    Pushdown,
    any_of,
    needed,
    needed_by_one,
)
from tests.match.strategies import clauses, half_wordless, queries, samples
from tests.match.test_properties import TEXTS, UNHURRIED, document_of, rules_of

OTHERS = (Document("Other", "words"), Document("", ""))


def keys_of(condition: Condition, document: Document) -> set[str] | None:
    """As the archive answers, where the document is article 1 of three; None: it cannot match."""
    pushdown = Pushdown(condition)
    articles = (OTHERS[0], document, OTHERS[1])
    index: dict[str, list[int]] = {}
    for number, one in enumerate(articles):
        for form in forms_of(one.title, one.body):
            index.setdefault(form, []).append(number)
    forms = sorted(index)
    asked = pushdown.asked_for(forms)
    return pushdown.candidates((keys, index[forms[place]]) for place, keys in asked.items()).get(1)


@UNHURRIED
@given(clauses | queries | half_wordless, samples)
def test_no_match_of_the_engine_is_dropped(tree, sample):
    document = document_of(sample)
    if rules_of(tree).match(document):
        assert is_candidate(needed(tree), document)


@settings(UNHURRIED, max_examples=60)
@given(st.lists(queries, min_size=1, max_size=4), samples, st.sampled_from([0, FEW_WORDS]))
def test_several_rules_answer_as_the_engine_does_however_they_are_asked_for(trees, sample, few):
    document, rules = document_of(sample), rules_of(*trees)
    expected, condition = rules.match(document), needed_by_one(trees, few)
    keys = None if condition is None else keys_of(condition, document)
    if condition is None or keys is not None:
        assert rules.match(document, keys) == expected
    else:
        assert expected == ()


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


def is_candidate(condition: Condition | None, document: Document) -> bool:
    return condition is None or keys_of(condition, document) is not None


def has(text: str) -> Condition:
    """`a b` all of them, `a|b` one of them."""
    for separator, kind in (("|", AnyOf), (" ", AllOf)):
        if separator in text:
            return kind(tuple(map(has, text.split(separator))))
    return Has(Word(text))


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        pytest.param("Truce", "truce", id="a word"),
        pytest.param("sanction*", "sanction*", id="a beginning"),
        pytest.param("organi?ation*", "organi?ation*", id="a letter left open"),
        pytest.param("{UN}", Has(Word("un", "UN")), id="exact case is the engine's"),
        pytest.param('"cease fire"', "cease fire", id="a phrase"),
        pytest.param("停火", "停 火", id="a script without spaces"),
        pytest.param("a1 AND b1 NOT c1", "a1 b1", id="all, and not"),
        pytest.param("title:(b1 NEAR/3 c1)", "b1 c1", id="a field"),
        pytest.param("ATLEAST/2(b1 OR c11*)", "b1|c11*", id="at least"),
        pytest.param("b1 AND lang:en", "b1", id="metadata is the engine's"),
        pytest.param("b1 OR b1 OR (c1 OR b1)", "b1|c1", id="once each"),
        pytest.param("(a1 AND b1) OR c1", "a1 b1|c1", id="words, and what is more than a word"),
        pytest.param("it's OR d1", "it's|d1", id="an apostrophe"),
    ],
)
def test_what_a_query_asks_for(query, condition):
    assert needed(parse(query)) == (has(condition) if isinstance(condition, str) else condition)


def test_every_part_of_an_and_is_asked_for_not_the_best_one_alone():
    assert needed(parse("a1 AND (b1 OR c1) AND /x+/")) == AllOf((has("a1"), has("b1|c1")))


@pytest.mark.parametrize("query", ["/b+/", "b1 OR /b+/", "(b1 AND c1) OR (/b+/ AND lang:en)"])
def test_where_a_text_may_match_without_any_word_nothing_is_asked(query):
    assert needed(parse(query)) is None


def test_one_rule_that_asks_for_nothing_opens_all_articles():
    assert any_of([needed(parse("b1")), None]) is None


def test_inflections_are_asked_for():
    inflected = And((Term((Word("impose", lemma_of=("en", "ru")),)), parse("threat*")))
    for body, expected in (("They imposed a threatening", True), ("They imposed", False), ("A threat is posed", False)):
        assert is_candidate(needed(inflected), Document("", body)) is expected, body


def test_of_many_words_those_that_the_queries_mean_are_read():
    pushdown = Pushdown(has("sanction*|truce un"))
    assert pushdown.asked_for(["sanctions", "sanct", "truce", "un", "une"]) == {
        0: ("sanction*",),
        2: ("truce",),
        3: ("un",),
    }
    found = [(("sanction*",), [2, 3]), (("truce",), [1, 2]), (("un",), [2, 9])]
    assert pushdown.candidates(found) == {2: {"sanction*", "truce", "un"}, 3: {"sanction*"}}
    assert pushdown.candidates([]) == {}


def test_one_word_of_a_text_may_be_several_words_of_the_queries():
    pushdown = Pushdown(AllOf((has("sanctions"), has("sanction*"))))
    asked = pushdown.asked_for(["sanctions"])
    assert {place: sorted(keys) for place, keys in asked.items()} == {0: ["sanction*", "sanctions"]}
    assert pushdown.candidates([(asked[0], [7])]) == {7: {"sanction*", "sanctions"}}


def test_many_rules_are_asked_for_by_the_rarest_part_of_each():
    trees = [parse(f"the AND (unrest{n} OR riot{n}) AND NOT b{n}") for n in range(FEW_WORDS)]
    words = [f"{word}{n}" for n in range(FEW_WORDS) for word in ("unrest", "riot")]
    assert needed_by_one(trees) == has("|".join(words))
    assert needed_by_one(trees[:2]) == AnyOf(tuple(map(needed, trees[:2])))
