"""Every language in every layout: all paragraphs are found, the teaser is not, and the language is named."""

import pytest

from include.wirewatch.extract import extract_page
from include.wirewatch.extract.language import detect_language, language_of

from .languages import TEASERS, TEXTS
from .samples import page

LAYOUTS = {
    "paragraphs": ("<article><h1>X</h1>", "<p>{}</p>", "</article>"),
    "boxes": ('<div id="main"><h1>X</h1><div class="text">', "<div>{}</div>", "</div></div>"),
    "line breaks in a layout table": ("<table><tr><td>menu</td><td><h1>X</h1>", "{}<br><br>", "</td></tr></table>"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("language", TEXTS)
def test_the_text_is_found_in_every_language_and_layout(language: str, layout: str) -> None:
    before, line, after = LAYOUTS[layout]
    paragraphs = [f"{TEXTS[language]} {number}." for number in range(3)]
    lines = "".join(line.format(each) for each in [*paragraphs, TEASERS[language]])
    extraction = extract_page(page(f"<html><body><nav>menu</nav>{before}{lines}{after}</body></html>".encode()))
    assert [each for each in paragraphs if " ".join(each.split()) not in extraction.text] == []
    assert TEASERS[language] not in extraction.text
    assert extraction.language == language.partition("-")[0]


@pytest.mark.parametrize("language", TEXTS)
def test_a_declaration_that_the_text_bears_out_is_kept(language: str) -> None:
    code = language.partition("-")[0]
    assert language_of(TEXTS[language] * 3, code) == code


@pytest.mark.parametrize("text", ["", "1 2 3", "Ok", "xq zv kj wp " * 20])
def test_what_is_in_no_language_is_not_guessed(text: str) -> None:
    assert detect_language(text) == ""


def test_a_declared_language_that_is_not_listed_is_believed() -> None:
    assert language_of(TEXTS["de"] * 3, "gsw") == "gsw"
