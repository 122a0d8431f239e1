"""The newsroom serves what its data files declare, and each kind of trouble is really there."""

import gzip
import re
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from urllib.robotparser import RobotFileParser

import feedparser
import pytest
from lxml import etree, html

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.config.sources import Source, SourcesFile
from include.wirewatch.config.yaml_file import load_yaml
from tests.newsroom import Newsroom

KEYWORDS = re.compile(
    r"cease[-\u2011\s]?fire|ultimatum|sanction"
    r"|перемири|прекращени\w+ огня|ультиматум|санкц[иі]|перемир'|припинення вогню",
    re.IGNORECASE,
)
NEWS = "{http://www.google.com/schemas/sitemap-news/0.9}"
LOC = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def get(url, *, follow=True):
    opener = urllib.request.build_opener() if follow else urllib.request.build_opener(_NoRedirect())
    try:
        with opener.open(url, timeout=10) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def piece_with(newsroom, **facts):
    return next(p for p in newsroom.pieces() if all(getattr(p, name) == value for name, value in facts.items()))


def text_of(newsroom, slug, selector):
    body = get(newsroom.url(slug))[2]
    return " ".join(part.text_content() for part in html.fromstring(body.decode()).xpath(selector))


@pytest.fixture
def sources(newsroom: Newsroom) -> dict[str, Source]:
    loaded = load_yaml("sources.yaml", newsroom.sources_yaml(), SourcesFile)
    return {source.name: source for source in loaded.value.sources}


def test_there_are_enough_publishers_and_articles(newsroom):
    assert len(newsroom.publishers) >= 4
    assert newsroom.expected.entries >= 24
    assert len(set(newsroom.publishers.values())) == len(newsroom.publishers)


def test_the_written_configuration_leads_to_the_servers(newsroom, sources):
    assert {source.kind for source in sources.values()} == {"feed", "sitemap", "listing"}
    for name, source in sources.items():
        base = newsroom.publishers[name]
        assert source.url.startswith(base)
        assert source.allow_hosts == (base.removeprefix("http://"),)
        assert get(source.url)[0] == 200


def test_the_three_files_that_are_written_are_valid(newsroom, tmp_path):
    newsroom.write_config(tmp_path)
    files = ConfigFiles(str(tmp_path), _no_store)
    assert len(files.sources().value.sources) == len(newsroom.publishers)
    assert [receiver.kind for receiver in files.receivers().value.receivers] == ["slack"]
    assert {"ceasefire", "ultimatum", "sanctions"} <= {rule.name for rule in files.rules().value.rules}


def _no_store(place):
    raise AssertionError("the files lie in a directory")


def test_a_keyword_stands_in_the_text_exactly_where_one_is_expected(newsroom):
    for piece in newsroom.pieces():
        shown = [piece.title, piece.summary] if piece.method == "summary" else [piece.title, *piece.paragraphs]
        assert bool(KEYWORDS.search(" ".join(shown))) == bool(piece.expect or piece.stale), piece.slug


def test_nearly_everything_is_fresh_and_what_is_stale_is_older_than_three_days(newsroom):
    ages = {piece.slug: newsroom.now - piece.published for piece in newsroom.pieces()}
    assert len(newsroom.expected.stale) >= 2
    for slug, age in ages.items():
        assert age > timedelta(days=3) if slug in newsroom.expected.stale else age < timedelta(hours=20), slug


def test_the_talks_carry_three_ceasefires_one_ultimatum_and_one_mention_of_sanctions(newsroom):
    slug = "world/direct-talks-in-istanbul"
    text = text_of(newsroom, slug, "//h1 | //div[@class='entry-content']").lower()
    assert [text.count(word) for word in ("ceasefire", "ultimatum", "sanction")] == [3, 1, 1]
    assert "Sanctions" in text_of(newsroom, slug, "//nav")


@pytest.mark.parametrize(
    ("slug", "place"),
    [
        pytest.param("city/market-hall-reopens", "//nav", id="navigation"),
        pytest.param("harbour/ferry-timetable-winter", "//aside[@class='related-posts']", id="related posts"),
        pytest.param("sport/rowers-final", "//div[@class='recommended']", id="recommended cards"),
        pytest.param("culture/theatre-cellar", "//div[@id='gdpr-consent-tool']", id="cookie banner"),
        pytest.param("city/library-night", "//section[@id='comments']", id="comments"),
    ],
)
def test_a_keyword_beside_the_article_is_on_the_page_and_must_not_alert(newsroom, slug, place):
    assert KEYWORDS.search(text_of(newsroom, slug, place))
    assert slug in newsroom.expected.silent


def test_syndicated_copies_come_from_two_publishers_and_are_nearly_the_same(newsroom):
    [slugs] = newsroom.expected.syndicated
    first, second = (piece for piece in newsroom.pieces() if piece.slug in slugs)
    shared = set(first.paragraphs) & set(second.paragraphs)
    assert len(shared) >= 3
    assert first.paragraphs != second.paragraphs
    assert newsroom.url(first.slug).split("/")[2] != newsroom.url(second.slug).split("/")[2]


@pytest.mark.parametrize(("language", "least"), [("ru", 2), ("uk", 2), ("de", 1), ("fr", 1)])
def test_other_languages_alert_too(newsroom, language, least):
    assert len([p for p in newsroom.pieces() if p.language == language and p.expect]) >= least


def test_the_windows_1251_page_declares_its_charset_nowhere(newsroom):
    piece = piece_with(newsroom, quirk="windows-1251")
    _, headers, body = get(newsroom.url(piece.slug))
    assert headers["Content-Type"] == "text/html"
    assert b"charset" not in body.lower()
    assert piece.paragraphs[0] in body.decode("cp1251")
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_a_gzipped_page_unpacks_to_its_article(newsroom):
    piece = piece_with(newsroom, quirk="gzip")
    _, headers, body = get(newsroom.url(piece.slug))
    assert headers["Content-Encoding"] == "gzip"
    assert piece.title in gzip.decompress(body).decode()


def test_the_redirected_entry_leads_to_the_page(newsroom):
    piece = piece_with(newsroom, quirk="redirect")
    listed = newsroom.url(piece.slug).replace(piece.slug, f"go/{piece.slug}")
    assert listed.encode() in get(newsroom.publishers["harbour-courier"] + "/feed.xml")[2]
    assert get(listed, follow=False)[0] == 302
    assert get(listed)[0] == 200


def test_unreachable_pages_answer_404_and_500(newsroom):
    assert {get(newsroom.url(slug))[0] for slug in newsroom.expected.unreachable} == {404, 500}


def test_robots_forbid_the_page_whose_summary_alerts(newsroom):
    piece = piece_with(newsroom, quirk="robots")
    robots = RobotFileParser()
    robots.parse(get(newsroom.publishers["harbour-courier"] + "/robots.txt")[2].decode().splitlines())
    assert not robots.can_fetch("anybody", newsroom.url(piece.slug))
    assert robots.can_fetch("anybody", newsroom.url("city/library-night"))


def test_the_oversized_page_is_over_the_cap(newsroom):
    piece = piece_with(newsroom, quirk="too_large")
    assert len(get(newsroom.url(piece.slug))[2]) > 3_000_000


def test_the_malformed_feed_is_malformed_and_still_lists_its_whole_entries(newsroom):
    body = get(newsroom.publishers["continental-dispatch"] + "/feed.xml")[2]
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(body)
    assert b"Brandt & S" in body
    links = {entry.get("link", "") for entry in feedparser.parse(body).entries}
    whole = [p for p in newsroom.pieces() if not p.lost and newsroom.url(p.slug).startswith(base_of(newsroom))]
    assert {newsroom.url(piece.slug) for piece in whole} <= links


def base_of(newsroom):
    return newsroom.publishers["continental-dispatch"]


@pytest.mark.parametrize("slug", ["world/ridge-truce-holds", "politics/village-line-night"])
def test_odd_hyphens_and_spaces_are_in_the_keyword(newsroom, slug):
    piece = piece_with(newsroom, slug=slug)
    assert re.search("cease[\u2011\u00a0]fire", " ".join(piece.paragraphs))


@pytest.mark.parametrize("back", range(1, 9))
def test_each_day_of_history_is_in_its_dated_sitemaps_alone(newsroom, sources, back):
    day = (newsroom.now - timedelta(days=back)).date()
    listed = set()
    for source in sources.values():
        if source.history:
            tree = etree.fromstring(get(source.history[0].address(day))[2])
            assert {date.text[:10] for date in tree.iter(f"{NEWS}publication_date")} == {day.isoformat()}
            listed |= {loc.text for loc in tree.iter(LOC)}
    assert listed == {newsroom.url(slug) for slug in newsroom.expected.history[day]}
    assert len(listed) >= 2
    assert not listed & {newsroom.url(piece.slug) for piece in newsroom.pieces()}


def test_a_day_without_history_has_no_sitemap(newsroom, sources):
    assert get(sources["northgate-press"].history[0].address(newsroom.now - timedelta(days=40)))[0] == 404


def test_requests_are_logged_with_their_answers(newsroom):
    get(newsroom.url("culture/bell-foundry"))
    get(newsroom.publishers["northgate-press"] + "/nowhere?x=1")
    assert newsroom.requests == [
        ("northgate-press", "/culture/bell-foundry", 200),
        ("northgate-press", "/nowhere?x=1", 404),
    ]


def test_a_served_file_is_listed_first_and_kept_as_it_is(newsroom, tmp_path):
    path = tmp_path / "old-page.html"
    path.write_text('<title>Old &amp; good</title><time datetime="2025-05-12T13:05:00+00:00">May 12</time>', "utf-8")
    url = newsroom.serve_file(path)
    assert get(url)[2] == path.read_bytes()
    entry = feedparser.parse(get(newsroom.publishers["harbour-courier"] + "/feed.xml")[2]).entries[0]
    assert (entry.link, entry.title) == (url, "Old & good")
    assert datetime(*entry.published_parsed[:6], tzinfo=UTC) == newsroom.now


def test_a_file_served_fresh_has_its_times_moved_to_the_last_hour(newsroom, tmp_path):
    path = tmp_path / "old-page.html"
    path.write_bytes(
        b'<title>x</title><meta content="2025-05-12T13:05:00+00:00"><time datetime="2025-05-12T13:05:00Z">'
    )
    body = get(newsroom.serve_file(path, title="Given", fresh=True))[2].decode()
    assert "2025-05-12" not in body
    assert body.count((newsroom.now - timedelta(hours=1)).isoformat()) == 2
