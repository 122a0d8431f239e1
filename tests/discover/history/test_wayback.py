"""The Wayback Machine's index and captures, against a stand-in that answers as its documents say."""

import asyncio
import gzip
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.wirewatch.discover.history.spans import day_of, span_of
from include.wirewatch.discover.history.wayback import (
    MAX_PAGES,
    capture_of,
    captures_of,
    index_url,
    memento_url,
    parse_index,
)
from include.wirewatch.fetch.patient import MAX_PAUSE_S, TRIES, PatientClient
from include.wirewatch.models import Archived, Capture, Outcome, Reason
from tests.discover.conftest import source_of
from tests.fakes.wayback_server import WaybackServer, serving
from tests.fetch.conftest import client_of, fetch, reply, running
from tests.fetch.conftest import source_of as site_source

DAY = date(2026, 11, 23)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
BASE = "https://archive.example"


@pytest.fixture
def machine():
    return WaybackServer()


def captures(machine: WaybackServer, prefix: str = "news.example/", **settings: object):
    async def get(url, headers):
        status, fields, body = machine.answer(url.removeprefix(BASE))
        if status != 200:
            return Outcome(reason=Reason.HTTP_ERROR, status=status)
        return Capture(url, url, NOW, status, tuple(fields), body)

    return asyncio.run(captures_of(source_of(**settings), prefix, DAY, get, BASE))


def test_the_first_capture_of_each_page_on_the_day_is_found(machine):
    machine.add("20261122235959", "https://news.example/before")
    machine.add("20261123000000", "https://news.example/world/a")
    machine.add("20261123120000", "https://news.example/world/a")
    machine.add("20261123235959", "http://www.news.example:80/world/b?id=7")
    machine.add("20261124000000", "https://news.example/after")
    machine.add("20261123120000", "https://other.example/c")
    found = captures(machine)
    assert found.found == {
        "https://news.example/world/a": f"{BASE}/web/20261123000000id_/https://news.example/world/a",
        "http://www.news.example/world/b?id=7": f"{BASE}/web/20261123235959id_/http://www.news.example/world/b?id=7",
    }
    assert (found.outcome.reason, found.outcome.detail) == (Reason.FETCHED, "")


def test_only_pages_that_were_there_and_are_html_are_asked_for(machine):
    machine.add("20261123000000", "https://news.example/gone", status=404)
    machine.add("20261123000000", "https://news.example/moved", status=301)
    machine.add("20261123000000", "https://news.example/logo", kind="image/png")
    machine.add("20261123000000", "https://news.example/a")
    assert list(captures(machine).found) == ["https://news.example/a"]
    (question,) = machine.questions
    assert question["filter"] == ["statuscode:200", "mimetype:text/html"]
    assert question["collapse"] == ["urlkey"]
    assert question["fl"] == ["urlkey,timestamp,original"]


def test_a_long_index_is_read_to_its_end_by_its_resumption_key(machine):
    machine.max_lines = 10
    for number in range(25):
        machine.add("20261123000000", f"https://news.example/world/{number:02}?a=b%20c&d=(e)!")
    assert len(captures(machine).found) == 25
    assert ["resumeKey" in question for question in machine.questions] == [False, True, True]


def test_an_index_without_end_costs_a_bounded_number_of_questions(machine):
    machine.max_lines = 1
    for number in range(100):
        machine.add("20261123000000", f"https://news.example/{number:02}")
    found = captures(machine)
    assert len(machine.questions) == len(found.found) == MAX_PAGES
    assert "the index goes on" in found.outcome.detail


def test_pages_of_other_days_front_pages_and_unwanted_sections_are_left_out(machine):
    for path in ["", "2026/11/23/a", "2026/11/22/b", "2026/11/21/old", "2020/01/01/older", "video/c", "world/d"]:
        machine.add("20261123000000", f"https://news.example/{path}")
    found = captures(machine, exclude=("/video/",))
    assert [url.partition("example/")[2] for url in found.found] == ["2026/11/22/b", "2026/11/23/a", "world/d"]


def test_the_prefix_itself_is_no_article(machine):
    machine.add("20261123000000", "https://news.example/world/")
    machine.add("20261123000000", "https://news.example/world/a")
    assert list(captures(machine, "https://news.example/world/").found) == ["https://news.example/world/a"]


def test_a_page_by_http_and_by_https_is_one(machine):
    machine.add("20261123000000", "http://news.example/a")
    machine.add("20261123010000", "https://news.example/b?utm_source=feed")
    machine.add("20261123020000", "http://news.example/b")
    assert len(captures(machine).found) == 2


def test_lines_that_are_none_are_passed_over_and_counted(machine):
    machine.extra_lines = ["example,news)/ 20261123 short", 'example,news)/"data:image 1 x y z', "one", "<html>oops"]
    machine.add("20261123000000", "https://news.example/a")
    found = captures(machine)
    assert list(found.found) == ["https://news.example/a"]
    assert "4 lines" in found.outcome.detail


def test_an_answer_that_is_no_index_is_a_failure(machine):
    machine.extra_lines = ["<html><body>Wayback is being mended</body></html>"]
    assert captures(machine).outcome.reason is Reason.BAD_RESPONSE


def test_a_day_without_captures_is_empty_not_broken(machine):
    found = captures(machine)
    assert (found.found, found.outcome.reason) == ({}, Reason.FETCHED)


def test_a_refusal_is_the_outcome(machine):
    machine.refusals = [(503, "")]
    assert captures(machine).outcome.status == 503


def test_what_is_asked_of_the_index_is_one_day_below_one_prefix():
    asked = index_url(BASE, "news.example/a b/", DAY, "example,news)/x 20261123000000!")
    assert asked.startswith(
        f"{BASE}/cdx/search/cdx?url=news.example%2Fa+b%2F&matchType=prefix&from=20261123000000&to=2026112323"
    )
    assert asked.endswith("&resumeKey=example%2Cnews%29%2Fx+20261123000000%21")


def test_the_resumption_key_of_the_documents_is_read():
    body = (
        b"org,archive)/ 19980109140106 http://archive.org:80/ text/html 200 XAHDNHZ5P3GSSSNJ3DMEOJF7BMCCPZR3 1402\n"
        b"\norg%2Carchive%29%2F+19980109140106%21\n"
    )
    page = parse_index(body)
    assert page.resume_key == "org,archive)/ 19980109140106!"
    assert [line.url for line in page.lines] == ["http://archive.org/"]
    assert page.lines[0].captured_at == datetime(1998, 1, 9, 14, 1, 6, tzinfo=UTC)


MEMENTO = f"{BASE}/web/20261123120000id_/https://news.example/a?b=c"


def memento(body: bytes = b"<h1>A</h1>", *headers: tuple[str, str], url: str = MEMENTO) -> Capture:
    fields = (("Content-Type", "text/html"), ("Memento-Datetime", "Mon, 23 Nov 2026 12:00:00 GMT"), *headers)
    return Capture("asked", url, NOW, 200, fields, body)


def test_a_capture_is_the_publishers_answer_of_then():
    answer = memento(b"<h1>A</h1>", ("x-archive-orig-content-type", "text/html; charset=koi8-r"), ("Server", "nginx"))
    found = capture_of(answer, "https://news.example/a?b=c", 1000)
    assert isinstance(found, Capture)
    assert (found.url, found.final_url) == ("https://news.example/a?b=c", "https://news.example/a?b=c")
    assert found.fetched_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert found.headers == (("Content-Type", "text/html; charset=koi8-r"),)
    assert found.archived == Archived(MEMENTO, NOW)


def test_a_redirect_to_another_capture_says_its_own_time_and_address():
    found = capture_of(
        memento(url=f"{BASE}/web/20261124000000id_/https://news.example/moved"), "https://news.example/a", 1000
    )
    assert isinstance(found, Capture)
    assert (found.fetched_at.day, found.final_url) == (24, "https://news.example/moved")


def test_a_page_of_the_archives_own_is_no_capture():
    own = memento()._replace(headers=(("Content-Type", "text/html"),))
    assert isinstance(capture_of(own, "https://news.example/a", 1000), Outcome)
    assert isinstance(capture_of(memento(url="https://news.example/a"), "https://news.example/a", 1000), Outcome)


def test_a_page_that_was_captured_packed_is_unpacked_within_the_limit():
    packed = capture_of(memento(gzip.compress(b"<h1>A</h1>")), "https://news.example/a", 1000)
    assert isinstance(packed, Capture)
    assert packed.body == b"<h1>A</h1>"
    bomb = capture_of(memento(gzip.compress(b"x" * 10_000_000)), "https://news.example/a", 1000)
    assert isinstance(bomb, Outcome)
    assert bomb.reason is Reason.TOO_LARGE
    broken = capture_of(memento(b"\x1f\x8bnot gzip at all"), "https://news.example/a", 1000)
    assert isinstance(broken, Outcome)
    assert broken.reason is Reason.BAD_RESPONSE


# Over real connections, one at a time.


def patiently(machine: WaybackServer, *paths: str, sleep=None):
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    async def run(base: str):
        source = source_of("sitemap", base, delay_s=0, concurrency=8, allow_hosts=(base.partition("://")[2],))
        async with client_of() as client:
            patient = PatientClient(client, source, note)
            return await asyncio.gather(*(patient.memento(f"{base}{path}") for path in paths))

    with serving(machine) as base:
        return asyncio.run(run(base)), slept


def test_captures_are_fetched_one_at_a_time_without_asking_for_robots(machine):
    machine.add("20261123000000", "https://news.example/a", b"<h1>A</h1>", ("Server", "nginx"))
    answers, _ = patiently(machine, *["/web/20261123000000id_/https://news.example/a"] * 8)
    assert [answer.body for answer in answers] == [b"<h1>A</h1>"] * 8
    assert machine.most_at_once == 1
    assert set(machine.paths) == {"/web/20261123000000id_/https://news.example/a"}


def test_the_nearest_capture_is_taken_where_that_one_cannot_be_had(machine):
    machine.add("20261123010101", "https://news.example/a")
    (answer,), _ = patiently(machine, "/web/20261123000000id_/https://news.example/a")
    found = capture_of(answer, "https://news.example/a", 1000)
    assert isinstance(found, Capture)
    assert found.fetched_at == datetime(2026, 11, 23, 1, 1, 1, tzinfo=UTC)


def test_a_pause_that_is_asked_for_is_waited_out_and_the_same_asked_again(machine):
    machine.add("20261123000000", "https://news.example/a")
    machine.refusals = [(429, "0"), (503, "0")]
    (answer,), slept = patiently(machine, "/web/20261123000000id_/https://news.example/a")
    assert isinstance(answer, Capture)
    assert slept == [0.0, 0.0]


def test_after_some_tries_it_is_left_alone(machine):
    machine.refusals = [(429, "0")] * 10
    (answer,), _ = patiently(machine, "/web/20261123000000id_/https://news.example/a")
    assert answer.status == 429
    assert len(machine.paths) == TRIES


def test_a_pause_of_hours_is_a_refusal_and_nothing_more_is_asked(machine):
    machine.refusals = [(429, str(int(MAX_PAUSE_S) + 1))]
    answers, slept = patiently(machine, *["/web/20261123000000id_/https://news.example/a"] * 3)
    assert [answer.reason for answer in answers] == [Reason.HTTP_ERROR, Reason.NOT_FETCHED, Reason.NOT_FETCHED]
    assert (len(machine.paths), slept) == (1, [])


def test_the_address_of_a_capture_keeps_the_pages_own():
    line = parse_index(b"k 20261123000000 https://news.example/a?x=1&y=%D0%B9\n").lines[0]
    assert memento_url(BASE, line) == f"{BASE}/web/20261123000000id_/https://news.example/a?x=1&y=%D0%B9"


@pytest.mark.parametrize("headers", [[], ["gzip"], ["", "gzip"], ["gzip", ""], [""]], ids=repr)
def test_packed_captures_are_read_whatever_the_machine_says_of_their_encoding(headers):
    with running() as site:
        path = "/web/20261123120000id_/https://news.example/a"
        encodings = (f"Content-Encoding: {value}" for value in headers)
        dated = "Memento-Datetime: Mon, 23 Nov 2026 12:00:00 GMT"
        site.routes[path] = reply(gzip.compress(b"<h1>A</h1>"), *encodings, dated)
        answer = fetch(f"{site.url}{path}", source=site_source(site), accept="memento")
    found = capture_of(answer, "https://news.example/a", 1000)
    assert isinstance(found, Capture)
    assert found.body == b"<h1>A</h1>"


@given(st.binary(max_size=300) | st.text(alphabet="0123456789 /:\n+%)!,abcde", max_size=300).map(str.encode))
def test_no_bytes_of_an_index_raise(body):
    parse_index(body)


@given(st.binary(max_size=200), st.text(max_size=60))
def test_no_capture_raises(body, address):
    capture_of(memento(body, url=f"{BASE}/web/20261123120000id_/{address}"), "https://news.example/a", 1000)


@given(st.text(alphabet="0123456789-_/.&=mwnovdecjan ", max_size=60))
def test_no_file_name_raises(name):
    span_of(name)
    day_of(name)
