"""Which rules can match at all: every rule names words of which one must occur, and only those rules are evaluated.

required() never asks for more than the query does, so no match is lost. A rule for which nothing can be required
(a regular expression alone) is always evaluated.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from operator import itemgetter

from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Or, Same, Scoped, Term, Word, children
from include.wirewatch.match.text import Text
from include.wirewatch.match.vocabulary import Vocabulary, words_of

_ALL_OF = (And, Near, Same)
_INSIDE = (AtLeast, Scoped)


def required(node: Node) -> tuple[Word, ...] | None:
    """Words of which at least one occurs in every text that satisfies node; None where there are no such words."""
    if isinstance(node, Term):
        return node.words if len(node.words) == 1 else (min(node.words, key=_commonness),)
    if isinstance(node, Or):
        either: list[Word] = []
        for child in node.nodes:
            if (words := required(child)) is None:
                return None
            either += words
        return tuple(either)
    if isinstance(node, _ALL_OF):
        choices = [words for child in children(node) if (words := required(child)) is not None]
        return min(choices, key=lambda words: sum(map(_commonness, words)), default=None)
    if isinstance(node, _INSIDE):
        return required(node.node)
    return None  # NOT, metadata, regular expressions


def _commonness(word: Word) -> float:
    """A guess: short words are common, and so are prefixes. Only speed hangs on it."""
    if word.is_exact:
        return 1.0 / len(word.text) ** 2
    letters = len(word.text) - word.text.count("*") - word.text.count("?")
    return 3.0 / letters**2


class Presearch:
    """Rules by number, found by the words of a text."""

    def __init__(self, trees: Sequence[Node]) -> None:
        self.always: list[int] = []
        self._rules = rules = defaultdict[str, list[int]](list)
        for number, tree in enumerate(trees):
            words = required(tree)
            if words is None:
                self.always.append(number)
            for word in words or ():
                rules[word.key].append(number)
        self.vocabulary = Vocabulary(words_of(trees), rules)

    def candidates(self, text: Text) -> list[int]:
        """The rules that a text may satisfy, in order."""
        found = map(itemgetter(0), chain(text.title.found, text.body.found))
        return sorted(set(self.always).union(*found))

    def called_for(self, keys: Iterable[str]) -> list[int]:
        """The same of a text that is known to have words with these keys and with no others."""
        return sorted({*self.always, *(number for key in keys for number in self._rules.get(key, ()))})
