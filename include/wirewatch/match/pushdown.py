"""Which archived articles a query may match, by the words that they have: so that the engine reads few of them.

In: queries' trees, and where in an archive each word stands (archive/words.py). Out: every article that a query
matches, and some others: the engine has the last word. NOT, metadata and regular expressions ask for no word. What a
word of a query means, wildcards and inflections too, the vocabulary says, as it does when an article is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import compress, count

from include.wirewatch.match.nodes import And, AtLeast, Near, Node, Or, Same, Scoped, Term, Word, children
from include.wirewatch.match.presearch import required
from include.wirewatch.match.vocabulary import Keys, Vocabulary
from include.wirewatch.remembered import Remembered

# Of this many words all that a query says is asked: what has both of `russia AND bank`. Of more, one part of each AND,
# as in presearch.py: a dozen rules' common words stand in more articles than they rule out.
FEW_WORDS = 12

_ALL_OF = (And, Near, Same)
_INSIDE = (AtLeast, Scoped)


@dataclass(frozen=True)
class Has:
    """A word that this one means."""

    word: Word


@dataclass(frozen=True)
class AllOf:
    conditions: "tuple[Condition, ...]"


@dataclass(frozen=True)
class AnyOf:
    conditions: "tuple[Condition, ...]"


Condition = Has | AllOf | AnyOf


class Pushdown:
    """A condition, asked of an archive's words."""

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        vocabulary = Vocabulary(asked_words(condition), {})
        # A day's words are mostly those of the day before.
        self._keys = Remembered(lambda form: tuple(vocabulary.keys_of(form)))

    def asked_for(self, forms: Sequence[str]) -> dict[int, Keys]:
        """Those of an archive's folded words that the condition is about, by place, with the keys that each has."""
        keys = list(map(self._keys.__getitem__, forms))
        return dict(zip(compress(count(), keys), filter(None, keys), strict=True))

    def candidates(self, found: Iterable[tuple[Keys, Iterable[int]]]) -> dict[int, set[str]]:
        """The articles that may match, by number, and the keys of each: what RuleSet.match then need not look for.

        found: the keys of each word asked for, and the articles with it.
        """
        articles: defaultdict[str, set[int]] = defaultdict(set)
        for keys, numbers in found:
            for key in keys:
                articles[key].update(numbers)
        candidates: dict[int, set[str]] = {number: set() for number in satisfying(self._condition, articles)}
        for key, numbers in articles.items():
            for number in candidates.keys() & numbers:
                candidates[number].add(key)
        return candidates


def needed_by_one(trees: Sequence[Node], few: int = FEW_WORDS) -> Condition | None:
    """True of every article that satisfies one of the trees; None where one of them asks for no word."""
    condition = any_of(map(needed, trees))
    if condition is None or len(asked_words(condition)) <= few:
        return condition
    return any_of(any_of(map(Has, required(tree) or ())) for tree in trees)


def needed(node: Node) -> Condition | None:
    """True of every article that satisfies node; None where nothing can be asked."""
    if isinstance(node, Term):
        return all_of(map(Has, node.words))
    if isinstance(node, Or):
        return any_of(map(needed, node.nodes))
    if isinstance(node, _ALL_OF):
        return all_of(map(needed, children(node)))
    if isinstance(node, _INSIDE):
        return needed(node.node)
    return None


def all_of(conditions: Iterable[Condition | None]) -> Condition | None:
    """All that is known must hold: what asks for nothing is left out."""
    known: dict[Condition, None] = {}
    for condition in conditions:
        known |= dict.fromkeys(condition.conditions if isinstance(condition, AllOf) else filter(None, [condition]))
    return AllOf(tuple(known)) if len(known) > 1 else next(iter(known), None)


def any_of(conditions: Iterable[Condition | None]) -> Condition | None:
    """One must hold; where one asks for nothing, nothing is asked."""
    known: dict[Condition, None] = {}
    for condition in conditions:
        if condition is None:
            return None
        known |= dict.fromkeys(condition.conditions if isinstance(condition, AnyOf) else [condition])
    return AnyOf(tuple(known)) if len(known) > 1 else next(iter(known), None)


def asked_words(condition: Condition) -> list[Word]:
    """Every word that a condition is about."""
    if isinstance(condition, Has):
        return [condition.word]
    return [word for part in condition.conditions for word in asked_words(part)]


def satisfying(condition: Condition, articles: Mapping[str, AbstractSet[int]]) -> AbstractSet[int]:
    """The articles of which the condition is true. articles: by a word's key, those with a word that it means."""
    if isinstance(condition, Has):
        return articles.get(condition.word.key, frozenset())
    parts = [satisfying(part, articles) for part in condition.conditions]
    if isinstance(condition, AllOf):
        return frozenset(parts[0]).intersection(*parts[1:])
    return frozenset().union(*parts)
