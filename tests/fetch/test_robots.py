"""robots.txt as RFC 9309 reads it, asked once for each host."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.config import Config

from include.wirewatch.fetch import RobotsStore, robots
from include.wirewatch.models import Capture, Outcome, Reason
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.fetch.conftest import client_of, fetch, reply, source_of

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
PAGE = b"<html><p>Talks resume."
NOBODY = {
    "region_name": "us-east-1",
    "aws_access_key_id": "x",
    "aws_secret_access_key": "x",
    "config": Config(retries={"total_max_attempts": 1}, connect_timeout=1),
}


def rules(*lines: str) -> bytes:
    return reply("\n".join(lines).encode(), kind="text/plain")


def test_a_disallowed_page_is_not_asked_for(site):
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /private/")
    site.routes["/private/a"] = site.routes["/a"] = reply(PAGE)
    refused, allowed = fetch(f"{site.url}/private/a", f"{site.url}/a", source=source_of(site))
    assert refused.reason is Reason.ROBOTS
    assert isinstance(allowed, Capture)
    assert site.paths == ["/robots.txt", "/a"]


def test_our_own_name_takes_precedence_over_everybody(site):
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /", "", "User-agent: wirewatch", "Allow: /")
    site.routes["/a"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/a", source=source_of(site)), Capture)
    site.routes["/robots.txt"] = rules("User-agent: Wirewatch", "Disallow: /", "", "User-agent: *", "Allow: /")
    assert fetch(f"{site.url}/a", source=source_of(site)).reason is Reason.ROBOTS


@pytest.mark.parametrize(
    ("rule", "path", "is_allowed"),
    [
        ("Disallow: /*.pdf$", "/a.pdf", False),
        ("Disallow: /*.pdf$", "/a.pdf?x=1", True),
        ("Disallow: /*?print=", "/a?print=1", False),
        ("Disallow:", "/a", True),
        ("Disallow: /a\nAllow: /a/b", "/a/b", True),
        ("Disallow: /a/b\nAllow: /a", "/a/b", False),
    ],
)
def test_wildcards_and_the_longest_match(site, rule, path, is_allowed):
    site.routes["/robots.txt"] = rules("User-agent: *", rule)
    site.routes[path] = reply(PAGE)
    assert isinstance(fetch(site.url + path, source=source_of(site)), Capture) is is_allowed


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "401 Unauthorized", "410 Gone"])
def test_4xx_means_that_there_are_no_rules(site, status):
    site.routes["/robots.txt"] = reply(status=status)
    site.routes["/a"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/a", source=source_of(site)), Capture)


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Too Many Requests"])
def test_5xx_and_429_mean_not_now(site, status):
    site.routes["/robots.txt"] = reply(status=status)
    site.routes["/a"] = reply(PAGE)
    answer = fetch(f"{site.url}/a", source=source_of(site))
    assert answer.status == int(status[:3])
    assert answer.reason is not Reason.ROBOTS, "it is the host that is in trouble: a later run tries again"
    assert "robots.txt" in answer.detail
    assert "/a" not in site.paths


def test_a_robots_txt_that_hangs_means_not_now(site):
    site.routes["/robots.txt"] = lambda talk: talk.server.over.wait(5)
    site.routes["/a"] = reply(PAGE)
    assert fetch(f"{site.url}/a", source=source_of(site), timeout_s=0.1).reason is Reason.TIMEOUT
    assert "/a" not in site.paths


def test_robots_txt_is_read_through_redirects(site):
    site.routes["/robots.txt"] = reply(b"", "Location: /rules", status="301 Moved")
    site.routes["/rules"] = rules("User-agent: *", "Disallow: /a")
    assert fetch(f"{site.url}/a", source=source_of(site)).reason is Reason.ROBOTS


def test_only_the_first_512_000_bytes_count_but_they_do(site):
    filler = ["# " + "x" * 998] * 600
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /a", *filler, "Disallow: /b")
    site.routes["/a"] = site.routes["/b"] = reply(PAGE)
    first, last = fetch(f"{site.url}/a", f"{site.url}/b", source=source_of(site), max_body_bytes=1000)
    assert first.reason is Reason.ROBOTS
    assert isinstance(last, Capture)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe\x00binary\x00", b"<html>not rules", b"\xef\xbb\xbfUser-agent: *\nAllow: /", b""]
)
def test_what_is_no_robots_txt_forbids_nothing(site, body):
    site.routes["/robots.txt"] = reply(body, kind="text/plain")
    site.routes["/a"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/a", source=source_of(site)), Capture)


def test_it_is_asked_once_for_many_pages(site):
    for number in range(10):
        site.routes[f"/{number}"] = reply(PAGE)

    async def run():
        async with client_of() as client:
            urls = [f"{site.url}/{number}" for number in range(10)]
            return await asyncio.gather(*(client.get(url, source=source_of(site)) for url in urls))

    assert all(isinstance(answer, Capture) for answer in asyncio.run(run()))
    assert site.paths.count("/robots.txt") == 1


def test_the_host_that_a_redirect_leads_to_is_asked_too(site, other_site):
    site.routes["/a"] = reply(b"", f"Location: {other_site.url}/b", status="302 Found")
    other_site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /b")
    other_site.routes["/b"] = reply(PAGE)
    source = source_of(site, allow_hosts=(site.host, other_site.host))
    assert fetch(f"{site.url}/a", source=source).reason is Reason.ROBOTS
    assert other_site.paths == ["/robots.txt"]


def test_feeds_are_polled_without_asking_and_section_pages_are_not(site):
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /")
    site.routes["/feed"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/feed", source=source_of(site), accept="listing"), Capture)
    section = source_of(site, kind="listing")
    assert fetch(f"{site.url}/feed", source=section, accept="listing").reason is Reason.ROBOTS


@pytest.mark.parametrize(
    ("accept", "asks"), [("section", True), ("page", True), ("listing", False), ("memento", False)]
)
def test_who_asks(site, accept, asks):
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /a")
    site.routes["/a"] = reply(b"<p>Talks")
    answer = fetch(f"{site.url}/a", source=source_of(site), accept=accept)
    assert isinstance(answer, Outcome) is asks
    assert ("/robots.txt" in site.paths) is asks


def test_crawl_delay_is_kept(site):
    starts = []
    site.routes["/robots.txt"] = rules("User-agent: *", "Crawl-delay: 0.15")
    site.routes["/a"] = lambda talk: (starts.append(time.monotonic()), talk.send(reply(PAGE)))
    fetch(*[f"{site.url}/a"] * 3, source=source_of(site))
    assert starts[2] - starts[0] > 0.25


@pytest.mark.parametrize(
    ("said", "kept"), [("2", 2.0), ("86400", robots.MAX_CRAWL_DELAY_S), ("-1", 0.0), ("soon", 0.0)]
)
def test_crawl_delay_is_bounded(said, kept):
    body = f"User-agent: *\nCrawl-delay: {said}\n".encode()
    answer = Capture("u", "u", None, 200, (), body)
    assert robots.rules_of(robots.text_of(answer)).crawl_delay_s("Wirewatch") == kept


# ---- remembered for a day


def test_the_next_task_does_not_ask_again(site, store):
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /private")
    site.routes["/a"] = reply(PAGE)
    remembered = RobotsStore(store)
    for _ in range(2):
        assert isinstance(fetch(f"{site.url}/a", source=source_of(site), robots_store=remembered), Capture)
        answer = fetch(f"{site.url}/private", source=source_of(site), robots_store=remembered)
        assert answer.reason is Reason.ROBOTS
    assert site.paths.count("/robots.txt") == 1


def test_that_there_are_no_rules_is_remembered_too_but_not_that_a_host_was_in_trouble(site, store):
    site.routes["/a"] = reply(PAGE)
    site.routes["/robots.txt"] = reply(status="503 Busy")
    for _ in range(2):
        assert fetch(f"{site.url}/a", source=source_of(site), robots_store=RobotsStore(store)).label == "http_503"
    site.routes["/robots.txt"] = reply(status="404 Not Found")
    for _ in range(3):
        assert isinstance(fetch(f"{site.url}/a", source=source_of(site), robots_store=RobotsStore(store)), Capture)
    assert site.paths.count("/robots.txt") == 3


def test_after_a_day_it_is_asked_again(store):
    remembered = RobotsStore(store)
    remembered.write("https://news.example", "User-agent: *", NOW)
    assert remembered.read("https://news.example", NOW + timedelta(hours=23)) == "User-agent: *"
    assert remembered.read("https://news.example", NOW + timedelta(hours=24)) is None
    assert remembered.read("https://news.example", NOW - timedelta(minutes=1)) is None, (
        "written by a clock that is ahead"
    )
    assert remembered.read("https://other.example", NOW) is None


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"\xff", b'{"origin": "https://news.example", "text": 1}']
)
def test_a_damaged_memory_is_no_memory(store, body):
    remembered = RobotsStore(store)
    remembered.write("https://news.example", "User-agent: *", NOW)
    (stored,) = store.list("robots/")
    store.put(stored.key, body)
    assert remembered.read("https://news.example", NOW) is None


def test_s3_in_trouble_costs_no_page(site):
    site.routes["/robots.txt"] = rules("User-agent: *", "Disallow: /private/")
    site.routes["/a"] = reply(PAGE)
    gone = Store(boto3.client("s3", endpoint_url="http://127.0.0.1:9", **NOBODY), S3Place("b", ""))
    taken, refused = fetch(
        f"{site.url}/a", f"{site.url}/private/a", source=source_of(site), robots_store=RobotsStore(gone)
    )
    assert isinstance(taken, Capture)
    assert refused.reason is Reason.ROBOTS
