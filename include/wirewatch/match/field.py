"""One text of a document: where in it words of queries stand, and at which code points.

Words are counted from 0. Code points are worked out only where something was found.
"""

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from operator import itemgetter
from typing import Literal

from include.wirewatch.match.fold import APOSTROPHE, WORD
from include.wirewatch.match.sentences import sentences
from include.wirewatch.match.vocabulary import Keys, Vocabulary
from include.wirewatch.remembered import Remembered

Range = tuple[int, int]
_EDGES = Remembered(
    lambda chunk: tuple([(*word.span(), APOSTROPHE.search(word[0]) is not None) for word in WORD.finditer(chunk)])
)


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

    @cached_property
    def words(self) -> list[tuple[Keys, ...]]:
        """By chunk, the keys of each word."""
        return list(map(itemgetter(1), self.found))

    def __len__(self) -> int:
        return self._counts[-1]

    def span(self, number: int) -> tuple[int, int, bool]:
        """Code points [start, end) of a word, and whether there is an apostrophe in it."""
        chunk = bisect_right(self._counts, number)
        start = self._lengths[chunk - 1] + chunk if chunk else 0
        # counted from the chunk's end: -1 is its last word
        first, last, parted = _EDGES[self.chunks[chunk]][number - self._counts[chunk]]
        return start + first, start + last, parted

    def end_of_word(self, count: int) -> int:
        """The code point behind the count-th word, or the end."""
        return self.span(count - 1)[1] if 0 < count <= len(self) else len(self.text)

    def sentence_of(self, number: int) -> int:
        """The number of the sentence in which a word stands."""
        return max(bisect_right(self._sentence_starts, self.span(number)[0]) - 1, 0)

    @cached_property
    def _counts(self) -> list[int]:
        """How many words there are up to the end of each chunk."""
        return list(accumulate(map(len, self.words)))

    @cached_property
    def _lengths(self) -> list[int]:
        """How many code points, spaces aside, there are up to the end of each chunk."""
        return list(accumulate(map(len, self.chunks)))

    @cached_property
    def _sentence_starts(self) -> list[int]:
        return [start for start, _ in sentences(self.text)]
