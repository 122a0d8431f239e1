"""The folded words of texts. What is folded is remembered, for news repeats its words."""

from include.wirewatch.match.fold import WORD, fold
from include.wirewatch.remembered import Remembered

FOLDS = Remembered(fold)


def forms_of(*texts: str) -> set[str]:
    """Every folded word of the texts, and the parts of those with an apostrophe."""
    forms = {FOLDS[word] for text in texts for word in WORD.findall(text)}
    return forms.union(*(parts_of(form) for form in forms if "'" in form))


# l'accord, d'accord, j'ai, m'a, t'a, s'est, c'est, n'a; Russia's, don't, he'd, I'm
_CLITICS_BEFORE, _CLITICS_BEHIND = frozenset("ldjmtscn"), frozenset("stdm")


def parts_of(form: str) -> set[str]:
    """What a folded word is found by: itself, and what stands between its apostrophes.

    Of single letters those of Latin that are no clitic: X's is X, and neither l'accord is l nor перемир'я is я.
    """
    if "'" not in form:
        return {form}
    first, *between, last = form.split("'")
    found = {form, *(part for part in (first, *between, last) if len(part) > 1)}
    if len(first) == 1 and first.isascii() and first not in _CLITICS_BEFORE:
        found.add(first)
    if len(last) == 1 and last.isascii() and last not in _CLITICS_BEHIND:
        found.add(last)
    return found
