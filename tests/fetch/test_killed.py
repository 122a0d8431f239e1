"""The fetch stage killed before and after every S3 call and every request, then run again."""

import json
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.frontier import Frontier
from include.wirewatch.models import Batch
from include.wirewatch.runs import Run
from include.wirewatch.settings import Settings
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.services import Services
from tests.discover.test_feed import item, rss
from tests.fetch.conftest import Site, reply

NOW = datetime.now(UTC)
# Every S3 call and request of one run is two steps: before and after it.
STEPS = 18
ARTICLES = ("/a", "/b", "/c")


class Killed(BaseException):
    """As a killed process ends: nothing catches it."""


class Countdown:
    """Dies at the n-th step; each call is two of them, before and after what it does."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def tick(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Killed


class DyingStore:
    def __init__(self, store, countdown: Countdown) -> None:
        self._store, self._countdown = store, countdown

    def __getattr__(self, name):
        found = getattr(self._store, name)
        if name not in ("get", "get_range", "put", "put_new", "swap", "delete", "list"):
            return found

        def call(*arguments):
            self._countdown.tick()
            answer = found(*arguments)
            self._countdown.tick()
            return answer

        return call


class DyingClient:
    def __init__(self, client, countdown: Countdown) -> None:
        self._client, self._countdown = client, countdown

    async def __aenter__(self):
        await self._client.__aenter__()
        return self

    async def __aexit__(self, *error):
        await self._client.__aexit__(*error)

    async def get(self, *arguments, **options):
        self._countdown.tick()
        answer = await self._client.get(*arguments, **options)
        self._countdown.tick()
        return answer


@pytest.fixture
def services(site: Site, store, tmp_path) -> Services:
    dated = {"pubDate": format_datetime(NOW)}
    site.routes["/feed"] = reply(rss(*(item(link=path, **dated) for path in ARTICLES)).encode(), 'ETag: "v1"')
    for path in ARTICLES:
        site.routes[path] = reply(f"<html><title>{path}</title><p>Talks resume.".encode())
    source = {"name": "ours", "publisher": "Ours", "kind": "feed", "url": f"{site.url}/feed", "delay_s": 0}
    source |= {"allow_hosts": [site.host], "min_interval": "0s"}
    (tmp_path / "sources.yaml").write_text(json.dumps({"sources": [source]}))
    settings = Settings(store=f"s3://{store.place.bucket}/{store.place.prefix}", config=str(tmp_path))
    return Services(settings, store, ConfigFiles(str(tmp_path), lambda place: store), lambda: None, "test")


def run_number(number: int) -> Run:
    return Run(
        "ingest_live", f"scheduled__{number}", NOW.date().isoformat(), NOW + timedelta(minutes=5 * number), False
    )


def batches(services: Services) -> list[Batch]:
    records = [found.key for found in services.store.list("raw/") if found.key.endswith(".json")]
    return [Batch.model_validate_json(services.store.get(key).body) for key in records]


def assert_whole(services: Services, site: Site) -> None:
    """Each article in exactly one committed batch, its bytes in S3, and the frontier done with it."""
    found = batches(services)
    fetched = Counter(one.entry.url for batch in found for one in batch.items if one.outcome.label == "fetched")
    assert fetched == {site.url + path: 1 for path in ARTICLES}
    for batch in found:
        for one in batch.items:
            assert services.store.get_range(one.raw.key, one.raw.offset, one.raw.length)
    sources = services.config.sources().value.sources
    (state,) = Frontier(services.store).read(sources).values()
    assert [mark.done for mark in state.entries.values()] == [True] * len(ARTICLES)
    asked = len(site.requests)
    assert fetch(services, run_number(9), 0, 1)["batch"] == ""
    assert {path for path in site.paths[asked:] if path in ARTICLES} == set(), "an article is fetched anew"


def kill_at(services: Services, steps: int, monkeypatch, *, at: str) -> bool:
    """Run the first run until its steps are used up; whether it was killed."""
    countdown = Countdown(steps)
    with monkeypatch.context() as patch:
        if at == "store":
            services = replace(services, store=DyingStore(services.store, countdown))
        else:
            module = sys.modules[fetch.__module__]
            real = module.open_client
            patch.setattr(module, "open_client", lambda *given: DyingClient(real(*given), countdown))
        try:
            fetch(services, run_number(1), 0, 1)
        except Killed:
            return True
        return False


@pytest.mark.parametrize("at", ["store", "client"])
@pytest.mark.parametrize("steps", range(STEPS))
def test_killed_at_any_step_and_run_again_nothing_is_lost_and_nothing_is_twice(services, site, monkeypatch, steps, at):
    kill_at(services, steps, monkeypatch, at=at)
    fetch(services, run_number(1), 0, 1)
    assert_whole(services, site)


@pytest.mark.parametrize("at", ["store", "client"])
def test_so_many_steps_are_all_that_there_are(services, monkeypatch, at):
    assert kill_at(services, 3, monkeypatch, at=at), "the countdown does kill"
    assert not kill_at(services, STEPS, monkeypatch, at=at), "raise STEPS"


@pytest.mark.parametrize("at", ["store", "client"])
@pytest.mark.parametrize("steps", range(0, STEPS, 3))
def test_a_run_that_is_killed_and_never_run_again_is_made_good_by_the_next(services, site, monkeypatch, steps, at):
    kill_at(services, steps, monkeypatch, at=at)
    for number in (2, 3):
        fetch(services, run_number(number), 0, 1)
    urls = Counter(one.entry.url for batch in batches(services) for one in batch.items)
    assert set(urls) == {site.url + path for path in ARTICLES}
    assert max(urls.values()) <= 2, "once more at most: killed between the commit record and the frontier"


def test_a_page_that_failed_is_tried_again_after_its_feed_has_dropped_it_and_ends_as_a_summary(services, site):
    site.routes["/b"] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    fetch(services, run_number(1), 0, 1)
    site.routes["/feed"] = reply(rss(item(link="/c", pubDate=format_datetime(NOW))).encode())
    outcomes = []
    for number in range(2, 8):
        later = replace(services, now=lambda number=number: NOW + timedelta(minutes=20 * number))
        fetch(later, run_number(number), 0, 1)
        items = [one for batch in batches(services) for one in batch.items if one.entry.url == site.url + "/b"]
        outcomes.append([one.final for one in items].count(True))
    assert len(items) == 3, "three attempts, two of them after the feed had dropped it"
    assert outcomes[-1] == 1
    assert next(one.entry.title for one in items if one.final), "title and summary survive for the summary article"


def test_a_page_that_two_sources_list_is_fetched_once(services, site, tmp_path):
    file = json.loads((tmp_path / "sources.yaml").read_text())
    file["sources"].append({**file["sources"][0], "name": "twin", "url": f"{site.url}/feed?twin"})
    site.routes["/feed?twin"] = site.routes["/feed"]
    (tmp_path / "sources.yaml").write_text(json.dumps(file))
    fetch(services, run_number(1), 0, 1)
    fetch(services, run_number(2), 0, 1)
    assert Counter(path for path in site.paths if path in ARTICLES) == dict.fromkeys(ARTICLES, 1)
