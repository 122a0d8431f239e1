"""wirewatch sources: detect against a real site, import of other readers' lists, health from the stored frontier."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from typer.testing import CliRunner

from include.wirewatch.cli import app
from include.wirewatch.config.sources import Source, SourcesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.extract.drift import Sample
from include.wirewatch.extract.drift_store import DriftStore
from include.wirewatch.frontier import Frontier, Handled, delta_of
from include.wirewatch.frontier.health import health_of
from include.wirewatch.frontier.state import from_json, merge
from include.wirewatch.models import Entry, Outcome, Reason
from tests.discover.test_feed import item, rss
from tests.discover.test_sitemap import url, urlset
from tests.fakes.s3_server import ACCESS_KEY, REGION, SECRET_KEY
from tests.fetch.conftest import Site, reply, running
from tests.test_frontier import FETCHED, NOW, SOURCE, TIMEOUT, Polled, after, done, entry, polls, source_of


def run(*arguments: str):
    return CliRunner().invoke(app, ["sources", *arguments])


@pytest.fixture
def config(tmp_path):
    sources = [{"name": "known", "publisher": "Known", "kind": "feed", "url": "https://known.example/feed"}]
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}))
    return tmp_path


# ---- detect


@pytest.fixture
def site():
    with running() as started:
        yield started


def publish(site: Site) -> None:
    head = "<link rel='alternate' type='application/rss+xml' href='/news/rss?edition=en'>"
    site.routes["/world/"] = reply(f"<html><head>{head}<title>World</title></head><body>…".encode())
    dated = item(pubDate="Mon, 23 Nov 2026 12:00:00 GMT")
    site.routes["/news/rss?edition=en"] = reply(rss(dated, item(link="/b")).encode(), kind="application/rss+xml")
    site.routes["/robots.txt"] = reply(f"User-agent: *\nSitemap: {site.url}/map.xml\n".encode(), kind="text/plain")
    site.routes["/map.xml"] = reply(urlset(url("/a", "2026-11-23")), kind="application/xml")
    site.routes["/feed"] = reply(b"<html>There is no feed here.")


def test_detect_finds_linked_feeds_and_sitemaps_of_robots_txt_and_prints_valid_sources(site):
    publish(site)
    shown = run("detect", f"{site.url}/world/", "--allow-private")
    assert shown.exit_code == 0
    assert "# 2 entries, the newest of 2026-11-23 12:00 UTC" in shown.stdout
    loaded = load_yaml("sources.yaml", "sources:\n" + shown.stdout, SourcesFile).value
    assert [(source.kind, source.url) for source in loaded.sources] == [
        ("feed", f"{site.url}/news/rss?edition=en"),
        ("sitemap", f"{site.url}/map.xml"),
    ]


def test_detect_recognises_a_feed_that_is_given_itself(site):
    publish(site)
    shown = run("detect", f"{site.url}/news/rss?edition=en", "--allow-private", "--json")
    first, _ = json.loads(shown.stdout)
    assert first == {
        "kind": "feed",
        "url": f"{site.url}/news/rss?edition=en",
        "entries": 2,
        "files": 0,
        "newest": "2026-11-23T12:00:00+00:00",
    }


def test_detect_says_so_where_there_is_nothing(site):
    site.routes["/"] = reply(b"<html>Nothing.")
    assert run("detect", site.url, "--allow-private").exit_code == 1


def test_detect_does_not_reach_into_the_private_network_unasked(site):
    publish(site)
    shown = run("detect", site.url)
    assert shown.exit_code == 1
    assert "refused_address" in shown.stderr
    assert site.connections == 0


def test_detect_refuses_what_is_no_web_address():
    assert run("detect", "ftp://x.example/").exit_code == 2


# ---- import

OPML = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Feeds</title></head><body>
  <outline text="Middle East">
    <outline type="rss" text="Harbour Courier" xmlUrl="https://harbour.example/feed"/>
    <outline type="rss" text="Harbour Courier" xmlUrl="https://harbour.example/sport"/>
    <outline type="rss" text="Twice" xmlUrl="https://harbour.example/feed?utm_source=opml"/>
  </outline>
  <outline text="Known" xmlUrl="https://known.example/feed"/>
  <outline text="Залесский вестник" xmlUrl="https://zalesye.example/rss" language="ru"/>
  <outline text="Broken" xmlUrl="feed://nothing"/>
</body></opml>
"""


def test_opml_becomes_sources_each_once_and_what_cannot_is_said_with_its_line(tmp_path, config):
    (tmp_path / "feeds.opml").write_text(OPML)
    shown = run("import", str(tmp_path / "feeds.opml"), "--config", str(config))
    loaded = load_yaml("sources.yaml", "sources:\n" + shown.stdout, SourcesFile).value
    assert [(source.name, source.url, source.tags, source.language) for source in loaded.sources] == [
        ("harbour-courier", "https://harbour.example/feed", ("middle-east",), ""),
        ("harbour-courier-2", "https://harbour.example/sport", ("middle-east",), ""),
        ("zalesye-example", "https://zalesye.example/rss", (), "ru"),
    ]
    assert [line.rpartition("feeds.opml:")[2].partition(":")[0] for line in shown.stderr.splitlines()] == [
        "6",
        "8",
        "10",
    ]
    assert shown.exit_code == 1


def test_csv_becomes_sources(tmp_path, config):
    (tmp_path / "feeds.csv").write_text(
        "Title,URL,language,kind,tags\nHarbour Courier,https://harbour.example/map.xml,en,sitemap,world official\n"
    )
    shown = run("import", str(tmp_path / "feeds.csv"), "--config", str(config), "--json")
    assert shown.exit_code == 0
    (source,) = json.loads(shown.stdout)
    assert Source(**source).kind == "sitemap"
    assert source["tags"] == ["world", "official"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.opml", "<opml><body>", "a.opml:1:"),
        ("a.opml", "<rss/>", "expected <opml>"),
        ("a.opml", "<!DOCTYPE x [<!ENTITY a 'b'>]><opml/>", "DOCTYPE"),
        ("a.csv", "name,link\nA,https://a.example\n", "a column named url"),
        ("a.csv", "", "a column named url"),
    ],
)
def test_a_list_that_cannot_be_read_is_refused_with_its_place(tmp_path, config, name, text, said):
    (tmp_path / name).write_text(text)
    shown = run("import", str(tmp_path / name), "--config", str(config))
    assert shown.exit_code == 2
    assert said in shown.stderr


def test_a_list_that_is_not_there_is_refused(config):
    shown = run("import", "nowhere.opml", "--config", str(config))
    assert (shown.exit_code, "No such file" in shown.stderr) == (2, True)


# ---- health


def daily(state, days, a_day, start=NOW):
    """That many new entries on each of the days after start."""
    for day in range(1, days + 1):
        at = start + timedelta(days=day) - timedelta(hours=1)
        new = tuple(entry(f"{day}-{n}") for n in range(a_day))
        state = after(state, Polled(new), *(Handled(one, FETCHED, True) for one in new), at=at)
    return state


def test_a_source_that_usually_brings_entries_and_now_brings_none_is_silent():
    state = daily(after(None, Polled((entry("old"),)), done("old")), 7, 5)
    now = NOW + timedelta(days=7)
    assert health_of(SOURCE, state, now)[1:2] == ("ok",)
    assert health_of(SOURCE, state, now).per_day == 5
    quiet = health_of(SOURCE, state, now + timedelta(days=1))
    assert (quiet.verdict, quiet.last_day, quiet.per_day) == ("silent", 0, 5)


def test_a_source_that_seldom_brings_anything_is_not_silent():
    state = daily(after(None, Polled((entry("old"),)), done("old")), 7, 1)
    assert health_of(SOURCE, state, NOW + timedelta(days=8)).verdict == "ok"


def test_what_the_first_poll_finds_does_not_count_as_a_days_news():
    many = tuple(entry(f"{n}") for n in range(100))
    state = after(None, Polled(many), *(Handled(one, FETCHED, True) for one in many))
    assert health_of(SOURCE, state, NOW + timedelta(hours=1)).last_day == 0
    assert health_of(SOURCE, state, NOW + timedelta(hours=1)).verdict == "ok"


def test_a_failing_source_says_since_when():
    state = polls(after(None, Polled((entry("a"),)), done("a")), TIMEOUT, TIMEOUT, TIMEOUT)
    health = health_of(SOURCE, state, NOW + timedelta(hours=1))
    assert (health.verdict, health.failures, health.last_success, health.last_outcome) == ("failing", 3, NOW, "timeout")


def test_drift_is_the_verdict_only_where_there_is_nothing_worse():
    state = after(None, Polled((entry("a"),)), done("a"))
    health = health_of(SOURCE, state, NOW, "fallbacks 3 % → 80 %")
    assert (health.verdict, health.drift) == ("drifting", "fallbacks 3 % → 80 %")
    health = health_of(SOURCE, polls(state, TIMEOUT), NOW + timedelta(hours=1), "fallbacks 3 % → 80 %")
    assert (health.verdict, health.drift) == ("failing", "fallbacks 3 % → 80 %")


def test_sources_never_polled_or_switched_off_are_neither_good_nor_bad():
    assert health_of(SOURCE, None, NOW).verdict == "never polled"
    assert health_of(source_of(enabled=False), None, NOW).verdict == "off"


@pytest.fixture
def deployed(store, s3, monkeypatch):
    """The environment of a deployment whose place is this test's store."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("WIREWATCH_STORE", store.url("").rstrip("/"))


def test_health_says_what_has_changed_in_a_sources_articles(store, config, deployed):
    source = Source(name="known", publisher="Known", kind="feed", url="https://known.example/feed")
    Frontier(store).apply(delta_of(source, None, Polled(()), [], datetime.now(UTC)))
    assert run("health", "--config", str(config)).exit_code == 0
    for at, words in ((1, 612), (2, 41)):
        DriftStore(store).add({"known": Sample(at, f"batch-{at}", (words,) * 40, 0)})
    shown = run("health", "--config", str(config))
    told = json.loads(run("health", "--config", str(config), "--json").stdout)
    change = "median length 612 → 41 words (40 articles, 40 before)"
    assert (shown.exit_code, shown.stdout.strip().endswith(f"drift: {change}")) == (1, True)
    assert (told["verdict"], told["drift"]) == ("drifting", change)


def test_health_reads_the_stored_frontier_and_exits_1_where_a_source_fails(store, config, deployed):
    source = Source(name="known", publisher="Known", kind="feed", url="https://known.example/feed")
    shown = run("health", "--config", str(config))
    assert (shown.exit_code, "never polled" in shown.stdout) == (0, True)
    now = datetime.now(UTC)
    listed = (Entry(url="https://known.example/a", source="known"),)
    first = delta_of(source, None, Polled(listed), [Handled(listed[0], FETCHED, True)], now - timedelta(hours=2))
    state = from_json(first["known"]["state"])
    second = delta_of(source, state, Polled((), Outcome(reason=Reason.HTTP_ERROR, status=503)), [], now)
    for delta in (first, second):
        Frontier(store).apply(delta)
    shown = run("health", "--config", str(config), "--json")
    told = json.loads(shown.stdout)
    assert shown.exit_code == 1
    assert (told["source"], told["verdict"], told["last_outcome"], told["failures"]) == (
        "known",
        "failing",
        "http_503",
        1,
    )
    assert merge(state, from_json(second["known"]["state"])).polls[-1].label == "http_503"
