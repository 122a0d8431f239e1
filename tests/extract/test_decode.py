import encodings
import encodings.aliases
import pkgutil

import pytest

from include.wirewatch.extract.decode import decode

from .languages import TEXTS

ENCODINGS = [
    ("ru", "cp1251"), ("ru", "koi8_r"), ("ru", "iso8859_5"), ("ru", "cp866"), ("uk", "cp1251"), ("uk", "koi8_u"),
    ("pl", "cp1250"), ("pl", "iso8859_2"), ("cs", "cp1250"), ("cs", "iso8859_2"), ("de", "cp1252"),
    ("fr", "iso8859_15"),
    ("el", "cp1253"), ("el", "iso8859_7"), ("tr", "cp1254"), ("he", "cp1255"), ("ar", "cp1256"), ("ja", "cp932"),
    ("ja", "euc_jp"), ("ja", "iso2022_jp"), ("zh", "gb18030"), ("zh-tw", "big5hkscs"), ("ko", "cp949"), ("th", "cp874"),
    ("ru", "utf-8"), ("ja", "utf-8"),
]  # fmt: skip
LATIN = {"pl", "cs", "de", "fr", "tr"}


def page_in(language: str, encoding: str, meta: str = "") -> bytes:
    text = f"<html><head>{meta}<title>x</title></head><body><p>{TEXTS[language]}</p></body></html>"
    return text.encode(encoding, "xmlcharrefreplace")


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_page_that_declares_nothing_is_read_by_its_words(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), "text/html").text


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_header_is_believed(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), f"text/html; charset={encoding}").text


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_a_wrong_utf_8_label_is_not_believed(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), "text/html; charset=utf-8").text


@pytest.mark.parametrize(("language", "encoding"), [pair for pair in ENCODINGS if pair[0] not in LATIN])
def test_a_servers_default_of_latin_1_is_not_believed_on_another_script(language: str, encoding: str) -> None:
    assert TEXTS[language] in decode(page_in(language, encoding), "text/html; charset=ISO-8859-1").text


@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_the_pages_own_meta_wins_over_a_servers_default_of_latin_1(language: str, encoding: str) -> None:
    body = page_in(language, encoding, f'<meta http-equiv="Content-Type" content="text/html; charset={encoding}">')
    assert TEXTS[language] in decode(body, "text/html; charset=iso-8859-1").text


def test_a_byte_order_mark_wins_over_everything() -> None:
    decoded = decode("<p>Перемирие</p>".encode("utf-8-sig"), "text/html; charset=windows-1251")
    assert decoded == ("<p>Перемирие</p>", "utf-8", "bom")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_and_without_a_mark(encoding: str) -> None:
    assert decode(page_in("de", encoding)).text == page_in("de", "utf-8").decode()


def test_windows_1252_punctuation_in_a_latin_1_page_is_kept() -> None:
    assert decode(b"<p>\x93cease\x97fire\x94</p>", "text/html; charset=iso-8859-1").text == "<p>“cease—fire”</p>"


def test_utf_8_with_a_damaged_byte_stays_utf_8() -> None:
    body = page_in("ru", "utf-8") + b"\xd0"
    decoded = decode(body, "text/html; charset=utf-8")
    assert (decoded.encoding, decoded.text.count("\ufffd")) == ("utf-8", 1)


@pytest.mark.parametrize(
    "label", ["base64", "idna", "rot13", "utf-7", "no-such", "punycode", "unicode_escape", "undefined"]
)
def test_a_label_that_is_no_page_encoding_is_ignored(label: str) -> None:
    text = "<p>Caf\\u00e9 +ADw- ultimatum</p>"
    assert decode(text.encode(), f"text/html; charset={label}").text == text


def test_bytes_that_fit_nothing_are_replaced_and_said_to_be() -> None:
    decoded = decode(b"<p>" + bytes([0x81, 0x8D, 0x8F, 0x90, 0x9D]) * 40 + b"</p>")
    assert decoded.origin in ("replaced", "detected")
    assert decoded.text.startswith("<p>")


def test_no_label_that_python_knows_can_break_decoding() -> None:
    names = {module.name for module in pkgutil.iter_modules(encodings.__path__)} | set(encodings.aliases.aliases)
    for name in sorted(names):
        decoded = decode(b"<p>caf\xe9 \xff\xfe ~{ \x1b$B</p>" * 30, f"text/html; charset={name}")
        assert isinstance(decoded.text, str), name
