"""Does a text satisfy a query, and where? A tree and a text in, the spans that count out.

`find` gives None for "no", and for "yes" the spans of the terms that made it so: those of every true branch of OR,
and in NEAR, ATLEAST and SAME those that stand in the asked relation. NOT and metadata fields have none.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import islice
from operator import itemgetter
from typing import Any

from include.wirewatch.match.fold import fold_text
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
)
from include.wirewatch.match.regex import compile_regex
from include.wirewatch.match.text import LEAD_WORDS, Document, Span, Text

Scope = str  # where is searched: "title", "lead", "body"; "" is title and body

# Each hit may be looked for up to the end of the text: all 80,000 of /a(.*z)?/ took 17 s.
MOST_REGEX_HITS = 1_000  # in a field; empty ones count
# Of one AND or OR: once it is true, further hits change neither the answer nor the score, and each takes 80 bytes.
MOST_SPANS = 100_000
_SURROGATE = re.compile("[\ud800-\udfff]")


def find(node: Node, text: Text, scope: Scope = "") -> list[Span] | None:
    """The spans that make node true in text, or None where it is not true."""
    return _FIND[type(node)](node, text, scope)


def _term(term: Term, text: Text, scope: Scope) -> list[Span] | None:
    positions = text.positions
    for key in term.keys:  # most terms are missing, and end here
        if key not in positions:
            return None
    if scope or not term.is_word:
        return occurrences(term, text, scope) or None
    return [(place, place, term) for place in positions[term.keys[0]]]


def _and(node: And, text: Text, scope: Scope) -> list[Span] | None:
    spans: list[Span] = []
    for child in node.distinct:
        found = _FIND[type(child)](child, text, scope)
        if found is None:
            return None
        if len(spans) < MOST_SPANS:
            spans += found
    return spans


def _or(node: Or, text: Text, scope: Scope) -> list[Span] | None:
    words, others = node.parts
    if scope:
        words, others = [], list(node.distinct)
    positions = text.positions
    spans: list[Span] = [(place, place, term) for key, term in words if key in positions for place in positions[key]]
    is_true = bool(spans)
    for child in others:
        if len(spans) > MOST_SPANS:
            return spans
        found = _FIND[type(child)](child, text, scope)
        if found is not None:
            is_true = True
            spans += found
    return spans if is_true else None


def _not(node: Not, text: Text, scope: Scope) -> list[Span] | None:
    return [] if find(node.node, text, scope) is None else None


def _scoped(node: Scoped, text: Text, _scope: Scope) -> list[Span] | None:
    return find(node.node, text, node.name)


def _meta(node: Meta, text: Text, _scope: Scope) -> list[Span] | None:
    return [] if has_value(text.document, node.name, node.values) else None


def _at_least(node: AtLeast, text: Text, scope: Scope) -> list[Span] | None:
    found = occurrences(node.node, text, scope)
    return found if count_apart(found) >= node.count else None


def count_apart(spans: list[Span]) -> int:
    """How many of the spans stand at different places: overlapping ones count once."""
    count, end = 0, -1
    for first, last, _ in sorted(spans, key=itemgetter(1)):
        if first > end:
            count, end = count + 1, last
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
        return [span for child in node.distinct for span in occurrences(child, text, scope)]
    if isinstance(node, Regex):
        return _regex(node, text, scope)
    if not isinstance(node, Term):
        return []
    if not scope:
        return [(first, last, node) for first, last in text.term(node)]
    low, high = text.bounds[scope]
    return [(first, last, node) for first, last in text.term(node) if low <= first and last < high]


def _regex(node: Regex, text: Text, scope: Scope) -> list[Span]:
    found: list[Span] = []
    for field, at in ((text.title, 0), (text.body, text.body_at)):
        if scope in ("", field.name) or (scope == "lead" and field is text.body):
            searched = field.text[: field.end_of_word(LEAD_WORDS)] if scope == "lead" else field.text
            # RE2 reads UTF-8, which has no lone surrogates; on str it answers in code points.
            matches = compile_regex(node.source).finditer(_SURROGATE.sub("\ufffd", searched))
            for match in islice(matches, MOST_REGEX_HITS):
                if match.start() < match.end():  # empty matches are no hits
                    found.append((at + match.start(), at + match.end(), node))
    return found


def _near(node: Near, text: Text, scope: Scope) -> list[Span]:
    """Both ends of every pair that is near enough. The two never share a word."""
    left = occurrences(node.left, text, scope)
    # one side is often a long list of common words: not asked for where the other is missing
    right = occurrences(node.right, text, scope) if left else []
    if not right:
        return []
    return [
        *_with_partner(left, right, node.distance, before=True, after=not node.ordered),
        *_with_partner(right, left, node.distance, before=not node.ordered, after=True),
    ]


def _with_partner(spans: list[Span], others: list[Span], distance: int, *, before: bool, after: bool) -> list[Span]:
    """Those spans that stand before (after) another with at most distance words between."""
    firsts = sorted(first for first, _, _ in others)
    lasts = sorted(last for _, last, _ in others)
    return [
        span
        for span in spans
        if (before and _any_in(firsts, span[1] + 1, span[1] + 1 + distance))
        or (after and _any_in(lasts, span[0] - 1 - distance, span[0] - 1))
    ]


def _any_in(ordered: list[int], low: int, high: int) -> bool:
    return bisect_left(ordered, low) < bisect_right(ordered, high)


def _same(node: Same, text: Text, scope: Scope) -> list[Span]:
    """The spans in every sentence that has one of each operand, whole. Operands may be the same words."""
    operands: list[list[tuple[tuple[str, int], Span]]] = []
    for child in node.distinct:
        placed = [(text.sentence_of(span[0]), span) for span in occurrences(child, text, scope)]
        whole = [(sentence, span) for sentence, span in placed if text.sentence_of(span[1]) == sentence]
        if not whole:
            return []
        operands.append(whole)
    shared = set.intersection(*({sentence for sentence, _ in spans} for spans in operands))
    return [span for spans in operands for sentence, span in spans if sentence in shared]


# A tree is walked anew for each text. Compiled into closures it was as fast later on, and took a third longer for the
# first articles of a process, which are all that many tasks have.
_FIND: dict[type, Callable[[Any, Text, Scope], list[Span] | None]] = {
    Term: _term,
    And: _and,
    Or: _or,
    Not: _not,
    Scoped: _scoped,
    Meta: _meta,
    AtLeast: _at_least,
    Near: lambda node, text, scope: _near(node, text, scope) or None,
    Same: lambda node, text, scope: _same(node, text, scope) or None,
    Regex: lambda node, text, scope: _regex(node, text, scope) or None,
}
