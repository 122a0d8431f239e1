"""Hostile queries and texts: work that grows with their size and no faster, and a clear error where one is refused."""

import pytest

from include.wirewatch.match import Document, QueryError, parse, query_rules
from include.wirewatch.match.explain import explain
from tests.effort import Work, assert_linear, steps


def matching(query: str, text: str) -> Work:
    rules, document = query_rules(query), Document("", text)
    return lambda: rules.match(document)


def parsing(query: str) -> Work:
    def work() -> None:
        try:
            parse(query)
        except QueryError:
            return

    return work


def test_an_or_of_many_terms():
    assert query_rules(" OR ".join(f"term{n}" for n in range(900))).match(Document("", "term899"))
    assert_linear(lambda size: parsing(" OR ".join(f"term{n}x{size}" for n in range(size))), 100)


def test_a_query_beyond_the_limit_is_refused_unread():
    query = "a OR " * 20_000 + "a"
    with pytest.raises(QueryError, match="the limit is 50000"):
        parse(query)
    assert steps(parsing(query)) < 1_000


@pytest.mark.parametrize("opening", ["(", "NOT (", "title:(", "ATLEAST/1(", "a AND ("])
def test_a_thousand_nested_parentheses_are_refused(opening):
    with pytest.raises(QueryError, match=r"more than 100 parentheses|inside another|takes words"):
        parse(opening * 1000 + "a" + ")" * 1000)
    assert_linear(lambda size: parsing(opening * size + f"a{size}" + ")" * size), 200)


def test_a_hundred_nested_parentheses_are_fine():
    query = "(a OR (b AND " * 50 + "c" + "))" * 50
    assert query_rules(query).match(Document("", "a"))


@pytest.mark.parametrize(
    "query_of",
    [
        lambda size: "(" * size,
        lambda size: '"' * (size | 1),
        lambda size: "*" * size,
        lambda size: "a?" * size,
        lambda size: "/" + "(" * size + "/",
        lambda size: "a-" * size,
        lambda size: "a " * size,
    ],
    ids=["(", '"', "*", "a?", "/((/", "a-", "a a"],
)
def test_long_nonsense(query_of):
    parsing(query_of(12_000))()
    assert_linear(lambda size: parsing(query_of(size)), 1_000)


def test_an_article_of_a_hundred_thousand_words():
    query = "ceasefire OR word NEAR/2 truce"
    assert query_rules(query).match(Document("", "word " * 100_000 + "ceasefire"))
    assert_linear(lambda size: matching(query, "word " * size), 500)


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
        pytest.param(" OR ".join(f'"{"fire " * n}"' for n in range(1, 10)), id="9 phrases"),
    ],
)
def test_one_word_fifty_thousand_times(query):
    assert query_rules(query).match(Document("", "fire " * 50_000))
    assert_linear(lambda size: matching(query, "fire " * size), 200)


@pytest.mark.parametrize(
    ("query", "operator"),
    [("{}", " OR "), ("{}", " AND "), ("title:({}) OR fire", " OR "), ("SAME/sentence({})", ", ")],
    ids=["OR", "AND", "in a field", "SAME"],
)
def test_a_term_that_is_repeated_costs_no_more_than_one(query, operator):
    twice, often = (query.format(operator.join(["fire"] * times)) for times in (2, 40))
    assert steps(matching(often, "fire " * 1_000)) < 1.5 * steps(matching(twice, "fire " * 1_000))


def test_sixty_phrases_of_one_word():
    query = " OR ".join(f'"{"fire " * n}"' for n in range(1, 60))
    assert query_rules(query).match(Document("", "fire " * 50_000))


def test_a_loose_phrase_of_more_than_a_hundred_words_is_refused():
    with pytest.raises(QueryError, match="at most 100 words, got 101"):
        parse(f'"{"fire " * 101}"~5')


@pytest.mark.parametrize("pattern", ["t{}?x", "?t{}x"], ids=["other beginnings", "one beginning"])
def test_four_hundred_patterns_and_twenty_thousand_different_words(pattern):
    letters = "abcdefghijklmnopqrst"
    query = " OR ".join(pattern.format(a + b) for a in letters for b in letters)
    words = lambda size: " ".join(f"w{size:x}{pattern[0]}{number:x}q" for number in range(size))  # noqa: E731
    assert not query_rules(query).match(Document("", words(20_000)))
    assert_linear(lambda size: matching(query, words(size)), 300)
    few = matching(query[: query.index(" OR ")], words(301))
    assert steps(matching(query, words(302))) < 3 * steps(few), "a word is not held against every pattern"


def test_explaining_what_is_not_near_in_a_long_text():
    (rule,) = query_rules("fire NEAR/0 word").rules

    def explaining(size: int) -> Work:
        document = Document("", "fire " * size + "x " + "word " * size)
        return lambda: explain(rule, document)

    assert explaining(50_000)().match is None
    assert_linear(explaining, 250)


@pytest.mark.parametrize(
    ("unit", "times"),
    [
        ("a", 1_000_000),
        ("\u0301", 500_000),
        ("a\u0301", 300_000),
        (".", 500_000),
        ("a.", 200_000),
        ("'a", 200_000),
        ("\u00ad", 500_000),
        ("停", 200_000),
    ],
)
def test_texts_of_one_thing(unit, times):
    query = "ceasefire OR SAME/sentence(a, b)"
    query_rules(query).match(Document(unit * 1_000, unit * times))
    assert_linear(lambda size: matching(query, unit * size), 500)


@pytest.mark.parametrize("query", ["truce", "/tru+ce/", "SAME/sentence(truce, a)", '"a truce"'])
def test_a_lone_surrogate_is_no_letter_and_no_error(query):
    (match,) = query_rules(query).match(Document("\ud800", "\udfff a truce"))
    assert match.hits[-1].end == 9


def test_a_lone_surrogate_in_a_query_is_refused():
    with pytest.raises(QueryError):
        parse("truce OR /\ud800/")


def test_regular_expressions_take_linear_time():
    assert not query_rules("/(a+)+b/").match(Document("", "a" * 50_000)), "else this would not end"


def test_twenty_thousand_words_that_share_a_part():
    text = lambda size: " ".join(f"word{size}x{number}'fire" for number in range(size))  # noqa: E731
    (found,) = query_rules("fire").match(Document("", text(20_000)))
    assert len(found.hits) == 20_000
    assert_linear(lambda size: matching("fire", text(size)), 300)


def test_a_regular_expression_that_looks_to_the_end_from_every_hit():
    (found,) = query_rules("/a(.*z)?/").match(Document("", "a " * 80_000))
    assert len(found.hits) == 1_000


@pytest.mark.parametrize("source", [r"(\pL{1,50} ){1,19}", r"\w{1,100}"])
def test_a_regular_expression_that_grows_too_large_is_refused(source):
    with pytest.raises(QueryError, match="pattern too large") as caught:
        parse(f"truce OR /{source}x/")
    assert caught.value.offset == 9
