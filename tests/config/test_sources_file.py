"""sources.yaml: what ships is valid, and mistakes are refused with their place."""

from datetime import timedelta
from pathlib import Path

import pytest

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
    "history: 'https://x.example/{day}.xml'": "6:14",
    "history: 'https://x.example/{date'": "6:14",
    "history: '{date:%Y}'": "6:14",
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
