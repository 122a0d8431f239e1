"""rules.yaml into trees that can be evaluated: queries parsed, lists put in their place, `exclude` and `lemma` applied.

Every mistake of the file is reported, each with its path in the file and its place in the text.
"""

import re
from dataclasses import replace
from typing import NamedTuple

from include.wirewatch.config.rules import Rule, RulesFile
from include.wirewatch.config.yaml_file import Path
from include.wirewatch.match.languages import doubt_about
from include.wirewatch.match.lemma import LANGUAGES, is_known
from include.wirewatch.match.nodes import (
    And,
    ListRef,
    Node,
    Not,
    Or,
    QueryError,
    Term,
    Word,
    children,
    joined,
    with_children,
)
from include.wirewatch.match.parse import check_shape, parse, parse_part, warnings_of, without_positive
from include.wirewatch.match.presearch import required

_OPERATOR = re.compile(r"(?<!\S)(AND|OR|NOT|O?NEAR(/\d+)?)(?!\S)")
MAX_TERMS = 20_000  # of one rule, its lists included
MAX_NESTED = 30  # lists that name one another
MAX_TREE_DEPTH = 150  # clauses inside one another, lists included: trees are walked by recursion
_TOO_DEEP = f"nested too deep: at most {MAX_NESTED} lists, or {MAX_TREE_DEPTH} clauses, inside one another"


class Problem(NamedTuple):
    """Something about a text of rules.yaml: where, and at which code point of it (None: the whole)."""

    path: Path
    offset: int | None
    message: str


class RuleErrors(ValueError):
    """Queries that are not in the language; problems has one entry each."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{'.'.join(map(str, path))}: {message}" for path, _, message in problems))


class CompiledRule(NamedTuple):
    rule: Rule
    tree: Node


def compile_all(file: RulesFile) -> list[CompiledRule]:
    """The enabled rules of a file. Raises RuleErrors with every mistake, those of disabled rules too."""
    lists = Lists(file)
    problems = lists.check()
    compiled = []
    for index, rule in enumerate(file.rules):
        path: Path = ("rules", index)
        try:
            tree = lists.tree_of(rule.query)
        except QueryError as error:
            problems.append(Problem((*path, "query"), error.offset, f"rule {rule.name!r}: {error}"))
            continue
        try:
            if rule.exclude:
                tree = joined(And, [tree, Not(lists.resolve(ListRef(rule.exclude[1:]), ()))], 0)
        except QueryError as error:
            problems.append(Problem((*path, "exclude"), None, f"rule {rule.name!r}: {error.message}"))
            continue
        if rule.lemma:
            unknown = [lang for lang in rule.languages if not is_known(lang)]
            if unknown:
                problems.append(
                    Problem((*path, "languages"), None, f"rule {rule.name!r}: no dictionary of {', '.join(unknown)}")
                )
                continue
            tree = _with_lemmas(tree, rule.languages or LANGUAGES)
        if rule.enabled:
            compiled.append(CompiledRule(rule, tree))
    if problems:
        raise RuleErrors(problems)
    return compiled


def warnings(file: RulesFile) -> list[Problem]:
    """What a file that compiles allows and perhaps does not mean."""
    found = []
    lists = Lists(file)
    for index, rule in enumerate(file.rules):
        path: Path = ("rules", index, "query")
        tree = parse(rule.query)
        found += [Problem(path, at, f"rule {rule.name!r}: {message}") for at, message in warnings_of(rule.query, tree)]
        if required(lists.tree_of(rule.query)) is None:
            slow = f"rule {rule.name!r}: a regular expression alone is tried on every article; add AND with a word"
            found.append(Problem(path, None, slow))
        for number, code in enumerate(rule.languages):
            if doubt := doubt_about(code):
                found.append(Problem(("rules", index, "languages", number), None, f"rule {rule.name!r}: {doubt}"))
    for name, texts in file.lists.items():
        for number, text in enumerate([texts] if isinstance(texts, str) else texts):
            where: Path = ("lists", name) if isinstance(texts, str) else ("lists", name, number)
            tree = parse_part(text) if isinstance(texts, str) else list_term(text)
            found += [Problem(where, at, f"list {name!r}: {message}") for at, message in warnings_of(text, tree)]
    return found


class Lists:
    """The shared lists of a file. A list of texts is an OR of terms; one text is a sub-query."""

    def __init__(self, file: RulesFile) -> None:
        self._texts = file.lists
        self._resolved: dict[str, tuple[Node, int]] = {}  # and how many lists are inside one another there
        self._nested = 0  # the most in the list that is being resolved

    def check(self) -> list[Problem]:
        """What is wrong in the lists themselves."""
        problems = []
        for name, texts in self._texts.items():
            for index, text in enumerate([texts] if isinstance(texts, str) else texts):
                try:
                    parse_part(text) if isinstance(texts, str) else list_term(text)
                except QueryError as error:
                    where: Path = ("lists", name) if isinstance(texts, str) else ("lists", name, index)
                    problems.append(Problem(where, error.offset, f"list {name!r}: {error}"))
        if not problems:
            for name in self._texts:
                try:
                    self.resolve(ListRef(name), ())
                except QueryError as error:
                    problems.append(Problem(("lists", name), None, f"list {name!r}: {error.message}"))
        return problems

    def tree_of(self, query: str) -> Node:
        """The tree of a query with what its lists stand for. Raises QueryError."""
        tree = parse(query)
        if "@" not in query and len(query) <= MAX_TERMS:
            return tree  # nothing to put in, and no more terms than characters
        tree = self.resolve(tree, ())
        check_tree(tree)
        if (missing := without_positive(tree)) is not None:
            raise QueryError(missing.at, "no positive term, once its lists are read")
        return tree

    def resolve(self, node: Node, inside: tuple[str, ...], depth: int = 0) -> Node:
        """node with what its lists stand for. Raises QueryError at the name of a list that cannot be."""
        below = depth + 1
        match node:
            case ListRef(name, at):
                return self._list(name, at, inside, depth)
            case And(nodes, at) | Or(nodes, at):
                return joined(type(node), [self.resolve(child, inside, below) for child in nodes], at)
            case _:
                return with_children(node, lambda child: self.resolve(child, inside, below))

    def _list(self, name: str, at: int, inside: tuple[str, ...], depth: int) -> Node:
        if name in inside:
            raise QueryError(at, f"lists in a circle: {' → '.join(f'@{item}' for item in (*inside, name))}")
        if name not in self._texts:
            known = ", ".join(f"@{item}" for item in self._texts) or "none is defined"
            raise QueryError(at, f"unknown list @{name}", f"known: {known}")
        if len(inside) >= MAX_NESTED or depth > MAX_TREE_DEPTH:
            raise QueryError(at, _TOO_DEEP)
        if name not in self._resolved:
            outer, self._nested = self._nested, 0
            try:
                tree = self._resolve_text(self._texts[name], (*inside, name), depth)
            except QueryError as error:
                raise QueryError(at, error.message, error.hint) from None  # its own offset is one of the list's text
            finally:
                nested, self._nested = self._nested + 1, outer
            self._resolved[name] = (tree, nested)
        tree, nested = self._resolved[name]
        if nested > MAX_NESTED:  # whichever list was asked for first
            raise QueryError(at, _TOO_DEEP)
        self._nested = max(self._nested, nested)
        return _standing_at(tree, at)

    def _resolve_text(self, texts: str | tuple[str, ...], inside: tuple[str, ...], depth: int) -> Node:
        tree = parse_part(texts) if isinstance(texts, str) else joined(Or, [list_term(text) for text in texts], 0)
        tree = self.resolve(tree, inside, depth)
        check_tree(tree)
        return tree


def list_term(text: str) -> Node:
    """An entry of a list: a term or a phrase; several words are a phrase, quotes or not. Raises QueryError."""
    bare = text.strip()
    if bare[:1] in ('"', "{", "/", "@") or " " not in bare:
        return parse_part(text)
    for operator in _OPERATOR.finditer(text):
        raise QueryError(
            operator.start(), f"{operator[0]} in a list of terms", "write a sub-query as one text, not a list"
        )
    try:
        node = parse_part(f'"{text}"')
    except QueryError as error:
        raise QueryError(max(error.offset - 1, 0), error.message, error.hint) from None
    return replace(node, label=bare) if isinstance(node, Term) else node


def text_of(file: RulesFile, path: Path) -> str:
    """The query, or the text of a list, at the path of a Problem that has an offset."""
    kind, name, *rest = path
    if kind == "rules":
        return file.rules[int(name)].query
    texts = file.lists[str(name)]
    return texts if isinstance(texts, str) else texts[int(rest[0])]


def check_tree(tree: Node) -> None:
    """What can be wrong only once the lists are in their places. Raises QueryError."""
    stack, terms = [(tree, 0)], 0
    while stack:
        node, depth = stack.pop()
        terms += 1
        if terms > MAX_TERMS:
            raise QueryError(0, f"more than {MAX_TERMS} terms, lists included")
        if depth > MAX_TREE_DEPTH:
            raise QueryError(0, _TOO_DEEP)
        stack += [(child, depth + 1) for child in children(node)]
    check_shape(tree)


def _with_lemmas(node: Node, languages: tuple[str, ...]) -> Node:
    """Every plain word of the tree in all its inflections; wildcards and exact case stay as they are."""
    if isinstance(node, Term):
        return replace(node, words=tuple(_lemma_word(word, languages) for word in node.words))
    return with_children(node, lambda child: _with_lemmas(child, languages))


def _standing_at(node: Node, at: int) -> Node:
    """The clauses of a list, for messages, at the place where the list is named. Of its terms nothing is said."""
    return (
        node if isinstance(node, Term) else replace(with_children(node, lambda child: _standing_at(child, at)), at=at)
    )


def _lemma_word(word: Word, languages: tuple[str, ...]) -> Word:
    return Word(word.text, lemma_of=languages) if word.is_plain else word
