"""Bytes → text, in the order: byte order mark, valid UTF-8, header, meta, detection.

Labels are believed only as far as the bytes bear them out: a label under which the bytes do not decode, or under
which the text reads as a Cyrillic, Greek or Arabic page mistaken for Latin-1, gives way to the next. Bytes with
multi-byte sequences that are valid UTF-8 are UTF-8 whatever a label says: no other encoding passes by chance.
"""

import codecs
import re
from typing import NamedTuple

from include.wirewatch.extract.language import WORD, common_letters


class Decoded(NamedTuple):
    """encoding: Python's name; origin: bom, utf-8, header, meta, detected or replaced (bytes were lost)."""

    text: str
    encoding: str
    origin: str


# Labels as browsers read them: the superset that publishers mean.
BROWSER_NAMES = {
    "ascii": "cp1252", "us-ascii": "cp1252", "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252",
    "latin-1": "cp1252", "iso-8859-9": "cp1254", "gb2312": "gb18030", "gb_2312-80": "gb18030", "gbk": "gb18030",
    "x-gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
    "windows-31j": "cp932", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "ksc5601": "cp949", "big5": "big5hkscs",
    "tis-620": "cp874", "iso-8859-11": "cp874", "x-euc-jp": "euc_jp", "x-cp1251": "cp1251", "win-1251": "cp1251",
    "unicode": "utf-16", "utf8": "utf-8", "windows-874": "cp874", "iso-8859-8-i": "iso-8859-8", "x-mac-cyrillic":
    "mac_cyrillic",
}  # fmt: skip
BOMS = [(codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
NOT_FOR_PAGES = {"utf-7", "punycode", "unicode_escape", "raw_unicode_escape"}
META_SCAN = 4_096
META_CHARSET = re.compile(
    rb"<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s{0,5}=\s{0,5}[\"']?\s{0,5}([A-Za-z0-9_.:-]{2,30})", re.I
)
HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_.:-]{2,30})", re.I)
# The languages whose pages still come in each encoding. Order breaks ties.
SINGLE_BYTE = {
    "cp1251": ("ru", "uk", "bg", "sr", "mk", "be"),
    "koi8_u": ("ru", "uk"),
    "cp1252": ("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "is", "ca", "gl", "id", "ms", "sw"),
    "cp1250": ("pl", "cs", "hu", "sk", "sl", "hr", "bs", "sq", "ro"),
    "iso8859_2": ("pl", "cs", "hu", "sk", "sl", "hr", "bs", "ro"),
    "cp1253": ("el",),
    "cp1254": ("tr",),
    "cp1255": ("he",),
    "cp1256": ("ar", "fa", "ur"),
    "cp1257": ("lt", "lv", "et"),
    "cp1258": ("vi",),
    "iso8859_5": ("ru", "uk", "bg", "sr", "mk"),
    "cp866": ("ru",),
}
MULTI_BYTE = {
    "cp932": re.compile(r"[\u3041-\u3093\u30a1-\u30f6]"),
    "euc_jp": re.compile(r"[\u3041-\u3093\u30a1-\u30f6]"),
    "cp949": re.compile(r"[이다는의에을를가한고지도로하은인]"),
    "gb18030": re.compile(r"[的一是在不了有和人这中大为上个国我以要他时来们]"),
    "big5hkscs": re.compile(r"[的一是在不了有和人這中大為上個國我以要他時來們]"),
    "cp874": re.compile(r"ที่|และ|ใน|การ|ของ|เป็น|ว่า|ได้|ไม่|ให้|จะ|กับ|ความ|วัน"),
}
MARKUP = re.compile(rb"<(script|style)\b.{0,200000}?</\1|<[^>]{0,5000}>|&#?\w{1,10};", re.I | re.S)
SAMPLE = 30_000
LATIN_RUN = re.compile(r"[\u0080-\u00ff]{4,}")
LATIN_HIGH = re.compile(r"[\u0080-\u00ff]")


def decode(body: bytes, content_type: str = "") -> Decoded:
    """Never fails: bytes that no candidate explains become U+FFFD, with origin "replaced"."""
    for mark, name in BOMS:
        if body.startswith(mark):
            return Decoded(body[len(mark) :].decode(name, "replace"), name, "bom")
    if wide := _utf16_without_mark(body):
        return Decoded(body.decode(wide, "replace"), wide, "detected")
    labels = _labels(body, content_type)
    japanese = _strict(body, "iso2022_jp") if b"\x1b$" in body else None  # all of its bytes are ASCII
    if japanese is not None:
        return Decoded(japanese, "iso2022_jp", "detected")
    utf8 = _strict(body, "utf-8")
    if utf8 is not None:
        return Decoded(utf8, "utf-8", "utf-8")
    for name, origin in labels:
        text = _strict(body, name)
        if text is not None and not _reads_as_mixed_up(text):
            return Decoded(text, name, origin)
        if name == "utf-8" and (repaired := _mostly_utf8(body)) is not None:
            return Decoded(repaired, "utf-8", origin)
    if (repaired := _mostly_utf8(body)) is not None:
        return Decoded(repaired, "utf-8", "replaced")
    detected = _detect(body)
    if detected:
        return Decoded(body.decode(detected, "replace"), detected, "detected")
    name = next((name for name, _ in labels if name != "utf-8"), "cp1252")
    return Decoded(body.decode(name, "replace"), name, "replaced")


def _labels(body: bytes, content_type: str) -> list[tuple[str, str]]:
    header = HEADER_CHARSET.search(content_type)
    meta = META_CHARSET.search(body[:META_SCAN])
    labels = [
        (_known(header[1]) if header else "", "header"),
        (_known(meta[1].decode("ascii")) if meta else "", "meta"),
    ]
    # Latin-1 in the header is often the server's default for every page: the page itself knows better.
    if labels[0][0] == "cp1252" and labels[1][0]:
        labels.reverse()
    return [(name, origin) for name, origin in labels if name]


def _known(label: str) -> str:
    """Python's name of a label, or "" for one that is unknown, no text encoding, or meaningless inside a page."""
    label = label.lower()
    try:
        name = codecs.lookup(BROWSER_NAMES.get(label, label)).name
        # Some codecs are no text encodings, or cannot replace what they cannot read: idna, base64, undefined.
        b"\xff".decode(name, "replace")
    except (LookupError, ValueError):
        return ""
    # A label in ASCII bytes cannot be UTF-16 or UTF-32; browsers read it as UTF-8.
    if name.startswith(("utf-16", "utf-32")):
        return "utf-8"
    return "" if name in NOT_FOR_PAGES else name


def _strict(body: bytes, name: str) -> str | None:
    """The text if the bytes bear the label out: Windows code pages may have a few undefined bytes, others none."""
    try:
        return body.decode(name)
    except UnicodeDecodeError:
        pass
    except (LookupError, ValueError):
        return None
    if name == "utf-8":
        return None
    text = body.decode(name, "replace")
    return text if text.count("\ufffd") <= 2 + len(body) // 10_000 else None


def _mostly_utf8(body: bytes) -> str | None:
    """The text if it is UTF-8 with a few bytes damaged or cut off, as by a cap on the size."""
    text = body.decode("utf-8", "replace")
    lost = text.count("\ufffd")
    wide = len(body) - len(text)  # continuation bytes
    return text if lost <= 2 + wide // 50 and wide > 4 * lost else None


def _utf16_without_mark(body: bytes) -> str:
    start = body[:400]
    if len(start) < 40 or b"\x00" not in start:
        return ""
    if start[1::2].count(0) > 0.4 * len(start[1::2]) and start[::2].count(0) == 0:
        return "utf-16-le"
    if start[::2].count(0) > 0.4 * len(start[::2]) and start[1::2].count(0) == 0:
        return "utf-16-be"
    return ""


def _reads_as_mixed_up(text: str) -> bool:
    """Whole words of accented Latin letters exist in no language: another alphabet was read as Latin-1."""
    high = len(LATIN_HIGH.findall(text))
    return high >= 20 and sum(map(len, LATIN_RUN.findall(text))) > 0.5 * high


def _detect(body: bytes) -> str:
    """The encoding under which the words with non-ASCII letters are most often common words of a language that uses it.

    "" when nothing fits. Shares are of letters, not of words: one-letter words hit by chance.
    """
    sample = MARKUP.sub(b" ", body[: 20 * SAMPLE])
    sample = b"\n".join(line for line in sample.splitlines() if not line.isascii())[:SAMPLE]
    best, best_share = "", 0.03
    for name, codes in SINGLE_BYTE.items():
        text = sample.decode(name, "replace")
        # Cyrillic code pages swap upper and lower case among them: a word counts only if written as words are.
        words = [word for word in WORD.findall(text) if not word.isascii()]
        written = [word.lower() for word in words if len(word) > 1 and (word == word.lower() or word.istitle())]
        if words and text.count("\ufffd") <= 0.01 * len(text):
            share = max(common_letters(written, codes).values()) / sum(map(len, words))
            if share > best_share:
                best, best_share = name, share
    for name, common in MULTI_BYTE.items():
        text = sample.decode(name, "replace")
        wide = sum(char > "\u0dff" for char in text)
        if wide >= 10 and text.count("\ufffd") <= 0.01 * len(text):
            share = sum(map(len, common.findall(text))) / wide
            if share > best_share:
                best, best_share = name, share
    return best
