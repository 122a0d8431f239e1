"""The words that a set of queries asks for, and which of them the words of a text are.

Wildcards and inflections are looked up here, once for each different word of all texts. From here on a word of a query
is a key, and matching compares keys.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from string import punctuation

from include.wirewatch.match.fold import WORD
from include.wirewatch.match.forms import FOLDS, parts_of
from include.wirewatch.match.lemma import lemmas
from include.wirewatch.match.nodes import Node, Term, Word, children
from include.wirewatch.remembered import Remembered

Keys = tuple[str, ...]
Chunk = tuple[tuple[int, ...], tuple[Keys, ...]]
ONE_OTHER_WORD: Chunk = ((), ((),))  # this very object, for nearly all chunks: see field.py


class Vocabulary:
    """words: every word of the queries. rules: numbers of the rules that a text with such a word may satisfy, by key.

    in_chunk: what stands between two spaces → the rules that it calls for, and for each of its words in order the keys
    of the words of the queries that it is: none for most. It is remembered, for texts repeat their chunks: with half of
    a corpus of 181 articles remembered, seven chunks in ten of the other half were known.
    """

    def __init__(self, words: Iterable[Word], rules: Mapping[str, Sequence[int]]) -> None:
        self._rules = rules
        self._exact: set[str] = set()
        self._prefixes: set[str] = set()
        self._patterns = Patterns()
        self._lemmas: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for word in words:
            self._add(word)
        self._prefix_lengths = sorted({len(prefix) for prefix in self._prefixes})
        self._languages = sorted({lang for lang, _ in self._lemmas})
        self._of_form = Remembered(self._keys)
        self.in_chunk = Remembered(self._chunk)

    def _add(self, word: Word) -> None:
        if word.lemma_of:
            for lang in word.lemma_of:
                for lemma in lemmas(word.text, lang):
                    self._lemmas[lang, lemma].add(word.key)
        elif word.pattern is not None:
            self._patterns.add(word.text, word.key, word.pattern)
        elif word.prefix:
            self._prefixes.add(word.prefix)
        else:
            self._exact.add(word.text)

    def _chunk(self, chunk: str) -> Chunk:
        words: tuple[Keys, ...]
        bare = chunk.strip(punctuation)
        if bare.isascii() and bare.isalnum():  # as most are: one word, and perhaps a comma
            keys = self._of_form[bare.lower()]
            if not keys:
                return ONE_OTHER_WORD
            words = (keys,)
        else:
            found = WORD.findall(chunk)
            words = tuple(
                [self._of_form[word.lower() if word.isalpha() and word.isascii() else FOLDS[word]] for word in found]
            )
        if words == ((),):
            return ONE_OTHER_WORD
        return tuple({number for keys in words for key in keys for number in self._rules.get(key, ())}), words

    def _keys(self, form: str) -> Keys:
        """The keys of a folded word, and of its parts where it has an apostrophe: l'ultimatum is also ultimatum."""
        if "'" not in form:
            return tuple(self.keys_of(form))
        return tuple({key for part in parts_of(form) for key in self.keys_of(part)})

    def keys_of(self, form: str) -> list[str]:
        """The keys of the words of the queries that mean this folded word, its parts aside."""
        keys = [form] if form in self._exact else []
        for length in self._prefix_lengths:
            if form[:length] in self._prefixes and len(form) >= length:
                keys.append(f"{form[:length]}*")
        keys += self._patterns.keys_of(form)
        if self._lemmas:
            forms = ((lang, lemma) for lang in self._languages for lemma in lemmas(form, lang))
            keys += set().union(*(self._lemmas.get(found, ()) for found in forms))
        return keys


class Patterns:
    """Words with ?, by what stands before it: 400 of them, tried on 20,000 different words, took 3 s."""

    def __init__(self) -> None:
        self._by_beginning: defaultdict[str, dict[str, re.Pattern[str]]] = defaultdict(dict)
        self._lengths: list[int] = []
        self._any: dict[str, re.Pattern[str]] = {}

    def add(self, text: str, key: str, pattern: re.Pattern[str]) -> None:
        beginning = text[: text.index("?")]
        self._by_beginning[beginning][key] = pattern
        self._lengths = sorted({*self._lengths, len(beginning)})

    def keys_of(self, form: str) -> list[str]:
        """The keys of those that mean this folded word."""
        keys = []
        for length in self._lengths:
            beginning = form[:length]
            patterns = self._by_beginning.get(beginning)
            if patterns and self._one_of(beginning).fullmatch(form):
                keys += [key for key, pattern in patterns.items() if pattern.fullmatch(form)]
        return keys

    def _one_of(self, beginning: str) -> re.Pattern[str]:
        """All patterns with this beginning as one: nearly all words are none of them."""
        found = self._any.get(beginning)
        if found is None:
            every = (pattern.pattern for pattern in self._by_beginning[beginning].values())
            found = self._any[beginning] = re.compile("|".join(every), re.DOTALL)
        return found


def words_of(trees: Iterable[Node]) -> list[Word]:
    """Every word that the queries ask for."""
    words: list[Word] = []
    stack = list(trees)
    while stack:
        node = stack.pop()
        if isinstance(node, Term):
            words += node.words
        else:
            stack += children(node)
    return words
