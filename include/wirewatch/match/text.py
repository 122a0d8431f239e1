"""A document as the engine sees it: where the words of the queries stand in it, found once for all rules.

A place is one number: words are counted from 0 in the title, and from Text.body_at in the body. That is so far behind
that no phrase and no distance reaches from the one into the other.
"""

from collections import defaultdict
from functools import cached_property
from typing import NamedTuple

from include.wirewatch.match.field import Field, Range
from include.wirewatch.match.fold import APOSTROPHE, keep_case
from include.wirewatch.match.forms import FOLDS
from include.wirewatch.match.lemma import lemmas
from include.wirewatch.match.lexer import MAX_DISTANCE, MAX_QUERY
from include.wirewatch.match.nodes import Regex, Term, Word
from include.wirewatch.match.vocabulary import Vocabulary

LEAD_WORDS = 60
APART = MAX_QUERY + MAX_DISTANCE + 1  # words from title to body: no phrase is longer than a query and its ~n
ENDLESS = 1 << 60

# An occurrence of a leaf: the places of its first and last word. Of a regex: its code points [start, end), counted as
# places are. A plain tuple, for there are hundreds in an article.
Span = tuple[int, int, Term | Regex]


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


class Text:
    """A document, ready for the queries of a vocabulary. Nothing is looked for before a rule asks."""

    def __init__(self, document: Document, vocabulary: Vocabulary) -> None:
        self.document = document
        self.title = Field("title", document.title, vocabulary)
        self.body = Field("body", document.body, vocabulary)
        self.body_at = len(document.title) + APART
        self._cased: dict[str, list[int]] = {}
        self._sets: dict[str, frozenset[int]] = {}
        self._ranges: dict[str, list[Range]] = {}
        self._sentences: dict[int, tuple[str, int]] = {}

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """The places of each word of the queries, by its key, in order."""
        positions: defaultdict[str, list[int]] = defaultdict(list)
        for first, field in ((0, self.title), (self.body_at, self.body)):
            for number, keys in field.asked:
                for key in keys:
                    positions[key].append(first + number)
        return dict(positions)

    @cached_property
    def size(self) -> int:
        """How many words title and body have; 1 where there is none."""
        return max(len(self.title) + len(self.body), 1)

    @cached_property
    def bounds(self) -> dict[str, Range]:
        """The first place of each part of a document, and the one behind its last."""
        lead = (self.body_at, self.body_at + LEAD_WORDS)
        return {"": (0, ENDLESS), "title": (0, self.body_at), "lead": lead, "body": (self.body_at, ENDLESS)}

    def field_of(self, place: int) -> tuple[Field, int]:
        """The field in which a place lies, and the place counted from the field's beginning."""
        return (self.title, place) if place < self.body_at else (self.body, place - self.body_at)

    def word(self, word: Word) -> list[int]:
        """Where the word stands, in order."""
        found = self.positions.get(word.key, [])
        return self._in_case(word, found) if word.cased else found

    def term(self, term: Term) -> list[Range]:
        """First and last place of each occurrence, by its first word."""
        found = self._ranges.get(term.key)
        if found is None:
            if len(term.words) == 1:
                found = [(place, place) for place in self.word(term.words[0])]
            else:
                found = self._with_slop(term) if term.slop else self._phrase(term.words)
            self._ranges[term.key] = found
        return found

    def offsets(self, span: Span) -> Range:
        """Code points [start, end) of a span, counted as places are: from 0 in the title and from body_at in the body.

        Where a word has an apostrophe, of the part that matched, in l'ultimatum or Russia's.
        """
        first, last, term = span
        if isinstance(term, Regex):
            return first, last
        field, at = (self.body, self.body_at) if first >= self.body_at else (self.title, 0)
        start, end, parted = field.span(first - at)
        if parted and (part := _matching_part(field.text[start:end], term.words[0])):
            start, end = start + part[0], start + part[1]
        if last != first:
            base, end, parted = field.span(last - at)
            if parted and (part := _matching_part(field.text[base:end], term.words[-1])):
                end = base + part[1]
        return at + start, at + end

    def sentence_of(self, place: int) -> tuple[str, int]:
        """The sentence in which a word stands: its field, and its number there. Remembered."""
        found = self._sentences.get(place)
        if found is None:
            field, number = self.field_of(place)
            found = self._sentences[place] = (field.name, field.sentence_of(number))
        return found

    def _in_case(self, word: Word, places: list[int]) -> list[int]:
        """Those places at which the word is written like this, remembered."""
        found = self._cased.get(word.cased)
        if found is None:
            found = [place for place in places if word.cased in self._spellings(place)]
            self._cased[word.cased] = found
        return found

    def _spellings(self, place: int) -> set[str]:
        """A word and its parts as they are written."""
        field, number = self.field_of(place)
        start, end, _ = field.span(number)
        whole = keep_case(field.text[start:end])
        return {whole, *whole.split("'")}

    def _phrase(self, words: tuple[Word, ...]) -> list[Range]:
        places = []
        for word in words:
            places.append(self.word(word))
            if not places[-1]:
                return []
        rarest = places.index(min(places, key=len))
        starts: list[int] = [place - rarest for place in places[rarest]]
        for index, word in enumerate(words):
            if index != rarest and starts:
                # most words stand in a few places; the set is for a word that is repeated without end
                known = places[index] if len(places[index]) < 10 else self._word_set(word)
                starts = [start for start in starts if start + index in known]
        return [(start, start + len(words) - 1) for start in starts]

    def _word_set(self, word: Word) -> frozenset[int]:
        found = self._sets.get(word.full_key)
        if found is None:
            found = self._sets[word.full_key] = frozenset(self.word(word))
        return found

    def _with_slop(self, term: Term) -> list[Range]:
        """For each first word the shortest way through the others, if it is short enough.

        From the last word back: where the nearest way from each place of a word ends, with one look at every place.
        """
        *before, later = [self.word(word) for word in term.words]
        longest = len(term.words) + term.slop
        ends = later
        for earlier in reversed(before):
            at, reached = 0, []
            for place in earlier:
                while at < len(ends) and later[at] <= place:
                    at += 1
                if at == len(ends):
                    break
                reached.append(ends[at])
            later, ends = earlier, reached
        return [(first, last) for first, last in zip(later, ends, strict=False) if last - first < longest]


def _matching_part(raw: str, word: Word) -> Range | None:
    """The part between apostrophes that the word means, or None for the whole."""
    form = FOLDS[raw]
    if _means(word, form):
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
        return any(lemmas(form, lang) & lemmas(word.text, lang) for lang in word.lemma_of)
    if (pattern := word.pattern) is not None:
        return pattern.fullmatch(form) is not None
    return form.startswith(word.prefix) if word.prefix else form == word.text
