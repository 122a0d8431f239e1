"""The sentences of an article that show best why it matched."""

from collections.abc import Iterable

from include.wirewatch.match.sentences import sentences
from include.wirewatch.match.text import Document
from include.wirewatch.models import Excerpt, Hit, RuleMatch

MAX_EXCERPT = 300  # code points
_MARGIN = 100  # kept before the first hit of a sentence that is cut


def excerpts(document: Document, matches: Iterable[RuleMatch], limit: int = 3) -> tuple[Excerpt, ...]:
    """At most limit sentences: of the body before the title, those with new terms first, then in text order."""
    hits = [hit for match in matches for hit in match.hits]
    found: list[Excerpt] = []
    seen: set[str] = set()
    for field, text in (("body", document.body), ("title", document.title)):
        own = [hit for hit in hits if hit.field == field]
        waiting = _by_sentence(text, own) if own else []
        while waiting and len(found) < limit:
            best = max(waiting, key=lambda item: len({hit.term for hit in item[2]} - seen))
            waiting.remove(best)
            seen |= {hit.term for hit in best[2]}
            found.append(_excerpt(text, *best))
    return tuple(found)


def _by_sentence(text: str, hits: list[Hit]) -> list[tuple[int, int, list[Hit]]]:
    """Each sentence in which a hit begins, with its hits."""
    hits = sorted(hits, key=lambda hit: hit.start)
    found, index = [], 0
    for start, end in sentences(text):
        own = []
        while index < len(hits) and hits[index].start < end:
            own.append(hits[index])
            index += 1
        if own:
            found.append((start, end, own))
    return found


def _excerpt(text: str, start: int, end: int, hits: list[Hit]) -> Excerpt:
    """The sentence, cut around its first hits where it is too long, with … where it is cut."""
    left, right = start, end
    if end - start > MAX_EXCERPT:
        left = start if hits[0].start - start <= MAX_EXCERPT // 2 else _word_edge(text, hits[0].start - _MARGIN, +1)
        left = min(left, hits[0].start)
        right = end if end - left <= MAX_EXCERPT else _word_edge(text, left + MAX_EXCERPT, -1)
        right = min(max(right, hits[0].end), max(end, hits[0].end), left + 2 * MAX_EXCERPT)
    before, after = "…" if left > start else "", "…" if right < end else ""
    shift = len(before) - left
    marks: list[tuple[int, int]] = []
    for hit in hits:
        begin, stop = hit.start + shift, min(hit.end, right) + shift
        if hit.start >= right:
            continue
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
