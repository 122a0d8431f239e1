"""Every kind of feed, as publishers really write them, gives the entries that feedparser gives."""

import gzip
import os
import warnings
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest

from include.wirewatch.discover import feed
from include.wirewatch.discover.plain import MAX_SUMMARY, MAX_TITLE, plain_text
from include.wirewatch.urls import absolute
from tests.discover.conftest import BASE, source_of

CORPUS = Path(os.environ.get("WIREWATCH_CORPUS", Path(__file__).parents[3] / "shared" / "corpus")) / "feeds"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def entries(body: bytes | str, content_type: str = "", **settings: object):
    raw = body.encode() if isinstance(body, str) else body
    return feed.parse(raw, source_of(**settings), BASE, content_type).entries


def rss(*items: str, head: str = "<?xml version='1.0'?>") -> str:
    return f"{head}<rss version='2.0'><channel><title>Ours</title>{''.join(items)}</channel></rss>"


def item(**fields: str) -> str:
    given = {"title": "Talks", "link": "https://news.example/a", **fields}
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in given.items() if value) + "</item>"


KINDS = {
    "RSS 2.0": rss(item(pubDate="Mon, 23 Nov 2026 12:00:00 GMT", description="They met.")),
    "RSS 0.91": rss(item(pubDate="Mon, 23 Nov 2026 12:00:00 GMT", description="They met.")).replace("2.0", "0.91"),
    "RDF": """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
        xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://news.example/"><title>Ours</title></channel>
        <item rdf:about="https://news.example/a"><title>Talks</title><link>https://news.example/a</link>
        <description>They met.</description><dc:date>2026-11-23T12:00:00Z</dc:date></item></rdf:RDF>""",
    "Atom": """<feed xmlns="http://www.w3.org/2005/Atom"><title>Ours</title><entry><title>Talks</title>
        <link rel="edit" href="/edit"/><link rel="alternate" href="https://news.example/a"/>
        <published>2026-11-23T13:00:00+01:00</published><summary type="html">They &lt;b&gt;met&lt;/b&gt;.</summary>
        </entry></feed>""",
    "JSON Feed": """{"version": "https://jsonfeed.org/version/1.1", "title": "Ours", "items": [{"id": "1",
        "title": "Talks", "url": "https://news.example/a", "summary": "They met.",
        "date_published": "2026-11-23T12:00:00Z"}]}""",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_feed_is_read(kind):
    (entry,) = entries(KINDS[kind])
    assert (entry.url, entry.title, entry.published) == ("https://news.example/a", "Talks", NOON)
    assert entry.summary.replace(" .", ".") == "They met."
    assert (entry.source, entry.published_from) == ("ours", "feed")


def test_a_change_is_told_from_the_publication():
    body = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>Talks</title><link href="/a"/>
        <published>2026-11-23T12:00:00Z</published><updated>2026-11-23T15:00:00Z</updated></entry>
        <entry><title>More</title><link href="/b"/><updated>2026-11-23T12:00:00Z</updated></entry></feed>"""
    first, second = entries(body)
    assert (first.published, first.modified) == (NOON, NOON.replace(hour=15))
    assert (second.published, second.published_from) == (NOON, "feed")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Talks &amp;amp; more", "Talks & more"),
        ("<![CDATA[Talks <b>resume</b> &amp; go&nbsp;on]]>", "Talks resume & go on"),
        ("Talks &lt;i&gt;resume&lt;/i&gt;", "Talks resume"),
        ("  Talks\n\t resume  ", "Talks resume"),
        ("1 &lt; 2", "1 < 2"),
        ("Перемирие «сегодня»", "Перемирие «сегодня»"),
        ("&#1055;&#x435;&#x440;", "Пер"),
        ("", ""),
    ],
)
def test_titles_are_plain_text(written, read):
    (entry,) = entries(rss(item(title=written)))
    assert entry.title == read


def test_a_lone_surrogate_in_a_json_feed_cannot_break_the_batch():
    body = r'{"version":"https://jsonfeed.org/version/1.1","title":"x","items":[{"id":"1","url":"https://h.example/1",'
    (entry,) = entries(body + r'"title":"Talks \ud800 resume","summary":"s \udfff"}]}')
    assert entry.title == "Talks ? resume"
    assert "Talks" in entry.model_dump_json()


def test_titles_and_summaries_are_bounded():
    (entry,) = entries(rss(item(title="t" * 9000, description="&lt;p&gt;" + "s " * 90_000)))
    assert len(entry.title) == MAX_TITLE
    assert 0 < len(entry.summary) <= MAX_SUMMARY


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/a?x=1", "https://news.example/a?x=1"),
        ("a", "https://news.example/a"),
        ("//m.news.example/a", "https://m.news.example/a"),
        ("  https://news.example/a#part\n", "https://news.example/a"),
        ("https://news.example/a?b=1&amp;c=2", "https://news.example/a?b=1&c=2"),
        ("https://news.example/Äb", "https://news.example/%C3%84b"),
    ],
)
def test_links_become_absolute(link, url):
    assert [entry.url for entry in entries(rss(item(link=link)))] == [url]


def test_an_entry_without_a_link_is_left_out_unless_its_id_is_one():
    body = rss(item(link=""), item(link="", guid="https://news.example/b"), item(link="mailto:x@wire.example"), item())
    assert [entry.url for entry in entries(body)] == ["https://news.example/b", "https://news.example/a"]


def test_a_bare_ampersand_costs_neither_the_link_nor_the_title():
    (entry,) = entries(rss(item(title="AT&T talks & more", link="https://news.example/a?b=1&c=2")))
    assert (entry.title, entry.url) == ("AT&T talks & more", "https://news.example/a?b=1&c=2")


def test_an_ampersand_inside_cdata_stays_what_it_is():
    (entry,) = entries(rss(item(title="A & B", link="<![CDATA[https://news.example/a?b=1&c=2]]>")))
    assert (entry.title, entry.url) == ("A & B", "https://news.example/a?b=1&c=2")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Talks &#55357;&#56832; resume", "Talks 😀 resume"),
        ("Talks &#xD83D;&#xDE00; resume", "Talks 😀 resume"),
        ("Talks &#xD800; resume", "Talks resume"),
        ("AT&T &#55357;&#56832;", "AT&T 😀"),
        ("Talks &#55295;&#57344;", "Talks \ud7ff\ue000"),
        ("Talks &#0; resume", "Talks resume"),
    ],
)
def test_emoji_written_as_two_halves_do_not_cost_the_feed(written, read):
    assert [entry.title for entry in entries(rss(item(title=written), item(link="/b")))] == [read, "Talks"]


def test_half_a_character_in_json_does_not_cost_the_feed():
    body = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"title": "Ta\\ud800lks", "url": "/a"}]}'
    (entry,) = entries(body)
    assert (entry.title.replace("?", ""), entry.url) == ("Talks", "https://news.example/a")


def test_mismatched_tags_do_not_cost_the_entries():
    body = rss("<item><title>Talks</b></title><link>https://news.example/a</link></item>", item(link="/b"))
    assert {entry.url for entry in entries(body)} == {"https://news.example/a", "https://news.example/b"}


def test_a_feed_that_breaks_off_gives_what_it_had():
    body = rss(item(link="/a"), item(link="/b"), item(link="/c")).encode()
    assert [entry.url[-2:] for entry in entries(body[:-60])][:2] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("head", "coding", "content_type"),
    [
        ("<?xml version='1.0' encoding='windows-1251'?>", "windows-1251", ""),
        ("<?xml version='1.0' encoding='koi8-r'?>", "koi8-r", ""),
        ("<?xml version='1.0' encoding='utf-16'?>", "utf-16", ""),
        ("<?xml version='1.0'?>", "windows-1251", "application/rss+xml; charset=windows-1251"),
        ("<?xml version='1.0'?>", "utf-8-sig", ""),
    ],
)
def test_declared_encodings_are_heeded(head, coding, content_type):
    (entry,) = entries(rss(item(title="Перемирие"), head=head).encode(coding), content_type)
    assert entry.title == "Перемирие"


def test_undeclared_latin_1_is_not_turned_into_replacement_characters():
    (entry,) = entries(rss(item(title="Trêve à Genève")).encode("latin-1"))
    assert entry.title == "Trêve à Genève"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", NOON),
        ("Mon, 23 Nov 2026 07:00:00 EST", NOON),
        ("Mon, 23 Nov 2026 14:00:00 +0200", NOON),
        ("23 Nov 2026 12:00:00 +0000", NOON),
        ("2026-11-23T12:00:00Z", NOON),
        ("2026-11-23 12:00:00", NOON),
        ("5/11/2026 10.00", None),
        ("2 hours ago", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_read_or_left_unknown_but_never_guessed(written, read):
    (entry,) = entries(rss(item(pubDate=written)))
    assert entry.published == read
    assert (entry.published_from == "feed") == (read is not None)


def test_only_so_many_entries_are_read():
    assert len(entries(rss(*(item(link=f"/{n}") for n in range(50))), max_entries=7)) == 7


@pytest.mark.parametrize("body", [rss(), '<feed xmlns="http://www.w3.org/2005/Atom"><title>Quiet</title></feed>'])
def test_valid_and_empty_is_not_broken(body):
    parsed = feed.parse(body.encode(), source_of(), BASE, "")
    assert parsed.entries == []
    assert parsed.trouble == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n",
        b"<html><body>Sign in",
        b"\x00\xff\x00\xff" * 100,
        b"not a feed",
        b"<?xml version='1.0'?>\n<rss",
        b"{",
        b"[1]",
    ],
    ids=repr,
)
def test_what_is_no_feed_is_said_to_be_none(body):
    parsed = feed.parse(body, source_of(), BASE, "")
    assert parsed.entries == []
    assert parsed.trouble


def test_a_doctype_is_harmless_but_entities_of_its_own_are_refused():
    plain = "<!DOCTYPE rss PUBLIC '-//Netscape Communications//DTD RSS 0.91//EN' 'http://x.example/rss-0.91.dtd'>"
    assert len(entries(rss(item(), head=plain))) == 1
    bomb = "<!DOCTYPE r [<!ENTITY a 'lol'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>"
    parsed = feed.parse(rss(item(title="&b;"), head=bomb).encode(), source_of(), BASE, "")
    assert parsed.entries == []
    assert "entities" in parsed.trouble
    assert len(entries(rss(item(description="&lt;!ENTITY <![CDATA[<!ENTITY a 'b'>]]>")))) == 1, "an article about XML"


def test_a_file_reference_is_not_followed(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("geheim")
    body = rss(item(title="&x;"), head=f"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY x SYSTEM 'file://{secret}'>]>")
    assert "geheim" not in str(entries(body))


def test_a_body_that_is_a_url_is_not_fetched():
    assert feed.parse(b"http://127.0.0.1:9/feed", source_of(), BASE, "").trouble


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.gz")), ids=lambda path: path.name[:8])
def test_real_feeds_give_what_feedparser_gives(path):
    body = gzip.decompress(path.read_bytes())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = feedparser.parse(body)
    theirs = [
        (absolute(entry["link"], BASE), plain_text(entry.get("title"), MAX_TITLE))
        for entry in read.entries
        if entry.get("link")
    ]
    ours = [(entry.url, entry.title) for entry in entries(body, max_entries=10_000)]
    assert ours == theirs


def test_the_corpus_is_there():
    if not CORPUS.is_dir():
        pytest.skip("no corpus of real feeds here: set WIREWATCH_CORPUS to check against it")
    assert len(list(CORPUS.glob("*.gz"))) >= 60
