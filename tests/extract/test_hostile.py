"""Every hostile page ends in an outcome, within the limits, and harms nobody beside it."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.wirewatch.extract import Extraction, Limits, extract_page, extract_pages
from include.wirewatch.extract.decode import decode
from include.wirewatch.extract.jsonld import take_json_ld
from include.wirewatch.extract.markup import parse

from .hostile import CASES
from .samples import BODY, URL, html, page

LIMIT_S = 20.0
NAMES = (
    "@type", "@id", "@graph", "author", "name", "headline", "datePublished", "keywords", "image", "publisher",
    "articleBody", "isAccessibleForFree", "url", "inLanguage", "articleSection",
)  # fmt: skip
PIECES = (
    "<p>", "</p>", "<div class='article-body'>", "</div>", "<article>", "</article>", "<a href='//x'>", "</a>",
    "<span>", "<h1>", "</h1>", "<table><tr><td>", "<li>", "<br>", "<!--", "-->", "<script>", "</script>", "<![CDATA[",
    "&#0;", "&", "<style", ">", "\x00", "\ud800", "<html", "<body>", "<head>", "<meta charset=",
    "<script type='application/ld+json'>", '{"@type":"NewsArticle","articleBody":', '"', "}",
    "<time pubdate datetime='", "'", "Read more:", "© 2026 ",
    "The ceasefire held for a week, the ministry said on Tuesday. ",
)  # fmt: skip
METHODS = {"fast", "precision", "balanced", "json-ld", "summary"}


def assert_can_be_stored(extraction: Extraction) -> None:
    json.dumps(extraction._asdict(), default=str, ensure_ascii=False).encode()
    assert extraction.method in METHODS
    assert extraction.method != "summary" or extraction.method_detail


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Extraction]:
    """All cases as one batch, an ordinary page after each, every page with the default limit."""
    names = [name for case in CASES for name in (case, f"after {case}")]
    pages = [
        page(CASES[name]() if name in CASES else html(), summary="The ceasefire held, the feed says.") for name in names
    ]
    return dict(zip(names, extract_pages(pages, Limits(timeout_s=LIMIT_S)), strict=True))


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_hostile_page_has_an_outcome_within_the_limits(case: str, outcomes: dict[str, Extraction]) -> None:
    assert_can_be_stored(outcomes[case])
    assert "killed" not in outcomes[case].method_detail
    assert "died" not in outcomes[case].method_detail
    assert "raised" not in outcomes[case].method_detail


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_page_after_a_hostile_one_is_untouched(case: str, outcomes: dict[str, Extraction]) -> None:
    assert outcomes[f"after {case}"] == extract_page(page(html(), summary="The ceasefire held, the feed says."))


@pytest.mark.parametrize(
    "case", ["a PDF", "a PNG", "a gzip file", "noise", "JSON", "plain text", "an empty body", "one bracket"]
)
def test_what_is_no_page_becomes_the_entrys_summary(case: str) -> None:
    extraction = extract_page(page(CASES[case](), summary="The ceasefire held."))
    assert (extraction.title, extraction.text, extraction.method) == ("Talks resume", "The ceasefire held.", "summary")


@pytest.mark.parametrize("size", [11_000, 74_000, 2_900_000])
def test_broken_json_ld_costs_no_more_than_its_length(size: int) -> None:
    from .hostile import broken_json_ld

    extraction = extract_pages([page(broken_json_ld(size))], Limits(timeout_s=2))[0]
    assert (extraction.method, extraction.method_detail) == ("fast", "1 broken JSON-LD blocks")


def test_external_entities_are_not_read() -> None:
    assert "root:" not in extract_page(page(CASES["an external entity"]())).text


def json_objects(inner: st.SearchStrategy[object]) -> st.SearchStrategy[dict[str, object]]:
    names = st.sampled_from(NAMES)
    return st.dictionaries(names, inner | st.just("NewsArticle"), max_size=6)


MARKUP = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=60).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(MARKUP, st.sampled_from(["", "text/html; charset=utf-8", "text/html; charset=shift_jis"]))
def test_no_markup_raises(markup: str, content_type: str) -> None:
    body = ("<html><body>" + markup + BODY).encode("utf-8", "surrogatepass")
    assert_can_be_stored(extract_page(page(body, content_type=content_type, summary="x")))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_raise(noise: bytes) -> None:
    assert_can_be_stored(extract_page(page(noise)))
    assert_can_be_stored(extract_page(page(b"<html><body><p>" + noise)))
    assert isinstance(decode(noise).text, str)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | json_objects(inner)
    )
)
def test_no_json_ld_raises(value: object) -> None:
    block = json.dumps([{"@type": "NewsArticle"}, value]).replace("</", "<\\/")
    head = f'<script type="application/ld+json">{block}</script>'
    assert_can_be_stored(extract_page(page(html(head=head))))


def test_equal_pages_give_equal_articles_in_any_order_and_any_process() -> None:
    names = [
        "8,000 links in one paragraph",
        "articleBody of 2 MB",
        "labelled as UTF-8, is Latin-1",
        "two roots",
        "nested articles",
    ]
    pages = [page(CASES[name](), summary="s") for name in names] + [page(html())]
    here = [extract_page(each) for each in pages]
    shuffled = list(range(len(pages)))
    random.Random(1).shuffle(shuffled)
    there = extract_pages([pages[number] for number in shuffled], Limits())
    assert [here[number] for number in shuffled] == there
    assert [extract_page(each) for each in pages] == here


def test_json_ld_never_reaches_the_library() -> None:
    tree = parse(html(head='<script type="application/ld+json">{"broken</script>').decode())
    assert tree is not None
    assert take_json_ld(tree, URL).broken == 1
    assert not tree.xpath("//script")
