"""Wildcards that stand for so many different words of real articles that nobody can have meant them all."""

from collections.abc import Iterable, Iterator

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import Path
from include.wirewatch.match.compile import Problem, list_term
from include.wirewatch.match.fold import WORD
from include.wirewatch.match.forms import FOLDS, parts_of
from include.wirewatch.match.nodes import Node, Term, Word, children
from include.wirewatch.match.parse import parse, parse_part
from include.wirewatch.match.vocabulary import Vocabulary
from include.wirewatch.remembered import Remembered

MOST = 1_000  # different words


def wide_wildcards(file: RulesFile, texts: Iterable[str]) -> list[Problem]:
    """A warning for each word with * or ? that is MOST or more different words of the texts, at its place.

    The file is one that compiles. The texts are read once, and not at all where it has no wildcard; of what they say,
    no more than MOST words for each wildcard are kept.
    """
    wildcards = list(_wildcards(file))
    vocabulary = Vocabulary([word for *_, word in wildcards], {})
    found: dict[str, set[str]] = {word.key: set() for *_, word in wildcards}

    def count(form: str) -> None:
        for part in parts_of(form):
            for key in vocabulary.keys_of(part):
                if len(found[key]) < MOST:
                    found[key].add(part)

    counted = Remembered(count)
    for text in texts if wildcards else ():
        for word in set(WORD.findall(text)):
            _ = counted[FOLDS[word]]
    return [
        Problem(path, at, f"{whose}: {_message(word, found[word.key])}")
        for path, whose, at, word in wildcards
        if len(found[word.key]) >= MOST
    ]


def _message(word: Word, words: set[str]) -> str:
    first, second, third, *_ = sorted(words, key=lambda form: (len(form), form))
    return (
        f"{word.text} stands for {MOST:,} or more different words of the archive, "
        f"such as {first}, {second} and {third}; write more of the word"
    )


def _wildcards(file: RulesFile) -> Iterator[tuple[Path, str, int, Word]]:
    """Every word with a wildcard, once for each text that has it: where, whose, at which offset."""
    for path, whose, tree in _trees(file):
        seen: set[str] = set()
        stack = [tree]
        while stack:
            node = stack.pop()
            stack += reversed(children(node))
            for word in node.words if isinstance(node, Term) else ():
                if not word.is_exact and word.key not in seen:
                    seen.add(word.key)
                    yield path, whose, node.at, word


def _trees(file: RulesFile) -> Iterator[tuple[Path, str, Node]]:
    """The query of each rule, and the texts of each list: a list is warned of where it is written."""
    for index, rule in enumerate(file.rules):
        yield ("rules", index, "query"), f"rule {rule.name!r}", parse(rule.query)
    for name, texts in file.lists.items():
        if isinstance(texts, str):
            yield ("lists", name), f"list {name!r}", parse_part(texts)
        else:
            for index, text in enumerate(texts):
                yield ("lists", name, index), f"list {name!r}", list_term(text)
