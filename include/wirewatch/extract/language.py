"""Name the language of a text from its commonest words, or from its script where the script decides.

About 40 languages that news is written in; "" when the text is too short or fits none. No model, no state: the word
lists come with justext, which the extraction library needs anyway.
"""

import pkgutil
import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

LISTS = {
    "ar": "Arabic", "be": "Belarusian", "bg": "Bulgarian", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech",
    "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "gl": "Galician", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian",
    "is": "Icelandic", "it": "Italian", "kk": "Kazakh", "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian",
    "ms": "Malay", "nb": "Norwegian_Bokmal", "nl": "Dutch", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish",
    "sw": "Swahili", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "hi": "Hindi",
    "mr": "Marathi", "el": "Greek", "he": "Hebrew",
}  # fmt: skip
NOT_LATIN = {"ar", "be", "bg", "el", "fa", "he", "hi", "kk", "mk", "mr", "ru", "uk", "ur"}
TOP_WORDS = 300
SAMPLE = 4_000
MIN_WORDS = 8
# A declaration is doubted if the text has words enough and few of them are common ones; it falls to a language that
# has twice as many.
MIN_DOUBT = 40
SURE_SHARE = 0.3
PLAINLY = 2
SCRIPTS = [
    ("ja", re.compile(r"[\u3040-\u30ff]"), 0.08),
    ("ko", re.compile(r"[\uac00-\ud7af]"), 0.3),
    ("zh", re.compile(r"[\u4e00-\u9fff]"), 0.3),
    ("th", re.compile(r"[\u0e00-\u0e7f]"), 0.3),
    ("ka", re.compile(r"[\u10a0-\u10ff]"), 0.3),
    ("hy", re.compile(r"[\u0530-\u058f]"), 0.3),
    ("ta", re.compile(r"[\u0b80-\u0bff]"), 0.3),
    ("te", re.compile(r"[\u0c00-\u0c7f]"), 0.3),
    ("bn", re.compile(r"[\u0980-\u09ff]"), 0.3),
    ("my", re.compile(r"[\u1000-\u109f]"), 0.3),
    ("el", re.compile(r"[\u0370-\u03ff]"), 0.3),
    ("he", re.compile(r"[\u0590-\u05ff]"), 0.3),
]
WORD = re.compile(r"[^\W\d_]+")


def detect_language(text: str) -> str:
    """The ISO 639-1 code, or "" when unsure."""
    sample = text[:SAMPLE]
    letters = sum(map(str.isalpha, sample))
    if letters < 20:
        return ""
    for code, script, share in SCRIPTS:
        if len(script.findall(sample)) >= share * letters:
            return code
    words = WORD.findall(sample.lower())
    if len(words) < MIN_WORDS:
        return ""
    scores = common_word_scores(words, LISTS)
    best = max(scores, key=lambda code: scores[code])
    # Running text has 35-60 % of its words among the 300 commonest of its language.
    return best if scores[best] >= 0.15 * len(words) else ""


def language_of(text: str, declared: str) -> str:
    """The declared language unless the text is plainly in another; the detected one where none is declared."""
    if declared in LISTS:
        words = WORD.findall(text[:SAMPLE].lower())
        known = common_word_scores(words, [declared])[declared]
        if len(words) < MIN_DOUBT or known >= SURE_SHARE * len(words):
            return declared
        detected = detect_language(text)
        plainly = detected not in LISTS or common_word_scores(words, [detected])[detected] > PLAINLY * known
        return detected if detected and plainly else declared
    return declared or detect_language(text)


def common_word_scores(words: list[str], codes: Iterable[str]) -> Counter[str]:
    """How many of the words are among the commonest of each language."""
    counted = Counter(words)
    return Counter({code: sum(counted[word] for word in counted.keys() & _common(code)) for code in codes})


def common_letters(words: list[str], codes: Iterable[str]) -> Counter[str]:
    """How many letters are in words that each language uses often (the whole of its list)."""
    counted = Counter(words)
    return Counter(
        {code: sum(counted[word] * len(word) for word in counted.keys() & _common(code, 5_000)) for code in codes}
    )


@lru_cache(maxsize=128)
def _common(code: str, top: int = TOP_WORDS) -> frozenset[str]:
    # The packaged lists are ordered by frequency; get_stoplist() would lose that order.
    listed = pkgutil.get_data("justext", f"stoplists/{LISTS[code]}.txt") or b""
    words = list(dict.fromkeys(word.lower() for word in listed.decode().split() if word.isalpha()))
    if code in NOT_LATIN:  # the Marathi list, for one, has the commonest English words in it
        words = [word for word in words if not word.isascii()]
    return frozenset(words[:top])
