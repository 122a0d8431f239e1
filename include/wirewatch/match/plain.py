"""Plain queries, read directly: terms, phrases, AND, OR, NOT, NEAR and parentheses, of which nearly all are made.

In: a query. Out: the tree that the grammar of parse.py gives for it, offsets and labels included; None for every other
query and for every mistake. The grammar is the law, and knows what to say; this takes a quarter of its time, and ten
thousand rules are read anew in every task.
"""

import re

from include.wirewatch.match.lexer import FULLWIDTH, MAX_DEPTH, MAX_DISTANCE, MAX_QUERY, QUOTES, term_words
from include.wirewatch.match.nodes import And, Near, Node, Not, Or, QueryError, Term, Word, joined

_TOKEN = re.compile(
    rf"""
        (?P<paren>[()])\s*
      | (?P<near>O?NEAR)/(?P<distance>[0-9]{{1,4}})(?=[\s(])\s*
      | (?P<word>[^\W_][^\s(){{}}:,~/\[\]|{QUOTES}]*)(?=[\s()]|\Z)\s*
      | "(?P<phrase>[^{QUOTES}]+)"(?=[\s()]|\Z)\s*
    """,
    re.VERBOSE,
)
_FULLWIDTH = re.compile(f"[{''.join(map(chr, FULLWIDTH))}]")
_JOINS: dict[str, type[And] | type[Or]] = {"AND": And, "OR": Or}
_OTHER_OPERATORS = {"NEAR", "ONEAR", "ATLEAST", "SAME"}


class _Group:
    """What stands between two parentheses, as far as it is read."""

    __slots__ = ("joins", "near", "negated_at", "nodes", "takes_near")

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.joins: type[And] | type[Or] | None = None
        self.near: tuple[int, bool, int] | None = None  # distance, ordered, offset: its right operand comes next
        self.negated_at = -1  # the offset of a NOT whose operand comes next
        self.takes_near = False  # the last node may be the left operand of NEAR

    def add(self, node: Node) -> None:
        self.takes_near = self.near is None and self.negated_at < 0
        if self.near is not None:
            node, self.near = Near(self.nodes.pop(), node, *self.near), None
        elif self.negated_at >= 0:
            node, self.negated_at = Not(node, self.negated_at), -1
        self.nodes.append(node)

    def is_joined_by(self, kind: type[And] | type[Or]) -> bool:
        """False where AND and OR would be mixed."""
        self.joins = self.joins or kind
        return self.joins is kind

    def tree(self) -> Node:
        return joined(self.joins, self.nodes, self.nodes[0].at) if self.joins else self.nodes[0]


def parse_plain(query: str) -> Node | None:
    """The tree, unchecked as the grammar leaves it."""
    if len(query) > MAX_QUERY or (not query.isascii() and _FULLWIDTH.search(query)):
        return None
    try:
        return _parse(query)
    except QueryError:
        return None


def _parse(query: str) -> Node | None:
    group, wants_term = _Group(), True
    outer: list[_Group] = []
    at = len(query) - len(query.lstrip())
    while at < len(query):
        token = _TOKEN.match(query, at)
        if token is None:
            return None
        kind, text = token.lastgroup, token[token.lastindex or 0]
        if kind == "word" and (join := _JOINS.get(text)) is not None:
            if wants_term or not group.is_joined_by(join):
                return None
            wants_term = True
        elif kind == "word" and text == "NOT":
            if group.near or group.negated_at >= 0 or not (wants_term or group.is_joined_by(And)):
                return None
            group.negated_at, wants_term = at, True
        elif kind == "distance":
            if wants_term or not group.takes_near or int(text) > MAX_DISTANCE:
                return None
            group.near, wants_term = (int(text), token["near"] == "ONEAR", at), True
        elif kind == "paren" and text == ")":
            if wants_term or not outer:
                return None
            node = group.tree()
            group = outer.pop()
            group.add(node)
        elif not wants_term or text in _OTHER_OPERATORS:
            return None
        elif kind == "paren":
            outer.append(group)
            if len(outer) > MAX_DEPTH:
                return None
            group = _Group()
        else:
            group.add(_term(text, at) if kind == "word" else _phrase(text, at))
            wants_term = False
        at = token.end()
    return None if wants_term or outer else group.tree()


def _term(text: str, at: int) -> Term:
    if text.isascii() and text.isalnum():
        return Term((Word(text.lower()),), 0, at, text)
    return Term(term_words(text, at), 0, at, text)


def _phrase(text: str, at: int) -> Term:
    return Term(term_words(text, at + 1), 0, at, f'"{text}"')
