"""What an archived article must have in it for a query to match: asked of the archive first, so that few are read.

In: a query's tree. Out: a condition on the article's forms as stored (archive/parquet.py): each folded word of title
and text, with a space before and behind it. It is true of every article that the query matches, and of some others:
the engine has the last word. NOT, metadata, regular expressions and inflections (`lemma: true`) ask for nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Or, Same, Scoped, Term, Word, children

# One reading of an article's forms costs 10 microseconds, whether for one word or for two hundred; the engine 1,000.
MOST_SCANS = 12
# Of words in one expression: RE2 forgets what it learned where an automaton outgrows its 8 MB, and is then 400 times
# slower. That began at 8,000 bytes of words that nearly are those of the texts.
MOST_BYTES = 2_000

_NO_WILDCARDS = {ord("*"): None, ord("?"): None}
_ALL_OF = (And, Near, Same)
_INSIDE = (AtLeast, Scoped)


@dataclass(frozen=True)
class Has:
    """A form that is this word: itself, with a trailing * what begins with it, and ? is any letter or more."""

    text: str


@dataclass(frozen=True)
class AllOf:
    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True)
class AnyOf:
    conditions: "tuple[Condition, ...]"


Condition = Has | AllOf | AnyOf


def needed(node: Node) -> Condition | None:
    """True of every article that satisfies node; None where nothing can be asked."""
    if isinstance(node, Term):
        return all_of(map(_word, node.words))
    if isinstance(node, Or):
        return any_of(map(needed, node.nodes))
    if isinstance(node, _ALL_OF):
        return all_of(map(needed, children(node)))
    if isinstance(node, _INSIDE):
        return needed(node.node)
    return None


def _word(word: Word) -> Condition | None:
    # An inflection would need the dictionary backwards, and its rules for words that are not in it.
    return None if word.lemma_of else Has(word.text)


def all_of(conditions: Iterable[Condition | None]) -> Condition | None:
    """All that is known must hold: what asks for nothing is left out."""
    known: dict[Condition, None] = {}
    for condition in conditions:
        known |= dict.fromkeys(condition.conditions if isinstance(condition, AllOf) else filter(None, [condition]))
    return AllOf(tuple(known)) if len(known) > 1 else next(iter(known), None)


def any_of(conditions: Iterable[Condition | None]) -> Condition | None:
    """One must hold; where one asks for nothing, nothing is asked."""
    known: dict[Condition, None] = {}
    for condition in conditions:
        if condition is None:
            return None
        known |= dict.fromkeys(condition.conditions if isinstance(condition, AnyOf) else [condition])
    texts = [one.text for one in known if isinstance(one, Has)]
    beginnings = tuple(text[:-1] for text in texts if text.endswith("*") and "?" not in text)
    kept = [one for one in known if not (isinstance(one, Has) and _is_implied(one.text, beginnings))]
    return AnyOf(tuple(kept)) if len(kept) > 1 else next(iter(kept), None)


def _is_implied(text: str, beginnings: tuple[str, ...]) -> bool:
    """Does whatever this word stands for begin with what another one, written with *, asks for?"""
    return any(text.startswith(beginning) and text != f"{beginning}*" for beginning in beginnings)


def needed_by_one(trees: Iterable[Node], most_scans: int = MOST_SCANS) -> Condition | None:
    """True of every article that satisfies one of the trees, and as fast to ask as that may be."""
    condition = any_of(map(needed, trees))
    if condition is None or len(as_sql(condition, "")[1]) <= most_scans:
        return condition
    return _at_once(condition)


def _at_once(condition: Condition) -> Condition:
    """The same, with one part alone of each AND: then all words are looked for in few readings of the forms."""
    if isinstance(condition, Has):
        return condition
    parts = [_at_once(part) for part in condition.conditions]
    if isinstance(condition, AllOf):
        return min(parts, key=_commonness)
    return any_of(parts) or condition


def _commonness(condition: Condition) -> float:
    """A guess, as in presearch.py: short words are common, and so are beginnings."""
    if isinstance(condition, Has):
        letters = len(condition.text.translate(_NO_WILDCARDS))
        return (1 if letters == len(condition.text) else 3) / letters**2
    return sum(map(_commonness, condition.conditions))


def as_sql(condition: Condition, column: str) -> tuple[str, list[str]]:
    """The condition in DuckDB's SQL, and the values of its parameters in order: each is one reading of the column."""
    if isinstance(condition, Has):
        return _any_word([condition.text], column)
    if isinstance(condition, AllOf):
        return _joined(" AND ", [as_sql(part, column) for part in condition.conditions])
    words = sorted(part.text for part in condition.conditions if isinstance(part, Has))
    others = [part for part in condition.conditions if not isinstance(part, Has)]
    asked = [_any_word(some, column) for some in _in_bounds(words)]
    return _joined(" OR ", asked + [as_sql(part, column) for part in others])


def _any_word(texts: list[str], column: str) -> tuple[str, list[str]]:
    """As one expression: DuckDB's is RE2, which reads the forms once for hundreds of words."""
    if len(texts) == 1 and "?" not in texts[0]:
        return f"contains({column}, ?)", [f" {texts[0][:-1]}" if texts[0].endswith("*") else f" {texts[0]} "]
    return f"regexp_matches({column}, ?)", [f" (?:{'|'.join(map(_pattern, texts))})"]


def _joined(operator: str, parts: list[tuple[str, list[str]]]) -> tuple[str, list[str]]:
    sql = operator.join(sql for sql, _ in parts)
    return (f"({sql})" if len(parts) > 1 else sql), [value for _, values in parts for value in values]


def _pattern(text: str) -> str:
    # One letter may be several code points: ß is ss, and marks belong to their letter.
    letters = "".join("[^ ]+" if char == "?" else re.escape(char) for char in text.removesuffix("*"))
    return letters if text.endswith("*") else f"{letters} "


def _in_bounds(words: list[str]) -> Iterator[list[str]]:
    """The words by turns, MOST_BYTES of UTF-8 in each."""
    some: list[str] = []
    size = 0
    for word in words:
        # a letter left open is every letter of UTF-8: each such word is asked for by itself
        length = MOST_BYTES if "?" in word else len(word.encode())
        if some and size + length > MOST_BYTES:
            yield some
            some, size = [], 0
        some.append(word)
        size += length
    if some:
        yield some
