"""Does a text satisfy a query, and where? A tree and a text in, the spans that count out.

`find` gives None for "no", and for "yes" the spans of the terms that made it so: those of every true branch of OR,
and in NEAR, ATLEAST and SAME those that stand in the asked relation. NOT and metadata fields have none.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import NamedTuple

from include.wirewatch.match.fold import fold_text
from include.wirewatch.match.lexer import compile_regex
from include.wirewatch.match.nodes import (
    And,
    AtLeast,
    Meta,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Same,
    Scoped,
    Term,
    children,
)
from include.wirewatch.match.text import LEAD_WORDS, Document, Field, Range, Text


class Span(NamedTuple):
    """An occurrence of a leaf in a field (0 title, 1 body): first and last word; code points where it is a regex."""

    field: int
    first: int
    last: int
    leaf: Term | Regex


Finder = Callable[[Text], list[Span] | None]


class Scope(NamedTuple):
    """Which fields are searched, and how many words of the body."""

    fields: tuple[int, ...] = (0, 1)
    words: int | None = None


ANYWHERE = Scope()
_SURROGATE = re.compile("[\ud800-\udfff]")
SCOPES = {"title": Scope((0,)), "body": Scope((1,)), "lead": Scope((1,), LEAD_WORDS)}


def find(node: Node, text: Text, scope: Scope = ANYWHERE) -> list[Span] | None:
    """The spans that make node true in text, or None where it is not true."""
    return finder(node, scope)(text)


def finder(node: Node, scope: Scope = ANYWHERE) -> Finder:
    """find() for one query and many texts: what hangs on the query alone is decided once, here."""
    match node:
        case Term():
            return _term_finder(node, scope)
        case And(nodes):
            return _every([finder(child, scope) for child in nodes])
        case Or(nodes):
            return _any([finder(child, scope) for child in nodes])
        case Not(child):
            absent = finder(child, scope)
            return lambda text: [] if absent(text) is None else None
        case Scoped(name, child):
            return finder(child, SCOPES[name])
        case Regex():
            return lambda text: occurrences(node, text, scope) or None
        case Near():
            return lambda text: _near(node, text, scope) or None
        case Same():
            return lambda text: _same(node, text, scope) or None
        case Meta(name, values):
            return lambda text: [] if has_value(text.document, name, values) else None
        case AtLeast():
            return lambda text: _at_least(node, text, scope)
        case _:
            raise TypeError(f"{node}: lists are resolved by compile_rules")


def _term_finder(term: Term, scope: Scope) -> Finder:
    """Most terms of most candidates are missing: a look into the set of words says so before any position is asked."""
    if scope == ANYWHERE and len(term.words) == 1 and term.words[0].is_plain:
        word = term.words[0].text

        def find_word(text: Text) -> list[Span] | None:
            if word not in text.forms:
                return None
            title, body = text.fields
            found = [Span(1, position, position, term) for position in body.positions.get(word, ())]
            if title.text:
                found += [Span(0, position, position, term) for position in title.positions.get(word, ())]
            return found

        return find_word
    needs = frozenset(term.needs)
    if needs and not term.needs_beginnings:
        return lambda text: (needs <= text.forms and occurrences(term, text, scope)) or None
    return lambda text: (text.may_have(term) and occurrences(term, text, scope)) or None


def _every(parts: list[Finder]) -> Finder:
    def find_every(text: Text) -> list[Span] | None:
        spans: list[Span] = []
        for part in parts:
            found = part(text)
            if found is None:
                return None
            spans += found
        return spans

    return find_every


def _any(parts: list[Finder]) -> Finder:
    def find_any(text: Text) -> list[Span] | None:
        spans: list[Span] | None = None
        for part in parts:
            found = part(text)
            if found is not None:
                spans = found if spans is None else spans + found
        return spans

    return find_any


def _at_least(node: AtLeast, text: Text, scope: Scope) -> list[Span] | None:
    found = occurrences(node.node, text, scope)
    return found if count_apart(found) >= node.count else None


def count_apart(spans: list[Span]) -> int:
    """How many of the spans stand at different places: overlapping ones count once."""
    count, field, end = 0, -1, -1
    for span in sorted(spans, key=lambda span: (span.field, span.last)):
        if span.field != field or span.first > end:
            count, field, end = count + 1, span.field, span.last
    return count


def has_value(document: Document, name: str, values: tuple[str, ...]) -> bool:
    """source, publisher, lang, author and tag are compared whole, site by its domains, url by any part; case folded."""
    if name == "author":
        return any(fold_text(author) in values for author in document.authors)
    if name == "tag":
        return any(fold_text(tag) in values for tag in document.tags)
    own = fold_text(getattr(document, name))
    if name == "site":
        return any(own == value or own.endswith(f".{value.lstrip('.')}") for value in values)
    if name == "url":
        return any(value in own for value in values)
    return own in values


def occurrences(node: Node, text: Text, scope: Scope) -> list[Span]:
    """Every occurrence of a term, a regex, or an OR of terms."""
    if isinstance(node, Or):
        return [span for child in node.nodes for span in occurrences(child, text, scope)]
    spans = []
    for number in scope.fields:
        field = text.fields[number]
        if isinstance(node, Regex):
            spans += _regex(node, field, number, scope)
        elif isinstance(node, Term):
            spans += [
                Span(number, first, last, node)
                for first, last in field.term(node)
                if scope.words is None or last < scope.words
            ]
    return spans


def _regex(node: Regex, field: Field, number: int, scope: Scope) -> list[Span]:
    end = len(field.text) if scope.words is None else field.end_of_word(scope.words)
    # RE2 reads UTF-8, which has no lone surrogates; on str it answers in code points. Empty matches are no hits.
    found = compile_regex(node.source).finditer(_SURROGATE.sub("\ufffd", field.text[:end]))
    return [Span(number, start, stop, node) for start, stop in (match.span() for match in found) if start < stop]


def _near(node: Near, text: Text, scope: Scope) -> list[Span]:
    """Both ends of every pair that is near enough. The two never share a word."""
    lefts, rights = occurrences(node.left, text, scope), occurrences(node.right, text, scope)
    spans: list[Span] = []
    for number in scope.fields:
        left = [span for span in lefts if span.field == number]
        right = [span for span in rights if span.field == number]
        if left and right:
            spans += _with_partner(left, right, node.distance, before=True, after=not node.ordered)
            spans += _with_partner(right, left, node.distance, before=not node.ordered, after=True)
    return spans


def _with_partner(spans: list[Span], others: list[Span], distance: int, *, before: bool, after: bool) -> list[Span]:
    """Those spans that stand before (after) another with at most distance words between."""
    firsts = sorted(span.first for span in others)
    lasts = sorted(span.last for span in others)
    return [
        span
        for span in spans
        if (before and _any_in(firsts, span.last + 1, span.last + 1 + distance))
        or (after and _any_in(lasts, span.first - 1 - distance, span.first - 1))
    ]


def _any_in(ordered: list[int], low: int, high: int) -> bool:
    return bisect_left(ordered, low) < bisect_right(ordered, high)


def _same(node: Same, text: Text, scope: Scope) -> list[Span]:
    """The spans in every sentence that has one of each operand. Operands may be the same words."""
    operands = [occurrences(child, text, scope) for child in children(node)]
    if not all(operands):
        return []

    def place(span: Span) -> Range:
        return span.field, text.fields[span.field].sentence_of(span.first)

    shared = set.intersection(*({place(span) for span in spans} for spans in operands))
    return [span for spans in operands for span in spans if place(span) in shared]
