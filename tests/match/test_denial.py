"""Hostile queries and texts: bounded time, and a clear error where one is refused."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from include.wirewatch.match import Document, QueryError, parse, query_rules
from include.wirewatch.match.explain import explain


@contextmanager
def within(limit_s: float) -> Iterator[None]:
    """CPU seconds: other work on the machine does not count."""
    started = time.process_time()
    yield
    assert time.process_time() - started < limit_s


LONG = "word " * 100_000
REPEATED = "fire " * 50_000


def test_ten_kilobytes_of_or():
    with within(1):
        assert query_rules(" OR ".join(f"term{n}" for n in range(900))).match(Document("", "term899"))


def test_a_query_beyond_the_limit_is_refused():
    with within(0.5), pytest.raises(QueryError, match="the limit is 50000"):
        parse("a OR " * 20_000 + "a")


@pytest.mark.parametrize("opening", ["(", "NOT (", "title:(", "ATLEAST/1(", "a AND ("])
def test_a_thousand_nested_parentheses_are_refused(opening):
    with within(1), pytest.raises(QueryError, match=r"more than 100 parentheses|inside another|takes words"):
        parse(opening * 1000 + "a" + ")" * 1000)


def test_a_hundred_nested_parentheses_are_fine():
    query = "(a OR (b AND " * 50 + "c" + "))" * 50
    assert query_rules(query).match(Document("", "a"))


@pytest.mark.parametrize(
    "query", ["(" * 50_000, '"' * 49_999, "*" * 50_000, "a?" * 20_000, "/" + "(" * 40_000 + "/", "a-" * 25_000]
)
def test_long_nonsense_is_answered_at_once(query):
    with within(2):
        try:
            parse(query)
        except QueryError:
            return


def test_an_article_of_a_hundred_thousand_words():
    with within(3):
        assert query_rules("ceasefire OR word NEAR/2 truce").match(Document("", LONG + "ceasefire"))


@pytest.mark.parametrize(
    "query",
    [
        "fire NEAR/5 fire",
        '"fire fire fire fire"',
        '"fire fire fire"~5',
        "SAME/sentence(fire, fire)",
        "ATLEAST/1000(fire)",
        "(fire OR fire*) NEAR/1000 (fire OR fi?e)",
        pytest.param(" OR ".join(["fire"] * 80), id="fire OR fire 80 times"),
        pytest.param(" AND ".join(["fire"] * 80), id="fire AND fire 80 times"),
        pytest.param(f"title:(a OR {' OR '.join(['fire'] * 80)}) OR fire", id="80 times in a field"),
        pytest.param(f"SAME/sentence({', '.join(['fire'] * 10)})", id="SAME of 10"),
        pytest.param(f'"{"fire " * 100}"~5', id="a loose phrase of 100"),
        pytest.param(" OR ".join(f'"{"fire " * n}"' for n in range(1, 60)), id="60 phrases"),
    ],
)
def test_one_word_fifty_thousand_times(query):
    with within(4):
        assert query_rules(query).match(Document("", REPEATED))


def test_a_loose_phrase_of_more_than_a_hundred_words_is_refused():
    with pytest.raises(QueryError, match="at most 100 words, got 101"):
        parse(f'"{"fire " * 101}"~5')


@pytest.mark.parametrize("pattern", ["t{}?x", "?t{}x"], ids=["other beginnings", "one beginning"])
def test_four_hundred_patterns_and_twenty_thousand_different_words(pattern):
    letters = "abcdefghijklmnopqrst"
    rules = query_rules(" OR ".join(pattern.format(a + b) for a in letters for b in letters))
    with within(4):
        assert not rules.match(Document("", " ".join(f"w{number:x}q" for number in range(20_000))))


def test_explaining_what_is_not_near_in_a_long_text():
    with within(2):
        found = explain(query_rules("fire NEAR/0 word").rules[0], Document("", REPEATED + "x " + LONG))
        assert found.match is None


@pytest.mark.parametrize(
    "text",
    [
        "a" * 1_000_000,
        "\u0301" * 500_000,
        "a\u0301" * 300_000,
        "." * 500_000,
        "a." * 200_000,
        "'a" * 200_000,
        "\u00ad" * 500_000,
        "停" * 200_000,
    ],
)
def test_texts_of_one_thing(text):
    with within(6):
        query_rules("ceasefire OR SAME/sentence(a, b)").match(Document(text[:1000], text))


@pytest.mark.parametrize("query", ["truce", "/tru+ce/", "SAME/sentence(truce, a)", '"a truce"'])
def test_a_lone_surrogate_is_no_letter_and_no_error(query):
    (match,) = query_rules(query).match(Document("\ud800", "\udfff a truce"))
    assert match.hits[-1].end == 9


def test_a_lone_surrogate_in_a_query_is_refused():
    with pytest.raises(QueryError):
        parse("truce OR /\ud800/")


def test_regular_expressions_take_linear_time():
    with within(2):
        assert not query_rules("/(a+)+b/").match(Document("", "a" * 50_000))


def test_twenty_thousand_words_that_share_a_part():
    text = " ".join(f"word{number}'fire" for number in range(20_000))
    with within(2):
        (found,) = query_rules("fire").match(Document("", text))
    assert len(found.hits) == 20_000


def test_a_regular_expression_that_looks_to_the_end_from_every_hit():
    with within(4):
        (found,) = query_rules("/a(.*z)?/").match(Document("", "a " * 80_000))
    assert len(found.hits) == 1_000


@pytest.mark.parametrize("source", [r"(\pL{1,50} ){1,19}", r"\w{1,100}"])
def test_a_regular_expression_that_grows_too_large_is_refused(source):
    with within(2), pytest.raises(QueryError, match="pattern too large") as caught:
        parse(f"truce OR /{source}x/")
    assert caught.value.offset == 9
