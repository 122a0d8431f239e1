"""What an archived article must have in it for a query to match: asked of the archive first, so that few are read.

In: a query's tree. Out: a condition on the article's forms (match/forms.py) as stored: each folded word of title and
text, a space before and behind it. It is true of every article that the query matches, and of some others: the engine
has the last word. NOT, metadata, regular expressions and inflections (`lemma: true`) ask for nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Or, Same, Scoped, Term, Word, children

_ALL_OF = (And, Near, Same)
_INSIDE = (AtLeast, Scoped)


@dataclass(frozen=True)
class Has:
    """A form that is this word: itself, with a trailing * what begins with it, and ? is any letter."""

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


def as_sql(condition: Condition, column: str) -> tuple[str, list[str]]:
    """The condition in DuckDB's SQL, and the values of its parameters, in order."""
    if isinstance(condition, Has):
        call, value = _asked(condition.text)
        return f"{call}({column}, ?)", [value]
    parts = [as_sql(part, column) for part in condition.conditions]
    operator = " AND " if isinstance(condition, AllOf) else " OR "
    return f"({operator.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]


def _asked(text: str) -> tuple[str, str]:
    if "?" in text:
        pattern = "".join({"?": "[^ ]", "*": "[^ ]*"}.get(char, re.escape(char)) for char in text)
        return "regexp_matches", f" {pattern} "
    return "contains", f" {text[:-1]}" if text.endswith("*") else f" {text} "
