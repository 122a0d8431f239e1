"""Words and their folded forms: which strings of text count as the same word.

A word is a run of letters, digits and their marks; an apostrophe inside it belongs to it. Characters of scripts that
are written without spaces (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese) are a word each: a term is a substring there.
Folding, a word at a time: invisible characters dropped → NFKC → case folded → NFKC → vowel points and stress marks
dropped → ё = е, Greek without accents (its capitals have none), one kind of apostrophe.
Accents of Latin letters stay: résumé is not resume.
"""

import re
import unicodedata

_INVISIBLE = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0100-\U000e01ef"
)
_APOSTROPHES = "'`\u00b4\u2018\u2019\u02bc\u05f3\uff07"  # with accents that are typed for one, and Hebrew geresh
# Scripts without spaces between words. Kana leaves out its marks and the middle dot, Thai its vowel signs above.
_UNSPACED = (
    "\u0e01-\u0e30\u0e32\u0e33\u0e40-\u0e46\u0e81-\u0eb0\u0eb2\u0eb3\u0ec0-\u0ec6\u1000-\u102a\u103f\u1050-\u1055"
    "\u1780-\u17b3\u1100-\u11ff\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3131-\u318e"
    "\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U000323af"
)


def _marks() -> str:
    """Every combining mark of the basic plane as ranges of a character class: `\\w` knows none of them."""
    marks = {code for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M"}
    starts = sorted(code for code in marks if code - 1 not in marks)
    ends = sorted(code for code in marks if code + 1 not in marks)
    return "".join(f"{chr(a)}-{chr(b)}" for a, b in zip(starts, ends, strict=True)) + "\U000e0100-\U000e01ef"


MARKS = _marks()
_JOINING = MARKS + _INVISIBLE
_LETTER = rf"[^\W_\u02bc{_UNSPACED}]"
_SPACED = rf"{_LETTER}(?:{_LETTER}++|[{_JOINING}]++)*+"
_JAMO = "[\u1100-\u115f][\u1160-\u11a7]*+[\u11a8-\u11ff]*+"
_AM = "[\u0e4d\u0ecd][\u0e32\u0eb2]"  # Thai and Lao am, decomposed: as NFKC leaves \u0e33, which is a word too
_HALFWIDTH = "[\uff66-\uff9d][\uff9e\uff9f]?+"
# Possessive quantifiers: the pattern never backtracks, so hostile text costs what its length costs.
WORD = re.compile(
    rf"{_SPACED}(?:[{_APOSTROPHES}]{_SPACED})*+"
    rf"|(?:{_JAMO}|{_HALFWIDTH}|[{_UNSPACED}]|{_AM})(?:(?!{_AM})[{_JOINING}])*+"
)
UNSPACED = re.compile(f"[{_UNSPACED}]")
APOSTROPHE = re.compile(f"[{_APOSTROPHES}]")

_DROP_INVISIBLE = re.compile(f"[{_INVISIBLE}]+")
# Arabic harakat, Quranic marks and tatweel; Hebrew points; a space that NFKC puts before an isolated mark.
_DROP_POINTS = re.compile(
    "[\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u0640"
    "\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7 ]+"
)
_SAME = str.maketrans({"ё": "е", "Ё": "Е"})
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, "'"))
_CYRILLIC_STRESS = re.compile("(?<=[\u0400-\u052f])[\u0300\u0301]")
_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_GREEK_ACCENTS = re.compile("[\u0300\u0301\u0313\u0314\u0342\u0345]")


def fold(word: str) -> str:
    """The form under which all spellings of a word are equal. fold(fold(w)) == fold(w)."""
    if word.isascii():
        return word.lower().replace("`", "'")
    return _a_word(
        _spelling(unicodedata.normalize("NFKC", _compatible(word).casefold())).replace("i\u0307", "i"), word.casefold()
    )


def keep_case(word: str) -> str:
    """The same with its case kept: what `{UN}` compares."""
    return word.replace("`", "'") if word.isascii() else _a_word(_spelling(_compatible(word)), word)


def fold_text(text: str) -> str:
    """Any text, with each run of white space as one space: what metadata fields compare."""
    if text.isascii():
        return " ".join(text.lower().split())
    # word by word: an author Алена-Мария is Алёна-Мария too. What stands between the words stays.
    return " ".join(WORD.sub(lambda word: fold(word[0]), unicodedata.normalize("NFC", text.lower())).split())


def _a_word(form: str, word: str) -> str:
    """form, unless NFKC made something else than one word of it: ¼ would be 1⁄4."""
    if WORD.fullmatch(form):
        return form
    return unicodedata.normalize("NFC", _DROP_INVISIBLE.sub("", word.translate(_ONE_APOSTROPHE)))


def _compatible(word: str) -> str:
    # one kind of apostrophe first: NFKC makes a space and a mark of \u00b4
    return unicodedata.normalize("NFKC", _DROP_INVISIBLE.sub("", word.translate(_ONE_APOSTROPHE)))


def _spelling(word: str) -> str:
    word = _CYRILLIC_STRESS.sub("", _DROP_POINTS.sub("", word)).translate(_SAME)
    if _GREEK.search(word):
        word = unicodedata.normalize("NFC", _GREEK_ACCENTS.sub("", unicodedata.normalize("NFD", word)))
    return word
