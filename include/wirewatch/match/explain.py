"""Why a rule matches a document, or does not: for the analyst who asks "why did I (not) get this?"."""

from bisect import bisect_right
from typing import NamedTuple

from include.wirewatch.match.compile import CompiledRule
from include.wirewatch.match.engine import rule_match, speaks
from include.wirewatch.match.evaluate import Scope, count_apart, find, occurrences
from include.wirewatch.match.excerpts import excerpts
from include.wirewatch.match.nodes import And, AtLeast, Meta, Near, Node, Not, Or, Regex, Same, Scoped, Term, children
from include.wirewatch.match.presearch import Presearch
from include.wirewatch.match.text import ENDLESS, Document, Span, Text
from include.wirewatch.models import Excerpt, RuleMatch


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
    gap, other_way = _nearest_behind(lefts, rights, text.body_at), _nearest_behind(rights, lefts, text.body_at)
    if not node.ordered:
        gap = min(gap, other_way)
    if gap < ENDLESS:
        return f"{gap} words between them at the nearest, {node.distance} allowed"
    if node.ordered and other_way < ENDLESS:
        return "both are there, in the other order"
    fields = [{first < text.body_at for first, _, _ in spans} for spans in (lefts, rights)]
    return "they share their words" if set.intersection(*fields) else "one is in the title and the other in the body"


def _nearest_behind(spans: list[Span], others: list[Span], body_at: int) -> int:
    """The fewest words from a span's end to another's beginning in the same field; ENDLESS where there are none."""
    firsts = sorted({first for first, _, _ in others})
    nearest = ENDLESS
    for last in {last for _, last, _ in spans}:
        at = bisect_right(firsts, last)
        if at < len(firsts) and (firsts[at] < body_at) == (last < body_at):
            nearest = min(nearest, firsts[at] - last - 1)
    return nearest


def _phrase(term: Term, text: Text, scope: Scope) -> str:
    absent = [word.cased or word.text for word in term.words if not occurrences(Term((word,)), text, scope)]
    if absent:
        return f"not found: {', '.join(absent)}"
    return "its words are there, not together in this order"


def _quoted(text: Text, span: Span) -> str:
    start, end = text.offsets(span)
    field, at = text.field_of(start)
    return f"{field.text[at : at + end - start]!r} in the {field.name}"
