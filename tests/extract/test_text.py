import json
import re

import pytest

from include.wirewatch.extract import EXTRACTOR, boilerplate, extract_page, summary_of
from include.wirewatch.extract.article import without_headline
from include.wirewatch.extract.extractor import extractor_name

from .samples import BODY, NOW, PARAGRAPHS, entry, extract, html, page

TEXT = "\n".join(PARAGRAPHS)


def body_of(text: str) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", "articleBody": text})}</script>'


def test_an_ordinary_page_takes_the_fast_way() -> None:
    extraction = extract()
    assert (extraction.text, extraction.method, extraction.method_detail) == (TEXT, "fast", "")
    assert extraction.word_count == len(TEXT.replace(",", " ").replace(".", " ").split())


def test_an_embedded_body_that_is_much_longer_is_used() -> None:
    long = "\n\n".join(f"{paragraph} Part {number}." for number in range(4) for paragraph in PARAGRAPHS)
    extraction = extract(f"<p>{PARAGRAPHS[0]}</p>", body_of(long))
    assert extraction.method == "json-ld"
    assert extraction.text == long.replace("\n\n", "\n")
    assert "found" in extraction.method_detail


def test_an_embedded_body_with_markup_becomes_plain_lines() -> None:
    markup = "".join(f"<p>{paragraph} &amp; <b>more</b></p>" for paragraph in PARAGRAPHS * 2)
    lines = extract("<p>Short.</p>", body_of(markup)).text.split("\n")
    assert lines[0] == f"{PARAGRAPHS[0]} & more"
    assert len(lines) == 6


def test_an_embedded_body_that_is_no_longer_is_not_used() -> None:
    assert extract(BODY, body_of("\n".join(PARAGRAPHS))).method == "fast"


def test_the_parts_of_a_split_body_are_joined_in_order() -> None:
    parts = "".join(
        f'<div class="chunk"><div class="article-body"><p>{paragraph}</p><p>Part {number}.</p></div></div><i>ad</i>'
        for number, paragraph in enumerate(PARAGRAPHS)
    )
    text = extract(parts).text
    assert [text.find(paragraph) for paragraph in PARAGRAPHS] == sorted(
        text.find(paragraph) for paragraph in PARAGRAPHS
    )
    assert all(paragraph in text for paragraph in PARAGRAPHS)


def test_other_articles_inside_the_article_are_not_its_text() -> None:
    text = "<p>Sanctions on the port were widened on Monday, a day after the vote in the assembly.</p>"
    other = f'<article><h2><a href="/x">Sanctions widen</a></h2>{text}</article>'
    assert "Sanctions" not in extract(BODY + other * 3).text


def test_an_article_wrapped_in_two_article_elements_is_kept() -> None:
    assert extract(f"<article>{BODY}</article>").text == TEXT


def test_text_nested_deeper_than_the_parser_allows_is_found() -> None:
    assert extract("<div>" * 900 + BODY + "</div>" * 900).text == TEXT


def test_a_page_without_an_article_becomes_its_summary() -> None:
    extraction = extract_page(
        page(html("<p>Please enable scripts.</p>"), summary="The ceasefire held for a week. " * 5)
    )
    assert extraction.method == "summary"
    assert extraction.text == ("The ceasefire held for a week. " * 5).strip()
    assert extraction.title == "Talks resume in Harbour City"
    assert "characters" in extraction.method_detail


def test_without_a_summary_the_pages_description_stands_in() -> None:
    head = '<meta property="og:description" content="The ceasefire held.">'
    extraction = extract_page(page(html("", head)))
    assert (extraction.text, extraction.method) == ("The ceasefire held.", "summary")
    assert extraction.origins["text"] == "meta:og:description"


def test_an_entry_whose_page_was_not_fetched_becomes_an_article() -> None:
    extraction = summary_of(entry(summary="The ceasefire held.", published=NOW, published_from="feed"), "http_403")
    assert (extraction.title, extraction.text) == ("Talks resume", "The ceasefire held.")
    assert (extraction.method, extraction.method_detail) == ("summary", "http_403")
    assert (extraction.published, extraction.published_from) == (NOW, "feed")


def test_the_extractors_name_can_stand_in_a_key() -> None:
    assert EXTRACTOR.startswith("trafilatura-2.")
    assert set(EXTRACTOR) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


@pytest.mark.parametrize(
    "wall",
    [
        "We and our partners store information on your device. You can accept or refuse, and change your mind at any "
        "time in the settings of your browser or by writing to us. Some partners do not ask for your consent. " * 2,
        "All the latest from the world of sport, with results, tables and fixtures, every day and all night. "
        "Choose your team to see more of what you like and less of what you do not, wherever you are. " * 2,
    ],
    ids=["a consent wall", "a home page"],
)
def test_a_page_with_no_word_of_the_announced_title_gives_way_to_the_summary(wall: str) -> None:
    announced = {"title": "Ceasefire holds near Harbour City bridge", "summary": "The ceasefire held for a week."}
    extraction = extract_page(page(f"<html><body><p>{wall}</p></body></html>".encode(), **announced))
    assert (extraction.text, extraction.method) == ("The ceasefire held for a week.", "summary")
    assert extraction.method_detail == "the page has no word of the entry's title"


def test_an_inflected_title_still_announces_its_page() -> None:
    announced = {"title": "Переговоры возобновлены после перемирия вчера", "summary": "Кратко."}
    body = "<p>" + "О перемирии стороны говорили весь день, но ни о чём так и не договорились. " * 4 + "</p>"
    assert extract_page(page(f"<html><body>{body}</body></html>".encode(), **announced)).method == "fast"


def test_the_entries_of_a_live_blog_are_its_text() -> None:
    posts = "".join(
        f'<article><h2><a href="#{number}">At {number} o\'clock</a></h2><p>{paragraph}</p></article>'
        for number, paragraph in enumerate(PARAGRAPHS)
    )
    text = extract(f"<h1>Live: the talks</h1>{posts}").text
    assert all(paragraph in text for paragraph in PARAGRAPHS)


def test_an_article_hidden_until_a_script_has_run_is_found() -> None:
    assert PARAGRAPHS[1] in extract(f'<div style="display:none">{BODY}</div><p>Please wait.</p>').text


def test_paragraphs_parted_by_line_breaks_alone_are_all_there() -> None:
    text = extract(f"<h1>Talks</h1><div class='content'>{'<br> <br>'.join(PARAGRAPHS)} <b>The</b> end.</div>").text
    assert text.split("\n")[-3:] == [*PARAGRAPHS[:2], f"{PARAGRAPHS[2]} The end."]


@pytest.mark.parametrize(
    ("name", "value"), [("LINK_MAX", 1), ("STOPS", (".",)), ("INLINE", {"a"}), ("NOTICE", re.compile("x"))]
)
def test_the_extractors_name_follows_every_constant(monkeypatch: pytest.MonkeyPatch, name: str, value: object) -> None:
    assert extractor_name() == EXTRACTOR
    monkeypatch.setattr(boilerplate, name, value)
    assert extractor_name() != EXTRACTOR


def test_a_stub_keeps_its_one_sentence_and_takes_no_furniture_for_more() -> None:
    share = '<div class="share"><a href="#">Share</a> <a href="#">Print</a></div><div id="bar">Sanctions today</div>'
    extraction = extract(
        f"<h1>Talks</h1><div class='meta'>By Marta Ilves</div><p>The text has been withdrawn.</p>{share}"
    )
    assert "withdrawn" in extraction.text
    assert "Print" not in extraction.text
    assert extraction.method == "precision"


@pytest.mark.parametrize(
    "line",
    ["Talks resume in Harbour City", " talks  RESUME in\u00a0Harbour City "],
    ids=["as-it-is", "other-case-and-space"],
)
def test_a_first_line_that_repeats_the_title_is_dropped(line: str) -> None:
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    assert extract(f"<p>{line}</p>{paragraphs}").text == TEXT
    assert without_headline(f"{line}\n{TEXT}", "Talks resume in Harbour City") == TEXT


@pytest.mark.parametrize(
    "text",
    [
        "Talks resume in Harbour City",
        "Talks resume in Harbour City\n ",
        "Talks resume in Harbour City on Monday\nNegotiators said so.",
        "Negotiators said so.\nTalks resume in Harbour City",
        "",
    ],
    ids=["the-only-line", "the-only-words", "more-than-the-title", "a-later-line", "empty"],
)
def test_any_other_text_stays_whole(text: str) -> None:
    assert without_headline(text, "Talks resume in Harbour City") == text
