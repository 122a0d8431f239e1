"""A document as the engine sees it: each field's words by their positions, found once for all rules.

Positions count words from 0. Code point offsets are worked out only where something was found.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from functools import cached_property
from itertools import accumulate, chain
from typing import Literal, NamedTuple

from include.wirewatch.match.fold import APOSTROPHE, WORD, Folds, keep_case
from include.wirewatch.match.lemma import lemma
from include.wirewatch.match.nodes import Term, Word
from include.wirewatch.match.sentences import sentences

LEAD_WORDS = 60
FOLDS = Folds()
Range = tuple[int, int]  # first and last word of an occurrence


class Document(NamedTuple):
    """What rules are matched against. Fields that are not known are empty."""

    title: str
    body: str
    source: str = ""
    publisher: str = ""
    site: str = ""
    url: str = ""
    lang: str = ""
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Chunks(dict[str, tuple[str, ...]]):
    """The folded words of what stands between white space, remembered.

    No word reaches across white space, so a text is its chunks. With half of a corpus of 181 articles remembered, seven
    chunks in ten of the other half were known; once all are, ten rules cost a third less than with every word sought.
    """

    LIMIT = 100_000
    LONGEST = 40  # a paragraph of a script without spaces is one chunk, and will not come again

    def __missing__(self, chunk: str) -> tuple[str, ...]:
        forms = tuple([FOLDS[word] for word in WORD.findall(chunk)])
        if len(chunk) <= self.LONGEST:
            if len(self) >= self.LIMIT:
                self.clear()
            self[chunk] = forms
        return forms


CHUNKS = Chunks()


class Field:
    """One text field. Every answer is remembered: rules share their terms."""

    def __init__(self, name: Literal["title", "body"], text: str) -> None:
        self.name, self.text = name, text
        self._chunks = text.split()
        self._words = list(map(CHUNKS.__getitem__, self._chunks))
        self._edges: dict[int, list[Range]] = {}
        self._found: dict[str, list[int]] = {}
        self._found_sets: dict[str, frozenset[int]] = {}
        self._ranges: dict[str, list[Range]] = {}

    @cached_property
    def forms(self) -> set[str]:
        """Every folded word, and the parts of those with an apostrophe: l'ultimatum is also ultimatum."""
        forms = set(chain.from_iterable(self._words))
        return forms.union(*(_parts(form) for form in forms if "'" in form))

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """Where each of the forms stands. Most articles match nothing and never need it."""
        positions: defaultdict[str, list[int]] = defaultdict(list)
        for position, form in enumerate(chain.from_iterable(self._words)):
            positions[form].append(position)
        for form in [form for form in positions if "'" in form]:
            for part in _parts(form):
                positions[part] = sorted({*positions[part], *positions[form]})
        return dict(positions)

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def word(self, word: Word) -> list[int]:
        """Where the word stands, in order."""
        if word.is_plain:
            return self.positions.get(word.text, [])
        found = self._found.get(word.key)
        if found is None:
            found = self._found[word.key] = self._look_up(word)
        return found

    def word_set(self, word: Word) -> frozenset[int]:
        found = self._found_sets.get(word.key)
        if found is None:
            found = self._found_sets[word.key] = frozenset(self.word(word))
        return found

    def term(self, term: Term) -> list[Range]:
        """Where the term stands, by its first word."""
        found = self._ranges.get(term.key)
        if found is None:
            if len(term.words) == 1:
                found = [(position, position) for position in self.word(term.words[0])]
            else:
                found = self._with_slop(term) if term.slop else self._phrase(term.words)
            self._ranges[term.key] = found
        return found

    def offsets(self, term: Term, first: int, last: int) -> Range:
        """Code points [start, end) of an occurrence: of the part that matched, in l'ultimatum or Russia's."""
        start, end = self._span(first)
        part = _matching_part(self.text[start:end], term.words[0])
        if part is not None:
            start, end = start + part[0], start + part[1]
        if last != first:
            base, end = self._span(last)
            part = _matching_part(self.text[base:end], term.words[-1])
            end = end if part is None else base + part[1]
        return start, end

    @cached_property
    def sentences(self) -> list[Range]:
        """Code points of each sentence."""
        return sentences(self.text)

    def sentence_of(self, position: int) -> int:
        """The number of the sentence in which a word stands."""
        return max(bisect_right(self._sentence_starts, self._span(position)[0]) - 1, 0)

    def end_of_word(self, count: int) -> int:
        """The code point behind the count-th word, or the end."""
        return self._span(count - 1)[1] if 0 < count <= len(self) else len(self.text)

    def _span(self, position: int) -> Range:
        """Code points [start, end) of a word."""
        number = bisect_right(self._ends, position)
        chunk = self._edges.get(number)
        if chunk is None:
            start = self._starts[number]
            edges = [found.span() for found in WORD.finditer(self._chunks[number])]
            chunk = self._edges[number] = [(start + first, start + last) for first, last in edges]
        return chunk[position - self._ends[number]]  # from the chunk's end: -1 is its last word

    @cached_property
    def _starts(self) -> list[int]:
        """The code point at which each chunk begins. Between two there is white space, and none within."""
        starts, end = [], 0
        for chunk in self._chunks:
            start = self.text.index(chunk, end)
            starts.append(start)
            end = start + len(chunk)
        return starts

    @cached_property
    def _ends(self) -> list[int]:
        """How many words there are up to the end of each chunk."""
        return list(accumulate(map(len, self._words)))

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [start for start, _ in self.sentences]

    @cached_property
    def _sorted_forms(self) -> list[str]:
        return sorted(self.positions)

    def _look_up(self, word: Word) -> list[int]:
        forms = self._forms(word)
        if len(forms) == 1:
            found = self.positions[forms[0]]
        else:
            found = sorted({position for form in forms for position in self.positions[form]})
        if word.cased:
            found = [place for place in found if word.cased in _spellings(self.text[slice(*self._span(place))])]
        return found

    def _forms(self, word: Word) -> list[str]:
        if word.lemma_of:
            wanted = {lemma(word.text, lang) for lang in word.lemma_of} | {word.text}
            return [f for f in self.positions if f in wanted or any(lemma(f, lang) in wanted for lang in word.lemma_of)]
        if (pattern := word.pattern) is not None:
            return [form for form in self.positions if pattern.fullmatch(form)]
        if prefix := word.prefix:
            forms = self._sorted_forms
            at = bisect_left(forms, prefix)
            end = at
            while end < len(forms) and forms[end].startswith(prefix):
                end += 1
            return forms[at:end]
        return [word.text] if word.text in self.positions else []

    def _phrase(self, words: tuple[Word, ...]) -> list[Range]:
        places = []
        for word in words:
            places.append(self.word(word))
            if not places[-1]:
                return []
        rarest = min(range(len(words)), key=lambda index: len(places[index]))
        starts: list[int] = [position - rarest for position in places[rarest]]
        for index, word in enumerate(words):
            if index != rarest and starts:
                # most words stand in a few places; the set is for a word that is repeated without end
                known = places[index] if len(places[index]) < 10 else self.word_set(word)
                starts = [start for start in starts if start + index in known]
        return [(start, start + len(words) - 1) for start in starts]

    def _with_slop(self, term: Term) -> list[Range]:
        """For each first word the shortest way through the others, if it is short enough."""
        places = [self.word(word) for word in term.words]
        longest = len(term.words) + term.slop
        found = []
        for first in places[0]:
            last = first
            for later in places[1:]:
                index = bisect_left(later, last + 1)
                if index == len(later) or later[index] - first >= longest:
                    break
                last = later[index]
            else:
                found.append((first, last))
        return found


class Text:
    """A document's fields, ready to be searched."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.fields = (Field("title", document.title), Field("body", document.body))

        self.forms = self.fields[0].forms | self.fields[1].forms

    @cached_property
    def words(self) -> int:
        """How many words title and body have; 1 where there is none."""
        return max(sum(map(len, self.fields)), 1)

    def may_have(self, term: Term) -> bool:
        """False where a word of the term is missing: most terms of most rules end here, before any position."""
        return self.forms.issuperset(term.needs) and (
            not term.needs_beginnings or all(map(self._begins, term.needs_beginnings))
        )

    def _begins(self, prefix: str) -> bool:
        """Does a word begin so?"""
        forms = self._sorted_forms
        at = bisect_left(forms, prefix)
        return at < len(forms) and forms[at].startswith(prefix)

    @cached_property
    def _sorted_forms(self) -> list[str]:
        return sorted(self.forms)


def _parts(form: str) -> set[str]:
    """What stands between apostrophes, single letters aside."""
    return {part for part in form.split("'") if len(part) > 1}


def _spellings(raw: str) -> set[str]:
    whole = keep_case(raw)
    return {whole, *whole.split("'")}


def _matching_part(raw: str, word: Word) -> Range | None:
    """The part between apostrophes that the word means, or None for the whole."""
    form = FOLDS[raw]
    if form == word.text or not APOSTROPHE.search(raw) or _means(word, form):
        return None
    at = 0
    for part in APOSTROPHE.split(raw):
        if _means(word, FOLDS[part]):
            return at, at + len(part)
        at += len(part) + 1
    return None


def _means(word: Word, form: str) -> bool:
    """Does the word of a query mean this folded word of a text?"""
    if word.lemma_of:
        return any(lemma(form, lang) in {word.text, lemma(word.text, lang)} for lang in word.lemma_of)
    if (pattern := word.pattern) is not None:
        return pattern.fullmatch(form) is not None
    return form.startswith(word.prefix) if word.prefix else form == word.text
