"""The folded words of texts. What is folded is remembered, for news repeats its words."""

from include.wirewatch.match.fold import WORD, fold
from include.wirewatch.match.remembered import Remembered

FOLDS = Remembered(fold)


def forms_of(*texts: str) -> set[str]:
    """Every folded word of the texts, and the parts of those with an apostrophe."""
    forms = {FOLDS[word] for text in texts for word in WORD.findall(text)}
    return forms.union(*(parts_of(form) for form in forms if "'" in form))


def parts_of(form: str) -> set[str]:
    """What a folded word is found by: itself, and what stands between its apostrophes, single letters aside."""
    return {form, *(part for part in form.split("'") if len(part) > 1)} if "'" in form else {form}
