"""The links of a section page."""

import pytest

from include.wirewatch.discover import listing
from tests.discover.conftest import source_of

PAGE = "https://news.example/world/"


def links(body: str, content_type: str = "", **settings: object) -> dict[str, str]:
    parsed = listing.parse(body.encode(), source_of("listing", PAGE, **settings), PAGE, content_type)
    return {entry.url: entry.title for entry in parsed.entries}


def a(href: str, text: str = "Talks resume in the capital") -> str:
    return f'<a href="{href}">{text}</a>'


def test_links_of_the_same_host_become_entries_with_their_text_as_title():
    body = a("/world/a") + a("b", "<b>Truce</b> holds") + a("//news.example/c") + a("https://news.example/d#comments")
    assert links(body) == {
        "https://news.example/world/a": "Talks resume in the capital",
        "https://news.example/world/b": "Truce holds",
        "https://news.example/c": "Talks resume in the capital",
        "https://news.example/d": "Talks resume in the capital",
    }


@pytest.mark.parametrize(
    "href",
    [
        *["https://other.example/a", "https://m.news.example/a", "mailto:desk@news.example", "javascript:x()", "tel:1"],
        *["#top", "", "/", "https://news.example", PAGE, "http://[", "ftp://news.example/a"],
    ],
)
def test_other_links_are_left_out(href):
    assert links(a(href)) == {}


def test_include_and_exclude_choose_by_parts_of_the_url():
    body = a("/world/a") + a("/world/video/b") + a("/sport/c") + a("/world/a?page=2")
    wanted = links(body, include=("/world/",), exclude=("/video/", "?page="))
    assert list(wanted) == ["https://news.example/world/a"]


def test_a_picture_and_a_headline_with_one_target_are_one_entry_with_the_headline():
    body = a("/a", "<img src=x>") + a("/a", "Talks resume") + a("/a", "More")
    assert links(body) == {"https://news.example/a": "Talks resume"}


def test_links_without_any_text_count_only_where_the_source_says_which_links_it_wants():
    assert links(a("/a", "<img src=x>")) == {}
    assert links(a("/a", "<img src=x>"), include=("/a",)) == {"https://news.example/a": ""}


def test_the_base_element_is_heeded():
    assert list(links('<base href="https://news.example/en/">' + a("a"))) == ["https://news.example/en/a"]


def test_a_charset_in_the_header_is_heeded_and_an_unknown_one_ignored():
    body = a("/a", "Перемирие").encode("windows-1251")
    source = source_of("listing", PAGE)
    (entry,) = listing.parse(body, source, PAGE, "text/html; charset=windows-1251").entries
    assert entry.title == "Перемирие"
    assert len(listing.parse(body, source, PAGE, "text/html; charset=martian").entries) == 1


@pytest.mark.parametrize("body", ["", "   ", "<html><body>nothing here"])
def test_a_page_without_links_has_no_entries(body):
    assert links(body) == {}


def test_only_so_many_entries_are_taken_in_the_order_of_the_page():
    body = "".join(a(f"/{n}") for n in range(50))
    assert list(links(body, max_entries=3)) == [f"https://news.example/{n}" for n in range(3)]
