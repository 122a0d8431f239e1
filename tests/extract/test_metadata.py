import json

import pytest

from include.wirewatch.extract import extract_page

from .samples import BODY, NOW, PARAGRAPHS, URL, extract, html, page


def json_ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | fields)}</script>'


def meta(**contents: str) -> str:
    return "".join(f'<meta property="{name.replace("__", ":")}" content="{value}">' for name, value in contents.items())


FULL = json_ld(
    headline="Talks resume in Harbour City",
    author=[{"@type": "Person", "name": "Marta Ilves"}, {"@type": "Person", "name": "By Jon Okafor"}],
    datePublished="2026-11-24T09:00:00+02:00",
    dateModified="2026-11-24T11:00:00+02:00",
    articleSection="World",
    keywords="ceasefire, talks",
    isAccessibleForFree="False",
    inLanguage="en-GB",
    publisher={"@type": "Organization", "name": "Harbour Times"},
    image={"url": "/talks.jpg"},
)


def test_every_field_is_read_with_its_origin() -> None:
    extraction = extract(head=FULL + '<link rel="canonical" href="/talks">')
    assert extraction.title == "Talks resume in Harbour City"
    assert extraction.authors == ("Marta Ilves", "Jon Okafor")
    assert extraction.published is not None
    assert extraction.published.isoformat() == "2026-11-24T09:00:00+02:00"
    assert extraction.modified is not None
    assert extraction.modified.isoformat() == "2026-11-24T11:00:00+02:00"
    assert (extraction.section, extraction.tags) == ("World", ("ceasefire", "talks"))
    assert (extraction.language, extraction.site_name) == ("en", "Harbour Times")
    assert extraction.image == "https://harbour-times.example/talks.jpg"
    assert extraction.canonical_url == "https://harbour-times.example/talks"
    assert extraction.paywalled is True
    assert extraction.origins == {
        "authors": "json-ld:author",
        "canonical_url": "link rel=canonical",
        "encoding": "utf-8 (utf-8)",
        "image": "json-ld:image",
        "language": "json-ld:inLanguage",
        "modified": "json-ld:dateModified",
        "paywalled": "json-ld:isAccessibleForFree",
        "published": "json-ld:datePublished",
        "section": "json-ld:articleSection",
        "site_name": "json-ld:publisher",
        "tags": "json-ld:keywords",
        "title": "json-ld:headline",
    }


def test_meta_tags_speak_where_there_is_no_json_ld() -> None:
    head = meta(og__title="Talks resume", article__section="World", og__site_name="Harbour Times", author="Marta Ilves")
    extraction = extract(head=head + meta(og__image="https://img.example/a.jpg", article__content_tier="free"))
    assert extraction.title == "Talks resume"
    assert (extraction.section, extraction.site_name, extraction.authors) == (
        "World",
        "Harbour Times",
        ("Marta Ilves",),
    )
    assert (extraction.image, extraction.paywalled) == ("https://img.example/a.jpg", False)


def test_what_a_page_does_not_say_is_empty() -> None:
    extraction = extract_page(page(b"<html><body>" + BODY.encode() + b"</body></html>"))
    assert (extraction.authors, extraction.section, extraction.tags, extraction.image) == ((), "", (), "")
    assert (extraction.paywalled, extraction.canonical_url) == (None, "")
    assert (extraction.language, extraction.origins["language"]) == ("en", "detected")
    assert (extraction.title, extraction.origins["title"]) == ("Talks resume in Harbour City", "h1")
    assert extraction.site_name == "harbour-times.example"


def test_the_entrys_title_stands_in_for_a_missing_one() -> None:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS).encode()
    extraction = extract_page(page(b"<html><body>" + body + b"</body></html>", title="From the feed"))
    assert (extraction.title, extraction.origins["title"]) == ("From the feed", "entry")


@pytest.mark.parametrize(
    "title",
    [
        "Talks resume | Harbour Times",
        "Talks resume - harbour times",
        "Talks resume — Harbour-Times.example",
        "Harbour Times: | Talks resume",
    ],
)
def test_the_sites_name_is_cut_from_the_title(title: str) -> None:
    assert (
        extract("<p>" + "</p><p>".join(PARAGRAPHS), meta(og__title=title, og__site_name="Harbour Times")).title
        == "Talks resume"
    )


def test_a_title_with_a_bar_of_its_own_is_kept() -> None:
    assert (
        extract(head=meta(og__title="Talks | what we know", og__site_name="Harbour Times")).title
        == "Talks | what we know"
    )


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Marta Ilves", ("Marta Ilves",)),
        ("By Marta Ilves and Jon Okafor", ("Marta Ilves", "Jon Okafor")),
        ({"name": ["Marta Ilves", "Jon Okafor"]}, ("Marta Ilves", "Jon Okafor")),
        ([{"@id": "#m"}], ("Marta Ilves",)),
        ("https://harbour-times.example/staff/7", ()),
        ("news@harbour-times.example", ()),
        (7, ()),
        ([[], {}, None], ()),
    ],
)
def test_authors_are_names(author: object, names: tuple[str, ...]) -> None:
    person = '<script type="application/ld+json">{"@type":"Person","@id":"#m","name":"Marta Ilves"}</script>'
    assert extract(head=json_ld(author=author) + person).authors == names


def test_the_pages_own_node_is_told_from_related_ones() -> None:
    related = {"@type": "NewsArticle", "headline": "Another article"}
    own = {
        "@type": "NewsArticle",
        "headline": "Talks resume",
        "author": {"name": "Marta Ilves"},
        "datePublished": "2026-11-24",
    }
    head = f'<script type="application/ld+json">{json.dumps({"@graph": [related, own, related]})}</script>'
    assert extract(head=head).title == "Talks resume"


@pytest.mark.parametrize(
    "block",
    [
        '<!-- {"@type":"NewsArticle","headline":"Talks"} -->',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"Talks"}\n//]]>',
        '{"@type":"NewsArticle","headline":"Talks",}',
        '{"@type":"NewsArticle","headline":"Talks"};',
        '{"@type":"NewsArticle","headline":"Talks","x":"a\\\'b"}',
        '{"@type":"NewsArticle","headline":"Talks","x":"line\nbreak\ttab"}',
        '{"@type":["NewsArticle","CreativeWork"],"headline":"<b>Talks</b>"}',
        '{"@type":"https://schema.org/NewsArticle","headline":"Talks"}',
    ],
)
def test_json_ld_is_read_although_it_is_not_quite_json(block: str) -> None:
    extraction = extract(head=f'<script type="application/ld+json">{block}</script>')
    assert (extraction.title, extraction.method_detail) == ("Talks", "")


def test_dates_are_picked_out_of_json_ld_that_cannot_be_read() -> None:
    block = '{"@type":"NewsArticle","headline":"He said "no"","datePublished":"2026-11-24T09:00:00Z"}'
    extraction = extract(head=f'<script type="application/ld+json">{block}</script>')
    assert extraction.published == NOW.replace(hour=9)
    assert extraction.method_detail == "1 broken JSON-LD blocks"


def test_a_wrong_language_declaration_is_overruled_by_the_text() -> None:
    german = (
        "<p>Die Gespräche über eine Waffenruhe wurden am Dienstag fortgesetzt, doch die Seiten konnten sich nicht "
        "darüber einigen, was nach den Wahlen mit der Stadt geschehen würde. Die Stadt liegt an der Küste, und "
        "der Hafen ist seit dem Frühjahr für die meisten Schiffe geschlossen, weil die Versicherer nicht zahlen.</p>"
    )
    extraction = extract_page(page(html(german, lang="en")))
    assert (extraction.language, extraction.origins["language"]) == ("de", "detected (declared en)")


def test_relative_links_are_made_absolute_and_others_refused() -> None:
    head = '<link rel="canonical" href="javascript:alert(1)"><meta property="og:url" content="/a?b=1">'
    assert extract(head=head).canonical_url == "https://harbour-times.example/a?b=1"


def test_no_field_holds_what_cannot_be_stored() -> None:
    extraction = extract(head=json_ld(headline="Talks \ud800 \x00 resume", keywords="a\udfff,b"))
    assert json.dumps(extraction._asdict(), default=str).encode()
    assert "\ud800" not in extraction.title
    assert extraction.title.encode().decode().split() == ["Talks", "resume"]
    assert URL.startswith("https")


def test_the_node_with_the_pages_url_is_its_own_however_full_the_others_are() -> None:
    own = {"@type": "NewsArticle", "headline": "Talks resume", "mainEntityOfPage": {"@id": f"{URL}?utm_source=x#top"}}
    other = {
        "@type": "NewsArticle",
        "headline": "Other",
        "url": "/other",
        "author": "A B",
        "keywords": "x",
        "name": "y",
    }
    head = f'<script type="application/ld+json">{json.dumps([other, own])}</script>'
    assert extract(head=head).title == "Talks resume"
