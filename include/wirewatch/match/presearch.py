"""Which rules can match at all: every rule names words of which one must occur, and only those rules are evaluated.

required() never asks for more than the query does, so no match is lost. A rule for which nothing can be required
(a regular expression alone) is always evaluated.
"""

from collections import defaultdict

from include.wirewatch.match.lemma import lemma
from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Or, Same, Scoped, Term, Word, children


def required(node: Node) -> frozenset[Word] | None:
    """Words of which at least one occurs in every text that satisfies node; None where there are no such words."""
    if isinstance(node, Term):
        return frozenset([min(node.words, key=_commonness)])
    if isinstance(node, Or):
        branches = [required(child) for child in node.nodes]
        known = [words for words in branches if words is not None]
        return frozenset().union(*known) if len(known) == len(branches) else None
    if isinstance(node, And | Near | Same):
        choices = [words for child in children(node) if (words := required(child)) is not None]
        return min(choices, key=lambda words: sum(map(_commonness, words)), default=None)
    if isinstance(node, AtLeast | Scoped):
        return required(node.node)
    return None  # NOT, metadata, regular expressions


def _commonness(word: Word) -> float:
    """A guess: short words are common, and so are prefixes. Only speed hangs on it."""
    letters = sum(char not in "*?" for char in word.text)
    return (1.0 if word.is_exact else 3.0) / letters**2


class Presearch:
    """Rules by number, found by the words of a text."""

    LIMIT = 500_000  # remembered words

    def __init__(self, trees: list[Node]) -> None:
        self.always: list[int] = []
        self._exact: defaultdict[str, list[int]] = defaultdict(list)
        self._prefixes: defaultdict[str, list[int]] = defaultdict(list)
        self._patterns: defaultdict[Word, list[int]] = defaultdict(list)
        self._lemmas: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
        self._known: dict[str, tuple[int, ...]] = {}
        for number, tree in enumerate(trees):
            words = required(tree)
            if words is None:
                self.always.append(number)
            for word in words or ():
                self._add(word, number)
        self._prefix_lengths = sorted({len(prefix) for prefix in self._prefixes})
        self._lemma_languages = sorted({lang for lang, _ in self._lemmas})

    def candidates(self, forms: set[str]) -> list[int]:
        """The rules that a text with these folded words may satisfy, in order."""
        found = set(self.always)
        known = self._known
        if len(known) > self.LIMIT:
            known.clear()
        for form in forms:
            rules = known.get(form)
            if rules is None:
                rules = known[form] = self._rules_of(form)
            if rules:
                found.update(rules)
        return sorted(found)

    def _add(self, word: Word, number: int) -> None:
        if word.lemma_of:
            self._exact[word.text].append(number)
            for lang in word.lemma_of:
                self._lemmas[lang, lemma(word.text, lang)].append(number)
                self._lemmas[lang, word.text].append(number)
        elif word.pattern is not None:
            self._patterns[word].append(number)
        elif word.prefix:
            self._prefixes[word.prefix].append(number)
        else:
            self._exact[word.text].append(number)

    def _rules_of(self, form: str) -> tuple[int, ...]:
        rules = set(self._exact.get(form, ()))
        for length in self._prefix_lengths:
            rules.update(self._prefixes.get(form[:length], ()))
        for word, numbers in self._patterns.items():
            if word.pattern is not None and word.pattern.fullmatch(form):
                rules.update(numbers)
        for lang in self._lemma_languages:
            rules.update(self._lemmas.get((lang, lemma(form, lang)), ()))
        return tuple(rules)
