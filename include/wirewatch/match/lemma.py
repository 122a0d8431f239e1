"""The dictionary forms of a word, for rules that say `lemma: true`. The dictionaries load on first use.

In: a folded word. Dictionaries are written with capitals and ß: Russians and Maßnahmen are there, russians and
massnahmen are not. So each spelling that the folded word may have had is looked up, and what any of them finds counts.
"""

from functools import lru_cache

LANGUAGES = ("en", "ru", "uk", "de", "fr")


@lru_cache(maxsize=200_000)
def lemmas(form: str, lang: str) -> frozenset[str]:
    """The folded dictionary forms of a folded word, and the word itself."""
    from simplemma import lemmatize  # here: 0.1 s and a dictionary a language, for rules that ask alone

    from include.wirewatch.match.fold import fold

    spellings = [form, form.capitalize()]
    if lang == "de" and "ss" in form:
        spellings += [spelling.replace("ss", "ß") for spelling in spellings]
    return frozenset({form, *(fold(lemmatize(spelling, lang=lang)) for spelling in spellings)})


def is_known(lang: str) -> bool:
    """True if there is a dictionary of this language."""
    try:
        lemmas("a", lang)
    except (ValueError, OSError):
        return False
    return True
