"""What makes two URLs the same article. The golden table may only grow: its right side is stored as identity."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.wirewatch.urls import (
    CANONICAL_VERSION,
    absolute,
    article_id,
    canonical_of,
    canonicalise,
    host_of,
    redact,
    site_of,
)

S = "https://news.example"

# Version 1. Add lines; a changed line is a new CANONICAL_VERSION.
GOLDEN = {
    # spelling of host, port, path
    "HTTPS://NEWS.Example/World/A": f"{S}/World/A",
    f"{S}": f"{S}/",
    f"{S}:443/a": f"{S}/a",
    "http://news.example:80/a": "http://news.example/a",
    f"{S}:8443/a": f"{S}:8443/a",
    "https://news.example./a": f"{S}/a",
    "https://reader:secret@news.example/a": f"{S}/a",
    f"{S}/a/./b/../c": f"{S}/a/c",
    f"{S}/a/": f"{S}/a/",
    f"{S}//a": f"{S}//a",
    f"  {S}/a\n": f"{S}/a",
    f"{S}\\a\\b": f"{S}/a/b",
    f"{S}/a#comments": f"{S}/a",
    f"{S}/#!/a": f"{S}/",
    f"{S}/a?": f"{S}/a",
    f"{S}/a;jsessionid=0A1B": f"{S}/a",
    "https://bücher.example/ä": "https://xn--bcher-kva.example/%C3%A4",
    "https://новости.example/мир": "https://xn--b1amnebsh.example/%D0%BC%D0%B8%D1%80",
    f"{S}/%7Edesk/%61": f"{S}/~desk/a",
    f"{S}/%d0%bc%d0%b8": f"{S}/%D0%BC%D0%B8",
    f"{S}/a%2Fb": f"{S}/a%2Fb",
    f"{S}/a%20b": f"{S}/a%20b",
    f"{S}/a b": f"{S}/a%20b",
    "http://127.0.0.1:8001/a": "http://127.0.0.1:8001/a",
    "http://[::1]:80/a": "http://[::1]/a",
    # queries that say what is read
    f"{S}/story.php?story=123": f"{S}/story.php?story=123",
    f"{S}/?p=123": f"{S}/?p=123",
    f"{S}/index.php?option=com_content&id=7&view=article": f"{S}/index.php?id=7&option=com_content&view=article",
    f"{S}/a?b=2&a=1": f"{S}/a?a=1&b=2",
    f"{S}/a?x=2&x=1": f"{S}/a?x=2&x=1",
    f"{S}/a?page=2": f"{S}/a?page=2",
    f"{S}/a?b": f"{S}/a?b",
    f"{S}/a?b=": f"{S}/a?b=",
    f"{S}/a?id=1&&x=2&": f"{S}/a?id=1&x=2",
    f"{S}/a?source=ministry": f"{S}/a?source=ministry",
    f"{S}/a?ref=12345": f"{S}/a?ref=12345",
    f"{S}/a?from=2026-11-01": f"{S}/a?from=2026-11-01",
    f"{S}/a?cid=123": f"{S}/a?cid=123",
    f"{S}/a?utm=1": f"{S}/a?utm=1",
    # queries that say how the reader came
    f"{S}/a?utm_source=rss&utm_medium=feed&utm_campaign=x": f"{S}/a",
    f"{S}/a?UTM_Source=rss": f"{S}/a",
    f"{S}/a?id=1&utm_content=b&x=2": f"{S}/a?id=1&x=2",
    f"{S}/a?fbclid=abc": f"{S}/a",
    f"{S}/a?gclid=abc&gbraid=d&wbraid=e": f"{S}/a",
    f"{S}/a?yclid=1&ysclid=2": f"{S}/a",
    f"{S}/a?at_medium=RSS&at_campaign=KARANGA": f"{S}/a",
    f"{S}/a?maca=en-rss-en-all-1573-rdf": f"{S}/a",
    f"{S}/a?traffic_source=rss": f"{S}/a",
    f"{S}/a.html?partner=rss&emc=rss": f"{S}/a.html",
    f"{S}/a?smid=tw-share": f"{S}/a",
    f"{S}/a?xtor=RSS-3208": f"{S}/a",
    f"{S}/a?CMP=share_btn_tw": f"{S}/a",
    f"{S}/a?cmpid=socialflow": f"{S}/a",
    f"{S}/a?mc_cid=1&mc_eid=2": f"{S}/a",
    f"{S}/a?ocid=social": f"{S}/a",
    f"{S}/a?ref=rss": f"{S}/a",
    f"{S}/a?from=push&id=7": f"{S}/a?id=7",
    f"{S}/a?ref_src=twsrc%5Etfw": f"{S}/a",
    f"{S}/a?__twitter_impression=true": f"{S}/a",
    f"{S}/a?usqp=mq331AQ&amp_js_v=0.1": f"{S}/a",
    f"{S}/a?outputType=amp": f"{S}/a",
    f"{S}/a?ns_mchannel=rss&ns_source=x&ns_campaign=y": f"{S}/a",
    f"{S}/a?wt.mc_id=rss": f"{S}/a",
    f"{S}/a?igshid=1": f"{S}/a",
    f"{S}/a?_ga=1.2": f"{S}/a",
}


@pytest.mark.parametrize(("url", "canonical"), GOLDEN.items(), ids=GOLDEN.keys())
def test_the_golden_table_of_version_1_holds(url, canonical):
    assert CANONICAL_VERSION == 1
    assert canonicalise(url) == canonical
    assert canonicalise(canonical) == canonical


def test_the_identity_of_a_known_article_has_not_moved():
    assert article_id("https://news.example/a") == "95bbca1f9b4bae7d73e89dc2c1be3dbe"


@pytest.mark.parametrize(
    "url",
    [
        *["", "a", "/a", "//news.example/a", "ftp://news.example/a", "javascript:alert(1)", "mailto:x@y.example"],
        *["http://", "http://[::1", "http://a b/", "data:text/html,x", "http://news.example:99999/", "http://\udcff/"],
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValueError, match="URL"):
        canonicalise(url)


@given(st.from_regex(r"\Ahttps?://[a-z]{1,8}\.example(/[a-zA-Z0-9%._~-]{0,8}){0,3}(\?[a-z_]{1,8}=[^\s#]{0,8}){0,2}\Z"))
def test_canonicalising_twice_changes_nothing(url):
    once = canonicalise(url)
    assert canonicalise(once) == once


@given(st.permutations(["a=1", "b=2", "c=3", "utm_source=x", "fbclid=y"]))
def test_the_order_of_a_query_does_not_matter(pairs):
    assert canonicalise(f"{S}/a?{'&'.join(pairs)}") == f"{S}/a?a=1&b=2&c=3"


@given(st.text())
def test_any_text_is_canonical_or_refused(text):
    with suppress(ValueError):
        assert canonicalise(text).startswith(("http://", "https://"))
    assert "\n" not in redact(text)


CANONICAL_LINKS = {
    # final URL, declared rel=canonical → the article's URL
    "AMP host": ("https://amp.news.example/a", "https://www.news.example/a", "https://www.news.example/a"),
    "AMP path": (f"{S}/amp/a", f"{S}/a", f"{S}/a"),
    "mobile host": ("https://m.news.example/a", f"{S}/a", f"{S}/a"),
    "print view": (f"{S}/a?view=print", f"{S}/a", f"{S}/a"),
    "relative": (f"{S}/world/a?x=1", "/world/a", f"{S}/world/a"),
    "without a scheme": (f"{S}/a?x=1", "//news.example/a", f"{S}/a"),
    "with tracking": (f"{S}/a?x=1", f"{S}/a?utm_source=canonical", f"{S}/a"),
    "none": (f"{S}/a?utm_source=x", "", f"{S}/a"),
    "white space": (f"{S}/a", "  ", f"{S}/a"),
    "another site": (f"{S}/a", "https://agency.example/b", f"{S}/a"),
    "another blog of the same host": ("https://one.github.io/a", "https://two.github.io/a", "https://one.github.io/a"),
    "another company under the same suffix": ("https://a.co.uk/x", "https://b.co.uk/x", "https://a.co.uk/x"),
    "the front page": (f"{S}/a", f"{S}/", f"{S}/a"),
    "the front page itself": (f"{S}/", f"{S}/", f"{S}/"),
    "no web address": (f"{S}/a", "javascript:void(0)", f"{S}/a"),
    "broken": (f"{S}/a", "http://[", f"{S}/a"),
    "another port of an address": ("http://127.0.0.1:1/a", "http://127.0.0.1:2/a", "http://127.0.0.1:1/a"),
}


@pytest.mark.parametrize("case", CANONICAL_LINKS)
def test_a_declared_canonical_url_is_believed_on_the_same_site_only(case):
    final, declared, expected = CANONICAL_LINKS[case]
    assert canonical_of(final, declared) == expected


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("news.example", "news.example"),
        ("www.news.example:8080", "news.example"),
        ("www.bbc.co.uk", "bbc.co.uk"),
        ("m.news.com.au:8080", "news.com.au"),
        ("desk.github.io", "desk.github.io"),
        ("localhost:8001", "localhost:8001"),
        ("127.0.0.1:8001", "127.0.0.1:8001"),
        ("[::1]:8001", "[::1]:8001"),
        ("xn--e1afmkfd.xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_the_site_of_a_host_is_what_one_publisher_can_register(host, site):
    assert site_of(host) == site


def test_hosts_carry_their_port_only_where_it_is_not_the_schemes_own():
    assert host_of("https://News.Example:443/a") == "news.example"
    assert host_of("http://127.0.0.1:8001/") == "127.0.0.1:8001"


def test_redacting_leaves_neither_password_nor_query_nor_fragment():
    assert redact("https://u:secret@news.example/a?api_key=k#f") == "https://news.example/a"
    assert "secret" not in redact("ftp://u:secret@news.example/a")


@pytest.mark.parametrize(
    "link",
    [
        "https://[broken/a?api_key=s3cret",
        "https://[broken/a#s3cret",
        "https://u:s3cret@[broken/a",
        "https://u:s3?cret@[broken/a?mail=a@b&key=s3cret",
        "//u:s3cret@news\u2100.example/a",
    ],
)
def test_the_error_about_a_link_holds_no_query_no_fragment_and_no_password(link):
    with pytest.raises(ValueError, match="URL") as caught:
        absolute(link, S)
    assert "s3" not in str(caught.value)


def test_links_become_absolute_without_their_fragment():
    assert absolute("../b?x=1#f", f"{S}/world/a/c") == f"{S}/world/b?x=1"
    with pytest.raises(ValueError, match="URL"):
        absolute("mailto:x@y.example", S)
