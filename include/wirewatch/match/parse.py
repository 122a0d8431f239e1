"""Queries into trees: the grammar, what it cannot say, and messages that tell what to write instead.

The lexer is our own and feeds the grammar token by token: a generated one silently takes `a AND OR b` or `"a b"~10`
for words.
"""

import re
from functools import lru_cache
from typing import Any

from lark import Lark, Transformer, UnexpectedToken, v_args

from include.wirewatch.match.lexer import Lexeme, Lexer
from include.wirewatch.match.nodes import (
    And,
    AtLeast,
    ListRef,
    Meta,
    Near,
    Node,
    Not,
    Or,
    QueryError,
    Regex,
    Same,
    Scoped,
    Term,
    children,
    joined,
)
from include.wirewatch.match.plain import parse_plain

GRAMMAR = """
query: item | both | either
both: item AND item -> both | item negation -> both_not | both AND item -> both | both negation -> both_not
either: item OR item -> either | either OR item -> either
item: unit | near | negation
near: unit NEAR unit
negation: NOT unit
unit: TERM -> leaf | REGEX -> leaf | LIST -> leaf
    | LPAR query RPAR -> group
    | FIELD unit -> scoped
    | META VALUE -> meta
    | META LPAR values RPAR -> meta_group
    | ATLEAST LPAR query RPAR -> at_least
    | SAME LPAR operands RPAR -> same
values: VALUE | values OR VALUE
operands: query COMMA query | operands COMMA query
%declare TERM REGEX LIST LPAR RPAR FIELD META VALUE ATLEAST SAME COMMA AND OR NOT NEAR
"""
_BEGINS = {"TERM", "REGEX", "LIST", "LPAR", "FIELD", "META", "ATLEAST", "SAME"}
_ENDS = {"TERM", "REGEX", "LIST", "RPAR", "VALUE"}
_BINARY = {"AND", "OR", "NEAR"}
_OPERANDS = (Term, Or, ListRef)  # of NEAR, ATLEAST and SAME
_FIELDS = (Meta, Scoped)
_POSITIVE = (Term, Regex, ListRef, Near, AtLeast, Same)


@v_args(inline=True)
class _Build(Transformer[Lexeme, Node]):
    """The grammar's actions, run while it parses: no tree but ours is built, and nothing recurses."""

    def query(self, node: Node) -> Node:
        return node

    item = query

    def leaf(self, token: Lexeme) -> Node:
        node: Node = token.node
        return node

    def group(self, _opening: Lexeme, node: Node, _closing: Lexeme) -> Node:
        return node

    def both(self, left: Node, _operator: Lexeme, right: Node) -> Node:
        return joined(And, [left, right], left.at)

    def both_not(self, left: Node, right: Node) -> Node:
        return joined(And, [left, right], left.at)

    def either(self, left: Node, _operator: Lexeme, right: Node) -> Node:
        return joined(Or, [left, right], left.at)

    def negation(self, operator: Lexeme, node: Node) -> Node:
        return Not(node, _start(operator))

    def near(self, left: Node, operator: Lexeme, right: Node) -> Node:
        return Near(left, right, operator.number, operator.startswith("O"), _start(operator))

    def scoped(self, name: Lexeme, node: Node) -> Node:
        return Scoped(name[:-1], node, _start(name))

    def meta(self, name: Lexeme, value: Lexeme) -> Node:
        return Meta(name[:-1], (value.node,), _start(name))

    def meta_group(self, name: Lexeme, _opening: Lexeme, values: list[str], _closing: Lexeme) -> Node:
        return Meta(name[:-1], tuple(values), _start(name))

    def at_least(self, name: Lexeme, _opening: Lexeme, node: Node, _closing: Lexeme) -> Node:
        return AtLeast(name.number, node, _start(name))

    def same(self, name: Lexeme, _opening: Lexeme, nodes: list[Node], _closing: Lexeme) -> Node:
        return Same(tuple(nodes), _start(name))

    def values(self, *parts: Any) -> list[str]:
        first = parts[0] if isinstance(parts[0], list) else [parts[0].node]
        return first if len(parts) == 1 else [*first, parts[2].node]

    def operands(self, left: Any, _comma: Lexeme, right: Node) -> list[Node]:
        return [*left, right] if isinstance(left, list) else [left, right]


def _start(token: Lexeme) -> int:
    return token.start_pos or 0


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark(GRAMMAR, parser="lalr", lexer="basic", start="query", transformer=_Build())


def parse(query: str) -> Node:
    """The tree of one query. Lists are still names in it.

    Raises:
        QueryError: it is not in the language, or has no positive term.
    """
    node = parse_part(query)
    if (missing := without_positive(node)) is not None:
        raise QueryError(
            missing.at,
            "no positive term: this would match nearly every article",
            "add AND with a word or phrase that must occur in title or body",
        )
    return node


@lru_cache(maxsize=20_000)
def parse_part(query: str) -> Node:
    """The tree of what may be a part of a query, as a list is: no positive term is asked for. Raises QueryError."""
    if not query.strip():
        raise QueryError(0, "empty query", "expected a term, e.g. ceasefire")
    node = parse_plain(query) or parse_by_grammar(query)
    check_shape(node)
    return node


def parse_by_grammar(query: str) -> Node:
    """The tree of any query, not yet checked for what the grammar lets pass. Raises QueryError."""
    lexer = Lexer(query)
    parser = _grammar().parse_interactive("")
    before: list[Lexeme] = []
    try:
        for token in lexer:
            parser.feed_token(token)
            before.append(token)
        node: Node = parser.feed_eof()  # type: ignore[no-untyped-call]
    except UnexpectedToken as error:
        wrong = error.token if isinstance(error.token, Lexeme) else None
        raise _explain(wrong, before, lexer, set(error.accepts or error.expected)) from None
    return node


def _explain(token: Lexeme | None, before: list[Lexeme], lexer: Lexer, expected: set[str]) -> QueryError:
    """Why the grammar does not take this token (None: the end of the query) after those before it."""
    last = before[-1] if before else None
    if token is None:
        return _explain_end(last, lexer)
    at = _start(token)
    if last is not None and last.type in ("ATLEAST", "SAME"):
        return QueryError(
            _start(last), f"{last} needs parentheses", f"e.g. {last}({'a, b' if last.type == 'SAME' else 'a'})"
        )
    if token.type in _BEGINS | {"VALUE"} and last is not None and last.type in _ENDS:
        return _side_by_side(token, last)
    if token.type == "NEAR" and last is not None and last.type in _ENDS:
        if "NOT" in (item.type for item in before[-2:-1]):
            return QueryError(at, f"NOT binds tighter than {token}", f"write NOT (a {token} b)")
        return QueryError(at, f"{token} does not chain", f"write (a {token} b) AND (b {token} c)")
    if token.type in ("AND", "OR", "NOT") and last is not None and last.type in _ENDS:
        if "COMMA" in expected and not expected & {"AND", "OR"}:
            return QueryError(at, f"{token} is not possible here")
        if last.type == "VALUE":
            return QueryError(at, f"{token} between values", "several values of one field are joined by OR")
        return QueryError(at, "AND and OR mixed without parentheses", "write (a AND b) OR c, or a AND (b OR c)")
    if token.type in _BINARY:
        what = f"after {last}" if last is not None and last.type in _BINARY | {"NOT"} else "without a term before it"
        return QueryError(at, f"{token} {what}", f'expected a term; in quotes it is a word: "{token}"')
    if token.type == "RPAR":
        if last is not None and last.type == "LPAR":
            return QueryError(_start(last), "empty parentheses", "expected a term between them")
        if last is not None and last.type in _BINARY | {"NOT", "FIELD", "META"}:
            return QueryError(_start(last), f"{last} needs a term after it")
        return QueryError(at, "SAME/sentence needs two operands", "write SAME/sentence(a, b)")
    if token.type == "COMMA":
        return QueryError(at, "a comma joins nothing here", "write AND or OR; in quotes it is ignored")
    return QueryError(at, f"{token} is not expected here", f"after {last}" if last is not None else "")


def _explain_end(last: Lexeme | None, lexer: Lexer) -> QueryError:
    if last is not None and last.type in _BINARY | {"NOT", "FIELD", "META"}:
        return QueryError(_start(last), f"{last} needs a term after it")
    if last is not None and last.type in ("ATLEAST", "SAME"):
        return QueryError(_start(last), f"{last} needs parentheses", f"e.g. {last}(a{', b' * (last.type == 'SAME')})")
    if lexer.unclosed:
        return QueryError(lexer.unclosed[-1], "unclosed (", "expected )")
    return QueryError(len(lexer.query), "the query ends too early", "expected a term")


def _side_by_side(token: Lexeme, last: Lexeme) -> QueryError:
    for word in (last, token):
        if str(word).lower() in ("and", "or", "not", "near", "onear"):
            return QueryError(_start(word), f"{word} in lower case is a word", f"the operator is {word.upper()}")
    if token.type == last.type == "TERM" and '"' not in last + token:
        hint = f'phrase "{last} {token}", {last} AND {token}, or {last} OR {token}?'
    else:
        hint = "AND or OR between them?"
    return QueryError(_start(token), f"{last} and {token} side by side", hint)


def check_shape(node: Node, *, scoped: bool = False, inside: str = "") -> None:
    """What the grammar lets pass: operands of NEAR, ATLEAST and SAME, and fields in fields. Raises QueryError."""
    if isinstance(node, Term):
        return
    if inside and not isinstance(node, _OPERANDS):
        raise QueryError(node.at, f"{inside} takes words, phrases and ORs of them, not {_kind(node)}")
    if scoped and isinstance(node, _FIELDS):
        raise QueryError(node.at, f"field {node.name}: inside another field")
    scoped = scoped or isinstance(node, Scoped)
    if isinstance(node, Near):
        inside = "ONEAR" if node.ordered else "NEAR"
    elif isinstance(node, AtLeast):
        inside = "ATLEAST"
    elif isinstance(node, Same):
        inside = "SAME"
    for child in children(node):
        check_shape(child, scoped=scoped, inside=inside)


def _kind(node: Node) -> str:
    names = {Regex: "a regular expression", Scoped: "a field", Meta: "a field", Same: "SAME", AtLeast: "ATLEAST"}
    return names.get(type(node)) or type(node).__name__.upper()


def without_positive(node: Node) -> Node | None:
    """The clause by which the query could hold with no word found, or None. Lists count as words until resolved."""
    if isinstance(node, _POSITIVE):
        return None
    if isinstance(node, Scoped):
        return without_positive(node.node)
    if isinstance(node, Or):
        for child in node.nodes:
            if (missing := without_positive(child)) is not None:
                return missing
        return None
    if isinstance(node, And):
        first = None
        for child in node.nodes:
            if (missing := without_positive(child)) is None:
                return None
            first = first or missing
        return first
    return node


_BESIDE_DIGIT = re.compile(r"\d\?|\?\d")


def uses_lists(node: Node) -> bool:
    return isinstance(node, ListRef) or any(map(uses_lists, children(node)))


def warnings_of(query: str, node: Node) -> list[tuple[int, str]]:
    """(offset, message) of what is allowed and perhaps not meant."""
    found = [
        (at, 'smart quotes read as "') for at, char in enumerate(query) if char in "\u201c\u201d\u201e\u00ab\u00bb"
    ][:1]
    stack = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, Term) and item.label in ("and", "or", "not", "near"):
            found.append((item.at, f"{item.label} in lower case is a word; the operator is {item.label.upper()}"))
        if isinstance(item, Term) and any(_BESIDE_DIGIT.search(word.text) for word in item.words):
            found.append((item.at, "? stands for a letter, never for a digit; for that write a regular expression"))
        stack += children(item)
    return sorted(found)
