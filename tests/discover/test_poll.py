"""One poll: conditional, over several files, each page once."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.wirewatch.config.sources import Source
from include.wirewatch.discover import KINDS, discover
from include.wirewatch.models import Outcome, Reason
from tests.discover.conftest import BASE, Web, capture_of, source_of
from tests.discover.test_feed import KINDS as FEEDS
from tests.discover.test_feed import item, rss
from tests.discover.test_sitemap import url, urlset

INDEX = "https://news.example/sitemap.xml"


def poll(web: Web, source: Source, **validators: str):
    return asyncio.run(discover(source, web, **validators))


def index_of(*files: str) -> bytes:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{file}</loc></sitemap>' for file in files)}</sitemapindex>".encode()


def test_every_kind_that_the_settings_know_has_its_module():
    assert set(KINDS) == set(Source.model_json_schema()["properties"]["kind"]["enum"])


def test_a_good_poll_brings_entries_and_validators():
    answer = capture_of(
        BASE, rss(item()).encode(), ("ETag", '"v1"'), ("Last-Modified", "Mon, 23 Nov 2026 12:00:00 GMT")
    )
    found = poll(Web({BASE: answer}), source_of())
    assert [entry.url for entry in found.entries] == ["https://news.example/a"]
    assert found.outcome.reason is Reason.FETCHED
    assert (found.etag, found.last_modified) == ('"v1"', "Mon, 23 Nov 2026 12:00:00 GMT")


def test_validators_are_sent_only_where_there_are_some():
    web = Web({BASE: rss().encode()})
    poll(web, source_of(), etag='"v1"')
    poll(web, source_of())
    assert web.asked == [(BASE, {"If-None-Match": '"v1"'}), (BASE, {})]


@pytest.mark.parametrize("reason", [Reason.UNCHANGED, Reason.TIMEOUT, Reason.REFUSED_ADDRESS])
def test_what_the_fetch_answers_is_what_the_poll_answers(reason):
    found = poll(Web({BASE: Outcome(reason=reason, detail="why")}), source_of())
    assert (found.outcome.reason, found.entries, found.detail) == (reason, (), "why")


def test_a_broken_feed_is_a_bad_response_and_its_validators_are_not_kept():
    answer = capture_of(BASE, b"<html>Sign in", ("ETag", '"v1"'))
    found = poll(Web({BASE: answer}), source_of())
    assert found.outcome.reason is Reason.BAD_RESPONSE
    assert found.detail
    assert found.etag == ""


def test_bytes_on_which_the_parsers_raise_are_a_bad_response_too():
    # feedparser raises UnicodeDecodeError on an encoding's name that is not UTF-8.
    found = poll(Web({BASE: b"<?xml version='1.0' encoding='utf\xd8'?><rss><channel>"}), source_of())
    assert found.outcome.reason is Reason.BAD_RESPONSE
    assert found.detail


SCRAPS = (
    b"<",
    b">",
    b"&",
    b"&#xD800;",
    b"&#0;",
    b"<![CDATA[",
    b"]]>",
    b'"',
    b"\x00",
    b"\xff\xfe",
    b"<!--",
    b"<link>",
    b"%",
    b"[",
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(
        [*(body.encode() for body in FEEDS.values()), urlset(url("/a", "2026-11-23")), b"<a href='/a'>Talks</a>"]
    ),
    st.lists(
        st.tuples(st.integers(0, 700), st.integers(0, 40), st.sampled_from(SCRAPS) | st.binary(max_size=9)), max_size=6
    ),
    st.sampled_from(sorted(KINDS)),
)
def test_no_damage_to_a_listing_raises(body, damage, kind):
    for at, length, scrap in damage:
        body = body[:at] + scrap + body[at + length :]
    found = poll(Web({BASE: body}), source_of(kind))
    assert found.outcome.reason in (Reason.FETCHED, Reason.BAD_RESPONSE)


def test_an_empty_feed_is_fetched():
    assert poll(Web({BASE: rss().encode()}), source_of()).outcome.reason is Reason.FETCHED


def test_each_page_is_one_entry_however_often_it_is_listed():
    body = rss(item(link="/a"), item(link="/a?utm_source=feed"), item(link="/a#x"), item(link="/b"))
    found = poll(Web({BASE: body.encode()}), source_of())
    assert [entry.url for entry in found.entries] == ["https://news.example/a", "https://news.example/b"]


def test_an_index_is_read_with_the_files_that_it_names():
    web = Web({
        INDEX: index_of("/one.xml", "/two.xml"),
        "https://news.example/one.xml": urlset(url("/a")),
        "https://news.example/two.xml": urlset(url("/b")),
    })  # fmt: skip
    found = poll(web, source_of("sitemap", INDEX))
    assert {entry.url[-1] for entry in found.entries} == {"a", "b"}
    assert found.outcome.reason is Reason.FETCHED


def test_a_file_of_an_index_that_fails_does_not_cost_the_others():
    web = Web({INDEX: index_of("/gone.xml", "/two.xml"), "https://news.example/two.xml": urlset(url("/b"))})
    found = poll(web, source_of("sitemap", INDEX))
    assert len(found.entries) == 1
    assert found.outcome.reason is Reason.BAD_RESPONSE
    assert "gone.xml: http_404" in found.detail


def test_an_index_that_names_itself_and_others_without_end_is_bounded():
    class Endless(Web):
        async def __call__(self, url, headers):
            await super().__call__(url, headers)
            return capture_of(url, index_of(INDEX, f"/{len(self.asked)}a.xml", f"/{len(self.asked)}b.xml"))

    web = Endless({})
    poll(web, source_of("sitemap", INDEX))
    assert len(web.asked) <= 11
