"""Why a rule matches a document, or does not: for the analyst who asks "why did I (not) get this?"."""

from itertools import product
from typing import NamedTuple

from include.wirewatch.match.compile import CompiledRule
from include.wirewatch.match.engine import rule_match, speaks
from include.wirewatch.match.evaluate import Scope, count_apart, find, occurrences
from include.wirewatch.match.excerpts import excerpts
from include.wirewatch.match.nodes import And, AtLeast, Meta, Near, Node, Not, Or, Regex, Same, Scoped, Term, children
from include.wirewatch.match.presearch import Presearch
from include.wirewatch.match.text import Document, Span, Text
from include.wirewatch.models import Excerpt, RuleMatch

_MOST_PAIRS = 10_000  # looked at for "how near it came"


class Explanation(NamedTuple):
    """match with a sentence for each hit, or the smallest clause that failed and how near it came."""

    rule: str
    match: RuleMatch | None
    sentences: tuple[Excerpt, ...] = ()
    failed: str = ""
    reason: str = ""


def explain(compiled: CompiledRule, document: Document) -> Explanation:
    rule, tree = compiled
    if not speaks(rule, document.lang):
        reason = f"the article is in {document.lang!r}"
        return Explanation(rule.name, None, failed=f"languages: {', '.join(rule.languages)}", reason=reason)
    text = Text(document, Presearch([tree]).vocabulary)
    spans = find(tree, text)
    if spans is None:
        clause, reason = _failure(tree, text, "")
        return Explanation(rule.name, None, failed=str(clause), reason=reason)
    match = rule_match(rule, text, spans)
    return Explanation(rule.name, match, excerpts(document, [match], limit=None))


def _failure(node: Node, text: Text, scope: Scope) -> tuple[Node, str]:
    """The smallest clause of a false node that is false by itself, and why."""
    match node:
        case And(nodes):
            failing = [child for child in nodes if find(child, text, scope) is None]
            return _failure(min(failing, key=_size), text, scope)
        case Or(nodes):
            return node, f"none of its {len(nodes)} alternatives; nearest: {_nearest(nodes, text, scope)}"
        case Scoped(name, child):
            clause, reason = _failure(child, text, name)
            elsewhere = find(child, text)
            return (
                Scoped(name, clause),
                f"{reason} in {name}, though elsewhere" if elsewhere else f"{reason} in {name}",
            )
        case Not(child):
            spans = find(child, text, scope) or []
            return node, f"it is there: {_quoted(text, spans[0])}" if spans else "the article has it"
        case Meta(name, _):
            own = {"author": text.document.authors, "tag": text.document.tags}.get(name)
            return node, f"the article has {own if own is not None else getattr(text.document, name)!r}"
        case AtLeast(count, child):
            return node, f"{count_apart(occurrences(child, text, scope))} of {count}"
        case Near():
            return node, _missing(node, text, scope) or _distance(node, text, scope)
        case Same():
            return node, _missing(node, text, scope) or "all are there, never in one sentence"
        case Term(words) if len(words) > 1:
            return node, _phrase(node, text, scope)
        case _:
            return node, "not found"


def _size(node: Node) -> int:
    return 1 + sum(map(_size, children(node)))


def _nearest(nodes: tuple[Node, ...], text: Text, scope: Scope) -> str:
    """The alternative that has something in the article, and why it fails all the same; else the first."""
    partly = [child for child in nodes if any(occurrences(leaf, text, scope) for leaf in _leaves(child))]
    clause, reason = _failure((partly or list(nodes))[0], text, scope)
    return f"{clause} ({reason})"


def _leaves(node: Node) -> list[Node]:
    return [node] if isinstance(node, Term | Regex) else [leaf for child in children(node) for leaf in _leaves(child)]


def _missing(node: Near | Same, text: Text, scope: Scope) -> str:
    absent = [str(child) for child in children(node) if not occurrences(child, text, scope)]
    return f"not found: {', '.join(absent)}" if absent else ""


def _distance(node: Near, text: Text, scope: Scope) -> str:
    """How many words are between the nearest pair."""
    lefts, rights = (occurrences(child, text, scope) for child in (node.left, node.right))
    most = int(_MOST_PAIRS**0.5)
    places = [((a, b), (c, d)) for (a, b, _), (c, d, _) in product(lefts[:most], rights[:most])]
    pairs = [(a, b) for a, b in places if (a[0] < text.body_at) == (b[0] < text.body_at)]
    gaps = [max(b[0] - a[1], a[0] - b[1]) - 1 for a, b in pairs]
    right_way = [b[0] - a[1] - 1 for a, b in pairs if b[0] > a[1]]
    if node.ordered and not right_way and gaps:
        return "both are there, in the other order"
    apart = [gap for gap in (right_way if node.ordered else gaps) if gap >= 0]
    if not apart:
        return "one is in the title and the other in the body" if not gaps else "they share their words"
    return f"{min(apart)} words between them at the nearest, {node.distance} allowed"


def _phrase(term: Term, text: Text, scope: Scope) -> str:
    absent = [word.cased or word.text for word in term.words if not occurrences(Term((word,)), text, scope)]
    if absent:
        return f"not found: {', '.join(absent)}"
    return "its words are there, not together in this order"


def _quoted(text: Text, span: Span) -> str:
    start, end = text.offsets(span)
    field, at = text.field_of(start)
    return f"{field.text[at : at + end - start]!r} in the {field.name}"
