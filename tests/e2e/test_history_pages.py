"""In which order a day's pages are fetched, how many before a commit, and whom the archive's client may ask."""

from datetime import UTC, datetime

import pytest

from include.wirewatch.models import Entry
from include.wirewatch.settings import Settings
from include.wirewatch.stages.collect import Pick
from include.wirewatch.stages.history.pages import SLICE_MEMENTOS, in_turn, next_chunk, wayback_source
from tests.discover.conftest import source_of

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def picks(count: int, start: int = 0, archive: str = "") -> list[Pick]:
    entries = (Entry(url=f"https://news.example/{number}", source="ours") for number in range(start, start + count))
    return [Pick(source_of(), entry, NOW, archive_url=archive) for entry in entries]


def numbers(chosen: list[Pick]) -> list[int]:
    return [int(pick.entry.url.rpartition("/")[2]) for pick in chosen]


def test_the_sources_take_turns():
    assert numbers(in_turn([picks(3), picks(1, 10), [], picks(2, 20)])) == [0, 10, 20, 1, 21, 2]


@pytest.mark.parametrize(("count", "room", "chunk"), [(5, 3, 3), (3, 5, 3), (0, 5, 0), (3, 3, 3)])
def test_no_more_than_the_open_slice_has_room_for(count, room, chunk):
    first, rest = next_chunk(picks(count), room)
    assert numbers(first) == list(range(chunk))
    assert numbers(first) + numbers(rest) == list(range(count))


def test_captures_of_an_archive_are_committed_sooner_and_hold_up_no_publishers_page():
    mementos = picks(SLICE_MEMENTOS + 5, archive="https://archive.example/x")
    first, rest = next_chunk([*mementos, *picks(2, 900)], 500)
    assert numbers(first)[-2:] == [900, 901]
    assert (len(first), len(rest)) == (SLICE_MEMENTOS + 2, 5)


def test_only_a_machine_that_the_deployment_names_itself_may_be_on_the_private_network():
    assert wayback_source(Settings()).allow_hosts == ()
    own = wayback_source(Settings(wayback_url="http://archive.internal:8080/wayback", wayback_delay_s=1))
    assert (own.allow_hosts, own.delay_s, own.concurrency) == (("archive.internal:8080",), 1, 1)


@pytest.mark.parametrize("url", ["web.archive.org", "https://web.archive.org/", "ftp://x.example"])
def test_the_machines_address_is_one_of_the_web_without_a_slash_at_its_end(url, monkeypatch):
    with pytest.raises(ValueError, match="wayback_url"):
        Settings(wayback_url=url)
