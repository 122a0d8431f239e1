"""The sentences of an article that show best why it matched."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from heapq import heapify, heappop, heapreplace
from itertools import islice

from include.wirewatch.match.sentences import sentences
from include.wirewatch.match.text import Document
from include.wirewatch.models import Excerpt, Hit, RuleMatch

MAX_EXCERPT = 300  # code points
Sentence = tuple[int, int, list[Hit]]  # code points [start, end), and what was found in it
_MARGIN = 100  # kept before the first hit of a sentence that is cut


def excerpts(document: Document, matches: Iterable[RuleMatch], limit: int | None = 3) -> tuple[Excerpt, ...]:
    """At most limit sentences: of the body before the title, those with new terms first, then in text order.

    None: every hit, in text order; a sentence that is cut comes in as many pieces as have hits.
    """
    hits = [hit for match in matches for hit in match.hits]
    found: list[Excerpt] = []
    seen: set[str] = set()
    for field, text in (("body", document.body), ("title", document.title)):
        own = [hit for hit in hits if hit.field == field]
        sentences_with_hits = _by_sentence(text, own) if own else []
        if limit is None:
            found += [piece for sentence in sentences_with_hits for piece in _pieces(text, *sentence)]
        elif len(found) < limit:
            best = islice(_newest_first(sentences_with_hits, seen), limit - len(found))
            found += [next(_pieces(text, *sentence)) for sentence in best]
    return tuple(found)


def _newest_first(waiting: list[Sentence], seen: set[str]) -> Iterator[Sentence]:
    """The sentence with most terms that are not in seen, again and again; seen grows.

    What is new in a sentence only becomes less. So the first of the heap is the best as soon as it is still as good as
    it was: a text of 8,000 sentences with a hit is not looked through 8,000 times.
    """
    terms = [{hit.term for hit in hits} for _, _, hits in waiting]
    heap = [(-len(new - seen), number) for number, new in enumerate(terms)]
    heapify(heap)
    while heap:
        was, number = heap[0]
        now = -len(terms[number] - seen)
        if now != was:
            heapreplace(heap, (now, number))
            continue
        heappop(heap)
        seen |= terms[number]
        yield waiting[number]


def _by_sentence(text: str, hits: list[Hit]) -> list[Sentence]:
    """Each sentence in which a hit begins, or before which, with its hits: a regex may find white space."""
    hits = sorted(hits, key=lambda hit: hit.start)
    found: list[Sentence] = []
    index = 0
    for start, end in sentences(text):
        own = []
        while index < len(hits) and hits[index].start < end:
            own.append(hits[index])
            index += 1
        if own:
            found.append((min(start, own[0].start), end, own))
    if behind := hits[index:]:
        found.append((behind[0].start, behind[-1].end, behind))
    return found


def _pieces(text: str, start: int, end: int, hits: list[Hit]) -> Iterator[Excerpt]:
    """The sentence; where it is too long, cut around its first hits, then around the first that are left, and so on."""
    at, low = 0, start
    while at < len(hits):
        first = hits[at]
        left, right = low, end
        if end - low > MAX_EXCERPT:
            if first.start - low > MAX_EXCERPT // 2:
                left = min(_word_edge(text, first.start - _MARGIN, +1), first.start)
            right = end if end - left <= MAX_EXCERPT else _word_edge(text, left + MAX_EXCERPT, -1)
            right = min(max(right, first.end), max(end, first.end), left + 2 * MAX_EXCERPT)
        behind = bisect_left(hits, right, at, key=lambda hit: hit.start)
        yield _excerpt(text, (start, end), (left, right), hits[at:behind])
        at, low = behind, right


def _excerpt(text: str, sentence: tuple[int, int], piece: tuple[int, int], hits: list[Hit]) -> Excerpt:
    """A piece of a sentence, with … where it is cut, its hits marked."""
    left, right = piece
    before, after = "…" if left > sentence[0] else "", "…" if right < sentence[1] else ""
    shift = len(before) - left
    marks: list[tuple[int, int]] = []
    for hit in hits:
        begin, stop = hit.start + shift, min(hit.end, right) + shift
        if marks and begin <= marks[-1][1]:
            marks[-1] = (marks[-1][0], max(stop, marks[-1][1]))
        else:
            marks.append((begin, stop))
    return Excerpt(field=hits[0].field, text=f"{before}{text[left:right]}{after}", marks=tuple(marks))


def _word_edge(text: str, at: int, step: int) -> int:
    """The nearest white space in that direction, within 30 code points; else at itself."""
    for offset in range(0, 30 * step, step):
        if text[at + offset].isspace():
            return at + offset + (step > 0)
    return at
