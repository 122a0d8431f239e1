"""Queries and documents for the properties: few words, so that they meet often."""

from hypothesis import strategies as st

from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Not, Or, Same, Scoped, Term, Word, joined
from tests.match.brute_force import WORDS, Sample

QUERY_WORDS = ("red", "reds", "red*", "redd*", "green", "gr?en", "blue", "it's")

words = st.sampled_from(QUERY_WORDS).map(Word)
terms = st.one_of(
    words.map(lambda word: Term((word,))),
    st.lists(words, min_size=2, max_size=3).map(lambda found: Term(tuple(found))),
    st.builds(lambda found, slop: Term(tuple(found), slop), st.lists(words, min_size=2, max_size=3), st.integers(1, 3)),
)
operands = st.one_of(terms, st.lists(terms, min_size=2, max_size=3).map(lambda found: joined(Or, found, 0)))
relations = st.one_of(
    st.builds(Near, operands, operands, st.integers(0, 4), st.booleans()),
    st.builds(AtLeast, st.integers(1, 4), operands),
    st.builds(lambda found: Same(tuple(found)), st.lists(operands, min_size=2, max_size=3)),
)
clauses = st.one_of(
    terms, relations, st.builds(Scoped, st.sampled_from(["title", "lead", "body"]), operands | relations)
)


def combined(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda found: joined(And, found, 0)),
        several.map(lambda found: joined(Or, found, 0)),
        st.builds(lambda yes, no: joined(And, [yes, Not(no)], 0), inner, inner),
    )


queries = st.recursive(clauses, combined, max_leaves=6)
some_words = st.lists(st.sampled_from(WORDS), max_size=12).map(tuple)
samples = st.builds(
    Sample,
    st.lists(st.sampled_from(WORDS), max_size=4).map(tuple),
    some_words,
    st.frozensets(st.integers(0, 11), max_size=3),
)
