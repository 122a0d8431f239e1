"""Troubled neighbours: no listing, no page and no name that hangs takes another source's articles along."""

import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from include.wirewatch import archive
from include.wirewatch.fetch import Client
from include.wirewatch.frontier import Frontier
from include.wirewatch.models import Reason
from include.wirewatch.runs import Run
from include.wirewatch.stages.deliver import deliver
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.finish import finish
from include.wirewatch.stages.history import fetch_day
from tests.discover.test_feed import item, rss
from tests.discover.test_sitemap import url, urlset
from tests.fetch.conftest import reply, running

PAGE = reply(b"<html><h1>Talks resume</h1><p>Both delegations are back at the table in the harbour town.")


@pytest.fixture
def site():
    with running() as started:
        yield started


@pytest.fixture
def slow_site():
    with running() as started:
        yield started


def configure(deployment, site, *sources):
    given = {"publisher": "Ours", "kind": "feed", "delay_s": 0, "allow_hosts": [site.host, "localhost"]}
    (deployment.config / "sources.yaml").write_text(yaml.safe_dump({"sources": [{**given, **one} for one in sources]}))


def with_settings(deployment, **settings):
    services = deployment.services
    return replace(services, settings=services.settings.model_copy(update=settings))


def feed_of(*links):
    return reply(rss(*(item(link=link) for link in links)).encode(), kind="text/xml")


def batch_at(services, summary):
    return archive.read_batch(services.store, archive.BatchKey.parse(str(summary["batch"])))


def test_a_page_of_two_sources_is_tried_again_by_the_one_that_is_polled(deployment, site):
    site.routes["/a"] = site.routes["/b"] = feed_of(f"{site.url}/story")
    site.routes["/story"] = reply(status="503 Busy")
    configure(
        deployment,
        site,
        {"name": "a", "url": f"{site.url}/a", "min_interval": "2h", "max_interval": "3h"},
        {"name": "b", "url": f"{site.url}/b", "min_interval": "1m"},
    )
    deployment.ingest(1)
    site.routes["/story"] = PAGE
    states = Frontier(deployment.store).read(deployment.services.config.sources().value.sources)
    assert all('"source":"b"' in entry for entry in states["b"].pending.values())
    site.routes["/b"] = feed_of()
    summaries = deployment.later(minutes=30).ingest(2)
    assert (summaries["fetch"]["sources"], summaries["fetch"]["fetched"]) == (1, 1)
    assert summaries["extract"]["articles"] == 1


def test_a_slow_host_leaves_time_for_the_pages_of_the_others_and_its_own_turn_comes(deployment, site, slow_site):
    site.routes["/feed"] = feed_of(f"{site.url}/story")
    site.routes["/story"] = PAGE
    slow_site.routes["/1"] = slow_site.routes["/2"] = feed_of()
    allow = {"allow_hosts": [slow_site.host], "delay_s": 20}
    configure(
        deployment,
        site,
        {"name": "slow-1", "url": f"{slow_site.url}/1", **allow},
        {"name": "slow-2", "url": f"{slow_site.url}/2", **allow},
        {"name": "good", "url": f"{site.url}/feed"},
    )
    services = with_settings(deployment, fetch_budget_s=1.5)
    batch = batch_at(services, fetch(services, deployment.run(1), 0, 1))
    assert [one.outcome.reason for one in batch.items] == [Reason.FETCHED]
    assert batch.sources["slow-2"].poll.reason is Reason.NOT_FETCHED
    later = replace(services, now=lambda: datetime.now(UTC) + timedelta(hours=1))
    fetch(later, deployment.run(2), 0, 1)
    assert slow_site.paths == ["/1", "/2"], "what had no turn is asked first the next time"


def test_names_that_are_looked_up_for_ever_hold_up_nobody(deployment, site, monkeypatch):
    look_up, good_was_asked = socket.getaddrinfo, threading.Event()

    def hang(host, *rest, **more):
        if "dead" in str(host):
            good_was_asked.wait(5)
            raise socket.gaierror(-3, "Temporary failure in name resolution")
        return look_up(host, *rest, **more)

    def answer(talk):
        good_was_asked.set()
        talk.send(feed_of(f"{site.url}/story"))

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    site.routes["/feed"], site.routes["/story"] = answer, PAGE
    dead = ({"name": f"dead-{n}", "url": f"http://dead{n}.example/feed"} for n in range(40))
    good = f"http://localhost:{site.server_address[1]}/feed"
    configure(deployment, site, *dead, {"name": "good", "url": good})
    services = with_settings(deployment, fetch_timeout_s=2)
    assert fetch(services, deployment.run(1), 0, 1)["fetched"] == 1


def test_an_error_that_nobody_foresaw_costs_one_url(deployment, site, monkeypatch, caplog):
    site.routes["/feed"] = feed_of(f"{site.url}/good", f"{site.url}/bad?key=s3cret")
    site.routes["/good"] = PAGE
    get = Client.get

    async def odd(self, url, **more):
        if "bad" in url:
            raise RuntimeError("odd")
        return await get(self, url, **more)

    monkeypatch.setattr(Client, "get", odd)
    configure(
        deployment,
        site,
        {"name": "good", "url": f"{site.url}/feed"},
        {"name": "odd", "url": f"{site.url}/bad"},
    )
    batch = batch_at(deployment.services, fetch(deployment.services, deployment.run(1), 0, 1))
    assert [one.outcome.reason for one in batch.items] == [Reason.FETCHED, Reason.BAD_RESPONSE]
    assert batch.sources["odd"].poll.reason is Reason.BAD_RESPONSE
    assert "RuntimeError" in batch.items[1].outcome.detail
    assert "Traceback" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_day_of_history_fetches_a_page_of_two_sources_once(deployment, site):
    day = (datetime.now(UTC) - timedelta(days=2)).date()
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    site.routes[f"/map-{day}.xml"] = reply(urlset(url(f"{site.url}/story", str(day))), kind="text/xml")
    site.routes["/story"] = PAGE
    history = {"url": f"{site.url}/feed", "history": [{"sitemap": f"{site.url}/map-{{date:%Y-%m-%d}}.xml"}]}
    configure(deployment, site, {"name": "a", **history}, {"name": "b", **history})
    run = Run("ingest_history", "backfill__x", day.isoformat(), end, quiet=True)
    assert fetch_day(deployment.services, run)["entries"] == 1
    assert site.paths.count("/story") == 1


def test_what_was_killed_before_the_frontier_and_never_rerun_is_not_fetched_anew(deployment, monkeypatch):
    def die(self, delta):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Frontier, "apply", die)
        with pytest.raises(KeyboardInterrupt):
            fetch(deployment.services, deployment.run(1), 0, 1)
    sweeper = deployment.later(hours=1)
    finish(sweeper.services)
    deliver(sweeper.services)
    summaries = sweeper.ingest(12)
    assert summaries["fetch"].get("fetched", 0) == 0
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)
