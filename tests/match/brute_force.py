"""The language once more, by its definition and nothing else: every combination of positions is tried.

Shares the tree with the engine and no other code. For texts of words from WORDS, with a full stop here and there.
"""

from itertools import product
from typing import NamedTuple

from include.wirewatch.match.nodes import And, AtLeast, Meta, Near, Node, Not, Or, Regex, Same, Scoped, Term, Word

WORDS = ("red", "reds", "redder", "green", "blue", "it's")


class Place(NamedTuple):
    field: str
    first: int
    last: int


class Sample(NamedTuple):
    """A document: its words by field, and the sentence of each word."""

    title: tuple[str, ...]
    body: tuple[str, ...]
    stops: frozenset[int]  # after these words of the body a sentence ends

    @property
    def body_text(self) -> str:
        return " ".join(word + "." * (i in self.stops) for i, word in enumerate(self.body))

    def sentence(self, field: str, position: int) -> int:
        return sum(stop < position for stop in self.stops) if field == "body" else -1


def places(node: Node, sample: Sample, fields: dict[str, tuple[str, ...]]) -> set[Place] | None:
    """None: it does not match. Else where its hits are."""
    match node:
        case Term():
            return _term(node, fields) or None
        case Or(nodes):
            found = [places(child, sample, fields) for child in nodes]
            if all(item is None for item in found):
                return None
            return set().union(*(item or set() for item in found))
        case And(nodes):
            found = [places(child, sample, fields) for child in nodes]
            return None if any(item is None for item in found) else set().union(*found)
        case Not(child):
            return set() if places(child, sample, fields) is None else None
        case Scoped(name, child):
            only = {"title": {"title": sample.title}, "body": {"body": sample.body}, "lead": {"body": sample.body[:60]}}
            return places(child, sample, only[name])
        case Near(left, right, distance, ordered):
            pairs = [
                (a, b)
                for a, b in product(places(left, sample, fields) or (), places(right, sample, fields) or ())
                if a.field == b.field
                and (0 <= b.first - a.last - 1 <= distance or (not ordered and 0 <= a.first - b.last - 1 <= distance))
            ]
            return {place for pair in pairs for place in pair} or None
        case AtLeast(count, child):
            found = places(child, sample, fields) or set()
            return found if _most_apart(sorted(found)) >= count else None
        case Same(nodes):
            found = [places(child, sample, fields) or set() for child in nodes]
            found = [{place for place in some if _in_one_sentence(place, sample)} for some in found]
            together = set()
            for combination in product(*found):
                if len({(place.field, sample.sentence(place.field, place.first)) for place in combination}) == 1:
                    together.update(combination)
            return together or None
        case Meta() | Regex() | _:
            # Metadata and regular expressions have tables of their own; a strategy that makes one must fail loudly.
            raise AssertionError(f"brute force does not judge {type(node).__name__}")


def _in_one_sentence(place: Place, sample: Sample) -> bool:
    return sample.sentence(place.field, place.first) == sample.sentence(place.field, place.last)


def _term(term: Term, fields: dict[str, tuple[str, ...]]) -> set[Place]:
    found = set()
    size = len(term.words)
    for field, words in fields.items():
        for first in range(len(words)):
            lasts = []
            for steps in product(range(1, term.slop + 2), repeat=size - 1):
                positions = [first]
                for step in steps:
                    positions.append(positions[-1] + step)
                fits = positions[-1] < len(words) and positions[-1] - first + 1 - size <= term.slop
                if fits and all(_is(word, words[at]) for word, at in zip(term.words, positions, strict=True)):
                    lasts.append(positions[-1])
            if lasts:
                found.add(Place(field, first, min(lasts)))
    return found


def _is(word: Word, text: str) -> bool:
    """Of a word with an apostrophe, a part of more than a letter will do."""
    return any(_is_part(word.text, part) for part in {text.lower(), *text.lower().split("'")} if len(part) > 1)


def _is_part(word: str, text: str) -> bool:
    if word.endswith("*"):
        return text.startswith(word[:-1])
    if "?" in word:
        return len(text) == len(word) and all(a in ("?", b) for a, b in zip(word, text, strict=True))
    return text == word


def _most_apart(found: list[Place]) -> int:
    """The largest number of places that do not overlap, by trying every subset."""
    if not found:
        return 0
    first, rest = found[0], found[1:]
    apart = [p for p in rest if p.field != first.field or p.first > first.last or p.last < first.first]
    return max(1 + _most_apart(apart), _most_apart(rest))
