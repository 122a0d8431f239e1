"""The dictionary form of a word, for rules that say `lemma: true`. The dictionaries load on first use."""

from functools import lru_cache

LANGUAGES = ("en", "ru", "uk", "de", "fr")


@lru_cache(maxsize=200_000)
def lemma(form: str, lang: str) -> str:
    """The folded dictionary form of a folded word; the word itself where the dictionary lacks it."""
    from simplemma import lemmatize  # here: 0.1 s and a dictionary a language, for rules that ask alone

    from include.wirewatch.match.fold import fold

    return fold(lemmatize(form, lang=lang))


def is_known(lang: str) -> bool:
    """True if there is a dictionary of this language."""
    try:
        lemma("a", lang)
    except (ValueError, OSError):
        return False
    return True
