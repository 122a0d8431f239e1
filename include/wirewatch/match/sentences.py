"""Where sentences begin and end: line breaks, and . ! ? … with white space and no small letter behind.

No break after an initial (J. Smith, U.S. Senate), a usual abbreviation, the day of a German date, or the hour in 5 p.m.
Kyiv time. Good enough to quote and for SAME/sentence;
it does no grammar.
"""

import re

_CLOSING = "\"'\u2019\u201d\u00bb)\\]"
_END = re.compile(
    rf"\n\s*|[\u3002\uff01\uff1f]+[{_CLOSING}\u300d\u300f]*\s*|(?:[.!?\u2026\u061f\u06d4\u0964]+[{_CLOSING}]*)\s+"
)
# not behind an apostrophe: SO IT'S. ends a sentence
_LAST_WORD = re.compile(r"(?<!['\u2019])\b([^\W\d_]+)\.$")
_WORDS = """
    mr mrs ms dr prof st gen col lt maj capt sen rep gov no vs jan feb mar apr jun jul aug sept sep oct nov dec hon rev
    nr bzw ca abs hr fr jh mio mrd г гг ул тыс млн млрд руб им м mme mlle
"""
_DATE = re.compile(
    r"(?<![\w.])[0-9]{1,2}\.\s+(?:Januar|Jänner|Februar|Feber|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
_HOUR = re.compile(r"\b[ap]\.m\.\s+(?:[A-Z]{2,4}\b|[^\W\d_]+ [Tt]ime\b)")  # 5 p.m. GMT, 5 p.m. Kyiv time
_DOTTED = re.compile(r"\b(?:e\.g|i\.e|u\.a|v\.a|d\.h)\.$")
_ABBREVIATIONS = frozenset(_WORDS.split())


def sentences(text: str) -> list[tuple[int, int]]:
    """Code points [start, end) of each sentence, without the white space around it."""
    found: list[tuple[int, int]] = []
    start = 0
    for mark in _END.finditer(text):
        if "\n" not in mark[0] and _runs_on(text, mark):
            continue
        _add(found, text, start, mark.end())
        start = mark.end()
    _add(found, text, start, len(text))
    return found


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    part = text[start:end]
    if stripped := part.strip():
        start += len(part) - len(part.lstrip())
        found.append((start, start + len(stripped)))


def _runs_on(text: str, mark: re.Match[str]) -> bool:
    """True if the sentence goes on behind this mark."""
    if text[mark.end() : mark.end() + 1].islower():
        return True
    if not mark[0].startswith(".") or mark[0].startswith(".."):
        return False
    if _DATE.match(text, max(0, mark.start() - 2)) or _DATE.match(text, max(0, mark.start() - 1)):
        return True
    if _HOUR.match(text, max(0, mark.start() - 3)):
        return True
    last = text[max(0, mark.start() - 12) : mark.start() + 1]
    if _DOTTED.search(last):
        return True
    word = _LAST_WORD.search(last)
    return word is not None and ((len(word[1]) == 1 and word[1].isupper()) or word[1].lower() in _ABBREVIATIONS)
