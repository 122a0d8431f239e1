"""Sitemaps of every form, broken ones too."""

import gzip
from datetime import UTC, datetime

import pytest

from include.wirewatch.discover import sitemap
from tests.discover.conftest import source_of
from tests.effort import assert_linear, peak_bytes

BASE = "https://news.example/sitemap.xml"
NS = "http://www.sitemaps.org/schemas/sitemap/0.9"
NEWS = "http://www.google.com/schemas/sitemap-news/0.9"


def urlset(*urls: str) -> bytes:
    return (
        f"<?xml version='1.0'?><urlset xmlns='{NS}' xmlns:news='{NEWS}' "
        f"xmlns:image='http://www.google.com/schemas/sitemap-image/1.1'>{''.join(urls)}</urlset>"
    ).encode()


def url(loc: str, lastmod: str = "", news: str = "") -> str:
    return f"<url><loc>{loc}</loc>{f'<lastmod>{lastmod}</lastmod>' if lastmod else ''}{news}</url>"


def parse(body: bytes, **settings: object):
    return sitemap.parse(body, source_of("sitemap", BASE, **settings), BASE, "")


def test_a_news_sitemap_brings_titles_and_publication_dates():
    news = (
        "<news:news><news:publication><news:name>Ours</news:name></news:publication>"
        "<news:publication_date>2026-11-23T12:00:00+02:00</news:publication_date>"
        "<news:title>Truce &amp; talks</news:title></news:news>"
        "<image:image><image:loc>https://img.example/1.jpg</image:loc><image:title>A photo</image:title></image:image>"
    )
    (entry,) = parse(urlset(url("https://news.example/a", "2026-11-23T15:00:00Z", news))).entries
    assert (entry.url, entry.title) == ("https://news.example/a", "Truce & talks")
    assert entry.published == datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert entry.published_from == "sitemap:news"
    assert entry.modified == datetime(2026, 11, 23, 15, tzinfo=UTC)


def test_an_image_before_the_page_does_not_lend_it_its_address():
    image = "<image:image><image:loc>https://img.example/1.jpg</image:loc></image:image>"
    (entry,) = parse(urlset(f"<url>{image}<loc>https://news.example/a</loc></url>")).entries
    assert entry.url == "https://news.example/a"


@pytest.mark.parametrize(
    ("lastmod", "published"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2026-11-23T10:00:00+02:00", datetime(2026, 11, 23, 8, tzinfo=UTC)),
        ("2026-11-23T10:00Z", datetime(2026, 11, 23, 10, tzinfo=UTC)),
        ("", None),
        ("soon", None),
    ],
)
def test_without_news_dates_lastmod_has_to_do_and_says_so(lastmod, published):
    (entry,) = parse(urlset(url("https://news.example/a", lastmod))).entries
    assert entry.published == published
    assert entry.published_from == ("sitemap:lastmod" if published else "")


def test_an_index_names_further_files_the_newest_first():
    files = "".join(
        f"<sitemap><loc>{loc}</loc><lastmod>{day}</lastmod></sitemap>"
        for loc, day in [("/old.xml", "2020-01-01"), ("/new.xml", "2026-11-23"), ("/mid.xml", "2025-05-05")]
    )
    parsed = parse(
        f"<sitemapindex xmlns='{NS}'>{files}<sitemap><loc>/undated.xml</loc></sitemap></sitemapindex>".encode()
    )
    assert [more.rpartition("/")[2] for more in parsed.more] == ["new.xml", "mid.xml", "old.xml", "undated.xml"]
    assert not parsed.entries


def test_gzip_files_are_unpacked():
    assert len(parse(gzip.compress(urlset(url("https://news.example/a")))).entries) == 1


def test_a_gzip_bomb_is_refused_without_being_unpacked():
    bomb = gzip.compress(b"<urlset>" + b" " * 200_000_000, 9)
    assert "unpacked" in parse(bomb).trouble
    assert peak_bytes(lambda: parse(bomb)) < 3 * sitemap.MAX_UNPACKED_BYTES


def test_plain_text_lists_are_read():
    body = b"\xef\xbb\xbfhttps://news.example/a\r\nhttps://news.example/b\n\n"
    assert [entry.url[-1] for entry in parse(body).entries] == ["a", "b"]


@pytest.mark.parametrize("namespace", ["", "http://www.google.com/schemas/sitemap/0.84", "https://www.sitemaps.org/x"])
def test_the_namespace_does_not_matter(namespace):
    body = f"<urlset xmlns='{namespace}'><url><loc>https://news.example/a</loc></url></urlset>".encode()
    assert len(parse(body).entries) == 1


def test_what_a_broken_file_has_is_read_and_the_place_is_said():
    body = urlset(url("https://news.example/a"), url("https://news.example/b?x=1&y=2"), "<url><loc>https://news.ex")
    parsed = parse(body[: -len("</urlset>")])
    assert parsed.entries[0].url == "https://news.example/a"
    assert "line 1, column" in parsed.trouble


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Sign in</body></html>",
        b"<?xml version='1.0'?><!DOCTYPE u [<!ENTITY a 'b'>]><urlset><url><loc>https://news.example/&a;</loc></url></urlset>",
        b"<html><body>Sign in</body></html>",
        b"",
        b"nothing of the kind",
        b"\x1f\x8bnot gzip",
        b"{}",
    ],
    ids=repr,
)
def test_what_is_no_sitemap_is_said_to_be_none(body):
    parsed = parse(body)
    assert parsed.entries == []
    assert parsed.trouble


def test_an_empty_sitemap_is_not_broken():
    parsed = parse(urlset())
    assert (parsed.entries, parsed.trouble) == ([], "")


def test_of_too_many_entries_the_newest_are_kept():
    body = urlset(*(url(f"https://news.example/{day}", f"2026-11-{day:02}") for day in range(1, 21)))
    assert {entry.url.rpartition("/")[2] for entry in parse(body, max_entries=3).entries} == {"18", "19", "20"}


def test_locations_that_are_no_web_address_are_left_out():
    body = urlset(url("ftp://news.example/a"), url(""), url("javascript:1"), url("/b"))
    assert [entry.url for entry in parse(body).entries] == ["https://news.example/b"]


def test_fifty_thousand_urls_are_read_and_work_grows_no_faster_than_they():
    def reading(size):
        body = urlset(*(url(f"https://news.example/{n}", "2026-11-23") for n in range(size)))
        return lambda: parse(body)

    assert len(reading(50_000)().entries) == 500
    assert_linear(reading, 600)
