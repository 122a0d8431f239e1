"""The query as a tree. str(node) is the query again, in one canonical spelling: parse(str(node)) == node.

Offsets (`at`) and labels (what the analyst wrote) are for messages and hits; they do not take part in equality.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from include.wirewatch.match.fold import MARKS

TEXT_FIELDS = ("title", "lead", "body")
META_FIELDS = ("source", "publisher", "site", "url", "lang", "author", "tag")


class QueryError(ValueError):
    """The query is not in the language. offset: code points from 0 into the query; hint: what to write instead."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        self.offset, self.message, self.hint = offset, message, hint
        super().__init__(f"{message}; {hint}" if hint else message)


@dataclass(frozen=True)
class Word:
    """One word of a term. text: its folded form, with a trailing `*` or with `?`; cased: keep_case() form or ""."""

    text: str
    cased: str = ""
    lemma_of: tuple[str, ...] = ()  # languages in which every inflection counts; () = this form alone

    # Nothing is kept in the instance: ten thousand rules have thirty thousand words, and most are never asked twice.

    @property
    def key(self) -> str:
        """Equal for words that mean the same, case aside."""
        return f"{self.text}|{','.join(self.lemma_of)}" if self.lemma_of else self.text

    @property
    def full_key(self) -> str:
        """Equal for equal words."""
        return f"{self.key}|{self.cased}"

    @property
    def prefix(self) -> str:
        """What a word must start with; "" unless a trailing * says so."""
        return self.text[:-1] if self.text[-1:] == "*" else ""

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """For `?`: one letter each, and `*` as usual."""
        return _pattern(self.text) if "?" in self.text else None

    @property
    def is_exact(self) -> bool:
        """True if one folded form is what it means, in whatever case."""
        return not self.lemma_of and self.text[-1:] != "*" and "?" not in self.text

    @property
    def is_plain(self) -> bool:
        """True if it means its folded form and nothing else."""
        return self.is_exact and not self.cased


# A letter with its marks, or what folding makes of one: of ß and of the Armenian ligature.
_LETTER = rf"(?:ss|\u0565\u0582|[^\W\d_][{MARKS}]*+)"


@lru_cache(maxsize=10_000)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("".join({"?": _LETTER, "*": ".*"}.get(char, re.escape(char)) for char in text), re.DOTALL)


@dataclass(frozen=True)
class Term:
    """A word, or a phrase of several with at most slop further words in it, in this order."""

    words: tuple[Word, ...]
    slop: int = 0
    at: int = field(default=0, compare=False)
    label: str = field(default="", compare=False)
    keys: tuple[str, ...] = field(init=False, repr=False, compare=False)  # Word.key of each word

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", tuple([word.key for word in self.words]))

    @property
    def is_word(self) -> bool:
        """True if it is one word, in whatever case."""
        return len(self.keys) == 1 and not self.words[0].cased

    @cached_property
    def key(self) -> str:
        """Equal for equal terms."""
        return f"{'/'.join(word.full_key for word in self.words)}~{self.slop}"

    def __str__(self) -> str:
        if self.words[0].cased:
            return "{" + " ".join(word.cased for word in self.words) + "}"
        text = " ".join(word.text for word in self.words)
        if len(self.words) == 1 and not self.slop:
            return text
        return f'"{text}"~{self.slop}' if self.slop else f'"{text}"'


@dataclass(frozen=True)
class Regex:
    """A linear-time regular expression on the original text; source as between the slashes."""

    source: str
    at: int = field(default=0, compare=False)
    label: str = field(default="", compare=False)

    @property
    def key(self) -> str:
        """Equal for equal expressions."""
        return f"/{self.source}/"

    def __str__(self) -> str:
        return f"/{self.source}/"


@dataclass(frozen=True)
class Meta:
    """A metadata field that has one of these values (folded)."""

    name: str
    values: tuple[str, ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        shown = [f'"{value}"' for value in self.values]
        return f"{self.name}:{shown[0]}" if len(shown) == 1 else f"{self.name}:({' OR '.join(shown)})"


@dataclass(frozen=True)
class Scoped:
    """Text looked for in one field only."""

    name: str
    node: "Node"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"{self.name}:{_grouped(self.node)}"


@dataclass(frozen=True)
class Near:
    """At most distance words between left and right; in this order if ordered."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool = False
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        operator = f"{'ONEAR' if self.ordered else 'NEAR'}/{self.distance}"
        return f"{_grouped(self.left)} {operator} {_grouped(self.right)}"


@dataclass(frozen=True)
class AtLeast:
    """At least count hits at different places."""

    count: int
    node: "Node"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"ATLEAST/{self.count}({self.node})"


@dataclass(frozen=True)
class Same:
    """A hit of each node in one sentence."""

    nodes: tuple["Node", ...]
    at: int = field(default=0, compare=False)

    @cached_property
    def distinct(self) -> tuple["Node", ...]:
        """Its operands, equal ones once."""
        return distinct(self.nodes)

    def __str__(self) -> str:
        return f"SAME/sentence({', '.join(map(str, self.nodes))})"


@dataclass(frozen=True)
class ListRef:
    """A shared list by its name; compile_rules puts what it stands for in its place."""

    name: str
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"@{self.name}"


@dataclass(frozen=True)
class And:
    nodes: tuple["Node", ...]
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return " AND ".join(map(_grouped_in_list, self.nodes))

    @cached_property
    def distinct(self) -> tuple["Node", ...]:
        """Its operands, equal ones once."""
        return distinct(self.nodes)


@dataclass(frozen=True)
class Or:
    nodes: tuple["Node", ...]
    at: int = field(default=0, compare=False)

    @cached_property
    def parts(self) -> tuple[list[tuple[str, Term]], list["Node"]]:
        """Its words, in whatever case, with their keys; and the others; equal ones once."""
        words = [(node.keys[0], node) for node in self.distinct if isinstance(node, Term) and node.is_word]
        return words, [node for node in self.distinct if not (isinstance(node, Term) and node.is_word)]

    @cached_property
    def distinct(self) -> tuple["Node", ...]:
        """Its alternatives, equal ones once."""
        return distinct(self.nodes)

    def __str__(self) -> str:
        return " OR ".join(map(_grouped_in_list, self.nodes))


@dataclass(frozen=True)
class Not:
    node: "Node"
    at: int = field(default=0, compare=False)

    def __str__(self) -> str:
        return f"NOT {_grouped(self.node)}"


Node = Term | Regex | Meta | Scoped | Near | AtLeast | Same | ListRef | And | Or | Not


def _grouped(node: Node) -> str:
    """As an operand of NOT, NEAR or a field."""
    return f"({node})" if isinstance(node, And | Or | Not | Near) else str(node)


def _grouped_in_list(node: Node) -> str:
    """As an operand of AND or OR."""
    return f"({node})" if isinstance(node, And | Or) else str(node)


def distinct(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Equal nodes once: `fire OR fire` eighty times took 15 s. Asked for where a text is searched, not in loading."""
    return nodes if len(nodes) < 2 else tuple(dict.fromkeys(nodes))


def children(node: Node) -> tuple[Node, ...]:
    if isinstance(node, And | Or | Same):
        return node.nodes
    if isinstance(node, Near):
        return (node.left, node.right)
    if isinstance(node, Not | AtLeast | Scoped):
        return (node.node,)
    return ()


def with_children(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with change(child) in place of each child; a leaf is itself."""
    if isinstance(node, And | Or | Same):
        return replace(node, nodes=tuple([change(child) for child in node.nodes]))
    if isinstance(node, Near):
        return replace(node, left=change(node.left), right=change(node.right))
    if isinstance(node, Not | AtLeast | Scoped):
        return replace(node, node=change(node.node))
    return node


def joined(kind: type[And] | type[Or], nodes: list[Node], at: int) -> Node:
    """AND or OR of nodes, flat: (a OR b) OR c is a OR b OR c; one node is itself."""
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, kind) else (node,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat), at)
