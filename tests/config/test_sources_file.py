"""sources.yaml: what ships is valid, and mistakes are refused with their place."""

import textwrap
from datetime import date, timedelta
from pathlib import Path

import pytest

from include.wirewatch.config.history import ROUTES as ROUTE_KINDS
from include.wirewatch.config.sources import SourcesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.discover import KINDS
from include.wirewatch.errors import ConfigError

SHIPPED = Path(__file__).resolve().parents[2] / "include" / "config" / "sources.yaml"
ONE = """sources:
  - name: ours
    publisher: Ours
    kind: feed
    url: https://news.example/feed
"""


def load(text: str):
    return load_yaml("sources.yaml", text, SourcesFile).value.sources


def test_the_shipped_sources_are_valid_marked_as_examples_and_speak_several_languages():
    sources = load(SHIPPED.read_text())
    assert len(sources) >= 20
    assert {"en", "uk", "ru", "ar", "fr", "de"} <= {source.language for source in sources}
    assert {source.kind for source in sources} == set(KINDS)
    assert len({source.url for source in sources}) == len(sources)
    assert not any(source.allow_hosts for source in sources)
    assert all(source.delay_s >= 1 for source in sources)
    assert "EXAMPLES" in SHIPPED.read_text()


def test_a_source_needs_four_keys_and_has_bounds_for_everything_else():
    (source,) = load(ONE)
    assert (source.min_interval, source.max_interval) == (timedelta(minutes=5), timedelta(hours=1))
    assert source.alert_max_age == timedelta(hours=24)
    assert source.enabled


MISTAKES = {
    # what is written, and where the problem is said to be
    "kind: podcast": "4:11",
    "url: ftp://x.example/": "5:10",
    "url: news.example/feed": "5:10",
    "name: Not A Name": "2:11",
    "publisher: ''": "3:16",
    "min_interval: 5": "6:19",
    "min_interval: 2h": "2:5",
    "history: https://x.example/map.xml": "6:14",
    "history: [https://x.example/map.xml]": "6:15",
    "delay_s: -1": "6:14",
    "concurrency: 100": "6:18",
    "tags: world": "6:11",
    "intervall: 5m": "6:5",
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_at_its_place(mistake):
    key = mistake.partition(":")[0]
    lines = ONE.splitlines()
    at = next((n for n, line in enumerate(lines) if line.strip().removeprefix("- ").startswith(f"{key}:")), len(lines))
    lines[at : at + 1] = [("  - " if at == 1 else "    ") + mistake]
    with pytest.raises(ConfigError) as refused:
        load("\n".join(lines))
    assert refused.value.problems[0].startswith(f"sources.yaml:{MISTAKES[mistake]}: ")


ROUTES = """    history:
      - sitemap: https://x.example/map-{date:%Y-%m-%d}.xml
      - sitemap: https://x.example/sitemap.xml
      - archive_url: https://x.example/archive/{date:%Y/%m/%d}/
      - wayback: x.example/news/
      - ccnews: x.example
"""


def test_history_is_a_list_of_routes_in_order():
    (source,) = load(ONE + ROUTES)
    assert [route.kind for route in source.history] == ["sitemap", "sitemap", "archive_url", "wayback", "ccnews"]
    assert source.history[0].address(date(2026, 11, 3)) == "https://x.example/map-2026-11-03.xml"
    assert [route.names_day for route in source.history[:3]] == [True, False, True]
    assert source.history[3].value == "x.example/news/"


ROUTE_MISTAKES = {
    "sitemap: 'https://x.example/{day}.xml'": ("7:18", "nothing but {date:%Y-%m-%d} in braces"),
    "sitemap: 'https://x.example/{date'": ("7:18", "nothing but {date:%Y-%m-%d} in braces"),
    "sitemap: '{date:%Y}'": ("7:18", "http(s) address"),
    "sitemap: ftp://x.example/map.xml": ("7:18", "http(s) address"),
    "sitemap: ''": ("7:18", "http(s) address"),
    "archive_url: https://x.example/archive/": ("7:22", "{date:%Y/%m/%d}"),
    "wayback: x.example/*": ("7:18", "without *"),
    "wayback: news": ("7:18", "the beginning of the articles' addresses"),
    "ccnews: https://x.example": ("7:17", "host name"),
    "ccnews: X.example": ("7:17", "lower case"),
    "ccnews: '*.example'": ("7:17", "host name"),
    "{}": ("7:9", "exactly one of sitemap, archive_url, wayback, ccnews; found none"),
    "{ccnews: x.example, wayback: x.example}": ("7:9", "found wayback, ccnews"),
    "wayback_machine: x.example": ("7:9", "unknown key 'wayback_machine'"),
    "ccnews: x.example\n      - ccnews: y.example": ("7:7", "at most one ccnews"),
}


@pytest.mark.parametrize("mistake", ROUTE_MISTAKES)
def test_a_mistake_in_a_route_is_refused_at_its_place(mistake):
    place, expected = ROUTE_MISTAKES[mistake]
    with pytest.raises(ConfigError) as refused:
        load(f"{ONE}    history:\n      - {mistake}\n")
    (problem,) = refused.value.problems
    assert problem.startswith(f"sources.yaml:{place}: ")
    assert expected in problem


def test_the_routes_of_the_documentation_are_valid():
    page = (SHIPPED.parents[2] / "docs" / "history.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    (source,) = load(ONE + textwrap.indent(example, "    "))
    assert [route.kind for route in source.history] == list(ROUTE_KINDS)
