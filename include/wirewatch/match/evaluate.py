"""Does a text satisfy a query, and where? A tree and a text in, the spans that count out.

`find` gives None for "no", and for "yes" the spans of the terms that made it so: those of every true branch of OR,
and in NEAR, ATLEAST and SAME those that stand in the asked relation. NOT and metadata fields have none.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from operator import itemgetter
from typing import TypeGuard

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
from include.wirewatch.match.text import LEAD_WORDS, Document, Span, Text

Finder = Callable[[Text], list[Span] | None]
Scope = str  # where is searched: "title", "lead", "body"; "" is title and body

_SURROGATE = re.compile("[\ud800-\udfff]")


def find(node: Node, text: Text, scope: Scope = "") -> list[Span] | None:
    """The spans that make node true in text, or None where it is not true."""
    return finder(node, scope)(text)


def finder(node: Node, scope: Scope = "") -> Finder:
    """find() for one query and many texts: what hangs on the query alone is decided once, here."""
    match node:
        case Term():
            return _any_word([node]) if _is_word(node, scope) else _term(node, scope)
        case And(nodes):
            return _every([finder(child, scope) for child in sorted(nodes, key=_effort)])
        case Or(nodes):
            words = [child for child in nodes if _is_word(child, scope)]
            others = [finder(child, scope) for child in nodes if not _is_word(child, scope)]
            return _any([_any_word(words), *others] if words else others)
        case Not(child):
            absent = finder(child, scope)
            return lambda text: [] if absent(text) is None else None
        case Scoped(name, child):
            return finder(child, name)
        case Near():
            return lambda text: _near(node, text, scope) or None
        case Same():
            return lambda text: _same(node, text, scope) or None
        case Meta(name, values):
            return lambda text: [] if has_value(text.document, name, values) else None
        case AtLeast():
            return lambda text: _at_least(node, text, scope)
        case Regex():
            return lambda text: _regex(node, text, scope) or None
        case _:
            raise TypeError(f"{node}: lists are resolved by compile_rules")


def _is_word(node: Node, scope: Scope) -> TypeGuard[Term]:
    """True if the node is one word, in whatever case and place."""
    return not scope and isinstance(node, Term) and len(node.words) == 1 and not node.words[0].cased


def _effort(node: Node) -> int:
    """What is quickly found missing goes first."""
    return 0 if isinstance(node, Term) else 1 if isinstance(node, Or) else 2


def _any_word(terms: list[Term]) -> Finder:
    words = [(term.words[0].key, term) for term in terms]
    if len(words) == 1:
        ((word, term),) = words

        def find_word(text: Text) -> list[Span] | None:
            places = text.positions.get(word)
            return [(place, place, term) for place in places] if places else None

        return find_word

    def find_words(text: Text) -> list[Span] | None:
        positions = text.positions
        found = [pair for pair in words if pair[0] in positions]
        return [(place, place, term) for word, term in found for place in positions[word]] if found else None

    return find_words


def _term(term: Term, scope: Scope) -> Finder:
    needed = [word.key for word in term.words]

    def find_term(text: Text) -> list[Span] | None:
        positions = text.positions
        for word in needed:  # most terms are missing, and end here
            if word not in positions:
                return None
        return occurrences(term, text, scope) or None

    return find_term


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
    if len(parts) == 1:
        return parts[0]

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
        return [span for child in node.nodes for span in occurrences(child, text, scope)]
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
            for match in compile_regex(node.source).finditer(_SURROGATE.sub("\ufffd", searched)):
                if match.start() < match.end():  # empty matches are no hits
                    found.append((at + match.start(), at + match.end(), node))
    return found


def _near(node: Near, text: Text, scope: Scope) -> list[Span]:
    """Both ends of every pair that is near enough. The two never share a word."""
    left, right = occurrences(node.left, text, scope), occurrences(node.right, text, scope)
    if not left or not right:
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
    """The spans in every sentence that has one of each operand. Operands may be the same words."""
    operands = [occurrences(child, text, scope) for child in children(node)]
    if not all(operands):
        return []
    shared = set.intersection(*({text.sentence_of(span[0]) for span in spans} for spans in operands))
    return [span for spans in operands for span in spans if text.sentence_of(span[0]) in shared]
