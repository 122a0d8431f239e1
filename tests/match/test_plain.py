"""The direct reader of plain queries gives the grammar's trees, and gives way to it wherever something is unusual."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from include.wirewatch.match.nodes import QueryError
from include.wirewatch.match.parse import parse_by_grammar
from include.wirewatch.match.plain import parse_plain
from tests.match.strategies import queries

PIECES = [
    *(
        "a",
        "b1",
        "Ультиматум",
        "l’ultimatum",
        "cease-fire",
        "sanction*",
        "gr?en",
        "停火",
        "and",
        "Near",
        "_",
        "a_b",
        "²",
    ),
    *('"a b"', '"停 火"', '"a"', '"-"', "“a b”", '"a b"~2', "{UN}", "@list", "/a+/", "title:", "lang:en", "a@b", "a/b"),
    *(
        "AND",
        "OR",
        "NOT",
        "NEAR/2",
        "ONEAR/0",
        "NEAR/1001",
        "NEAR/x",
        "NEAR",
        "ATLEAST/2",
        "SAME/sentence",
        ",",
        "(",
        ")",
    ),
    *('")"', '"("', '"AND"', '"NEAR"', "（", "）", "title：", "a|b", "[a", "a]", "a，b"),
    *(" ", " ", "\u00a0", "\n"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=12).flatmap(
    lambda pieces: st.sampled_from([" ".join(pieces), "".join(pieces)])
)


@settings(deadline=None, max_examples=1500, database=None)
@given(texts | queries.map(str))
@example("a OR (b OR c) OR NOT (d AND e)")
@example('(a OR "b c") NEAR/3 d* NOT e NOT f')
@example('(a OR b ")"')
@example('"(" a OR b ")"')
@example("a （b）")
@example("(" * 100 + "a" + ")" * 100)
def test_a_plain_query_has_the_tree_of_the_grammar(query):
    tree = parse_plain(query)
    if tree is not None:
        # repr has the offsets and labels too, which do not count for ==
        assert repr(tree) == repr(parse_by_grammar(query))


def test_most_queries_are_plain():
    """The property above would be empty if the reader gave way always."""
    seen = {True: 0, False: 0}

    @settings(deadline=None, max_examples=500, database=None, derandomize=True)
    @given(texts)
    def collect(query):
        try:
            parse_by_grammar(query)
        except QueryError:
            return
        seen[parse_plain(query) is not None] += 1

    collect()
    assert seen[True] > seen[False] > 0


@pytest.mark.parametrize(
    "query",
    [
        "ceasefire",
        '"peace talks"',
        "sanction* AND (EU OR union)",
        "ultimatum NOT football",
        "(EU OR Union) NEAR/2 sanction*",
        "прекращени* OR перемир'я",
        "cease-fire OR organi?ation",
    ],
)
def test_it_reads(query):
    assert parse_plain(query) is not None


@pytest.mark.parametrize(
    "query", ["", "a b", "a AND", "(a", "a)", "a AND b OR c", "a NEAR/2 b NEAR/2 c", "(" * 101 + "a"]
)
def test_it_leaves_every_mistake_to_the_grammar(query):
    assert parse_plain(query) is None
