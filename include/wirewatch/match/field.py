"""One text of a document: where in it words of queries stand, and at which code points.

Words are counted from 0. Code points are worked out only where something was found.
"""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate, compress, count, repeat
from operator import add, is_not, itemgetter, sub
from typing import Literal, NamedTuple

from include.wirewatch.match.fold import APOSTROPHE, WORD
from include.wirewatch.match.sentences import sentences
from include.wirewatch.match.vocabulary import ONE_OTHER_WORD, Keys, Vocabulary
from include.wirewatch.remembered import Remembered

Range = tuple[int, int]
_EDGES = Remembered(
    lambda chunk: tuple([(*word.span(), APOSTROPHE.search(word[0]) is not None) for word in WORD.finditer(chunk)])
)


class _Marked(NamedTuple):
    """The chunks that are not just a word that no query asks for, which most are; so words are numbered by these alone.

    first: the number of the first word behind each one's beginning. more: by how much there are more words than chunks,
    before the first of them and up to the end of each. asked: number and keys of the words that queries ask for.
    """

    chunks: list[int]
    first: list[int]
    more: list[int]
    asked: list[tuple[int, Keys]]


class Field:
    """The words of one text."""

    def __init__(self, name: Literal["title", "body"], text: str, vocabulary: Vocabulary) -> None:
        self.name, self.text = name, text
        # At each single space and line break, not at all white space: so a chunk's place follows from the lengths of
        # those before it. No word reaches across white space. A chunk over a line break would be two words that hardly
        # any other text has together, to be looked up anew: with 25 paragraphs a text, that took a third of matching.
        self.chunks = text.replace("\n", " ").split(" ")
        # A call into C while the chunks are known: every article pays for this line, and most for little else.
        self.found = list(map(vocabulary.in_chunk.__getitem__, self.chunks))

    def __len__(self) -> int:
        return len(self.chunks) + self._marked.more[-1]

    @property
    def asked(self) -> list[tuple[int, Keys]]:
        """The words that queries ask for: number and keys of each, in order."""
        return self._marked.asked

    def span(self, number: int) -> tuple[int, int, bool]:
        """Code points [start, end) of a word, and whether there is an apostrophe in it."""
        marked = self._marked
        at = bisect_right(marked.first, number) - 1
        chunk, of_chunk = number - marked.more[at + 1], 0
        if at >= 0 and chunk <= marked.chunks[at]:
            chunk, of_chunk = marked.chunks[at], number - marked.first[at]
        start = self._lengths[chunk - 1] + chunk if chunk else 0
        first, last, parted = _EDGES[self.chunks[chunk]][of_chunk]
        return start + first, start + last, parted

    def end_of_word(self, count: int) -> int:
        """The code point behind the count-th word, or the end."""
        return self.span(count - 1)[1] if 0 < count <= len(self) else len(self.text)

    def sentence_of(self, number: int) -> int:
        """The number of the sentence in which a word stands."""
        return max(bisect_right(self._sentence_starts, self.span(number)[0]) - 1, 0)

    @cached_property
    def _marked(self) -> "_Marked":
        # In C as far as it goes: one chunk in twenty is marked, and one in two hundred is asked for.
        marks = list(map(is_not, self.found, repeat(ONE_OTHER_WORD)))
        chunks = list(compress(count(), marks))
        words = list(map(itemgetter(1), compress(self.found, marks)))
        more = list(accumulate(map(sub, map(len, words), repeat(1)), initial=0))
        first = list(map(add, chunks, more))
        some = compress(zip(first, words, strict=True), map(any, words))
        asked = [(number + at, keys) for number, each in some for at, keys in enumerate(each) if keys]
        return _Marked(chunks, first, more, asked)

    @cached_property
    def _lengths(self) -> list[int]:
        """How many code points, spaces aside, there are up to the end of each chunk."""
        return list(accumulate(map(len, self.chunks)))

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [start for start, _ in sentences(self.text)]
