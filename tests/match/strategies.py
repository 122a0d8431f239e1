"""Queries and documents for the properties: few words, so that they meet often."""

from hypothesis import strategies as st

from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Not, Or, Regex, Same, Scoped, Term, Word, joined
from tests.match.brute_force import WORDS, Sample

QUERY_WORDS = ("red", "reds", "red*", "redd*", "re?", "green", "gr?en", "blue", "it's", "it")

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

# Relations at their limits: few different words, that stand apart, and in the title as likely as in the body.
few_terms = st.one_of(
    st.sampled_from(("red", "reds", "red*", "blue")).map(lambda word: Term((Word(word),))),
    st.builds(
        lambda words, slop: Term(tuple(map(Word, words)), slop),
        st.lists(st.sampled_from(("red", "red*", "blue")), min_size=2, max_size=2),
        st.integers(0, 2),
    ),
)
few_operands = st.one_of(few_terms, st.lists(few_terms, min_size=2, max_size=3).map(lambda found: joined(Or, found, 0)))
limits = st.one_of(
    few_terms,
    st.builds(Near, few_operands, few_operands, st.integers(0, 4), st.booleans()),
    st.builds(AtLeast, st.integers(1, 3), few_operands),
    st.builds(lambda found: Same(tuple(found)), st.lists(few_operands, min_size=2, max_size=2)),
)


def _apart(found: list[tuple[int, str]]) -> tuple[str, ...]:
    """Words with so many others before each."""
    return tuple(word for between, found_word in found for word in (*["green"] * between, found_word))


few_words = st.sampled_from(("red", "blue", "reds"))
sparse_samples = st.builds(
    Sample,
    st.lists(st.tuples(st.integers(0, 1), few_words), max_size=2).map(_apart),
    st.lists(st.tuples(st.integers(0, 5), few_words), max_size=3).map(_apart),
    st.frozensets(st.integers(0, 8), max_size=2),
)

# What the presearch cannot ask a word of.
wordless = st.sampled_from(("re+ds?", "bl.e", "xyz")).map(Regex)
half_wordless = st.one_of(
    wordless,
    st.builds(
        lambda query, other, kind: joined(kind, [query, other], 0), queries, wordless, st.sampled_from((And, Or))
    ),
)
