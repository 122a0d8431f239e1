"""The polite GET: what is asked, what is taken, and an outcome for everything else."""

import asyncio
import gzip
import time
import zlib

import pytest

from include.wirewatch.models import Capture, Reason
from tests.effort import peak_bytes
from tests.fetch.conftest import client_of, fetch, reply, running, source_of, tls_of

PAGE = b"<html><title>Talks</title><p>Talks resume."


def test_a_page_is_captured_with_its_bytes_headers_and_final_url(site):
    site.routes["/a"] = reply(PAGE, "X-Twice: 1", "X-Twice: 2", kind="text/html; charset=utf-8")
    capture = fetch(f"{site.url}/a#part", source=source_of(site))
    assert isinstance(capture, Capture)
    assert (capture.status, capture.body, capture.final_url) == (200, PAGE, f"{site.url}/a")
    assert capture.url == f"{site.url}/a#part", "the URL as listed names the entry"
    assert [value for name, value in capture.headers if name == "X-Twice"] == ["1", "2"]
    assert capture.fetched_at.tzinfo is not None


def test_we_say_who_we_are_and_ask_only_for_codings_that_cannot_bomb(site):
    site.routes["/a"] = reply(PAGE)
    fetch(f"{site.url}/a", source=source_of(site))
    _, headers = site.requests[-1]
    assert headers["user-agent"] == "Wirewatch/9.9 (test; +mailto:desk@wire.example)"
    assert headers["accept-encoding"] == "gzip, deflate"
    assert "cookie" not in headers


def test_the_url_goes_out_as_listed(site):
    site.routes["/a%2Fb;x?utm_source=feed&b=1&a=%D0%B0"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/a%2Fb;x?utm_source=feed&b=1&a=%D0%B0", source=source_of(site)), Capture)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_compressed_pages_arrive_decoded(site, coding):
    packed = gzip.compress(PAGE) if coding == "gzip" else zlib.compress(PAGE)
    site.routes["/a"] = reply(packed, f"Content-Encoding: {coding}")
    assert fetch(f"{site.url}/a", source=source_of(site)).body == PAGE


def test_cookies_of_one_page_are_not_shown_to_the_next(site):
    site.routes["/a"] = reply(PAGE, "Set-Cookie: reader=1; Path=/")
    fetch(f"{site.url}/a", f"{site.url}/a", source=source_of(site))
    assert all("cookie" not in headers for _, headers in site.requests)


@pytest.mark.parametrize(
    ("accept", "taken"), [("page", False), ("memento", False), ("section", True), ("listing", True)]
)
def test_pages_are_html_and_listings_may_be_anything(site, accept, taken):
    site.routes["/a"] = reply(b"{}", kind="application/json")
    answer = fetch(f"{site.url}/a", source=source_of(site), accept=accept)
    assert isinstance(answer, Capture) is taken


def test_a_caller_may_take_more_than_the_limit_of_a_page(site):
    site.routes["/map"] = reply(b"x" * 150_000, kind="text/xml")

    async def get(limit):
        async with client_of() as client:
            return await client.get(f"{site.url}/map", source=source_of(site), accept="listing", max_body_bytes=limit)

    assert asyncio.run(get(None)).reason is Reason.TOO_LARGE
    assert len(asyncio.run(get(200_000)).body) == 150_000


def test_validators_go_out_and_304_is_unchanged(site):
    site.routes["/feed"] = reply(status="304 Not Modified")
    answer = fetch(f"{site.url}/feed", source=source_of(site), accept="listing", headers={"If-None-Match": '"v1"'})
    assert answer.reason is Reason.UNCHANGED
    assert site.requests[-1][1]["if-none-match"] == '"v1"'


@pytest.mark.parametrize(
    ("status", "label"),
    [("404 Not Found", "http_404"), ("410 Gone", "http_410"), ("403 Forbidden", "http_403"), ("500 Oops", "http_500")],
)
def test_an_http_error_is_an_outcome_with_its_status(site, status, label):
    site.routes["/a"] = reply(PAGE, status=status)
    assert fetch(f"{site.url}/a", source=source_of(site)).label == label


@pytest.mark.parametrize("kind", ["application/pdf", "image/jpeg", "video/mp4", "application/json", "text/plain"])
def test_pages_are_html_only(site, kind):
    site.routes["/a"] = reply(b"x" * 1000, kind=kind)
    assert fetch(f"{site.url}/a", source=source_of(site)).reason is Reason.NOT_HTML
    assert isinstance(fetch(f"{site.url}/a", source=source_of(site), accept="listing"), Capture)


@pytest.mark.parametrize("kind", ["text/html", "TEXT/HTML; charset=windows-1251", "application/xhtml+xml", ""])
def test_html_may_be_declared_in_several_ways_or_not_at_all(site, kind):
    site.routes["/a"] = reply(PAGE, kind=kind)
    assert isinstance(fetch(f"{site.url}/a", source=source_of(site)), Capture)


def test_outcomes_show_no_query_string_and_no_password(site):
    port = site.server_address[1]
    source = source_of(site, allow_hosts=("127.0.0.1",))
    answer = fetch(f"http://user:pass@127.0.0.1:{port}/x?api_key=k3y", source=source)
    assert answer.label == "http_404"
    assert "k3y" not in answer.detail
    assert "pass" not in answer.detail


@pytest.mark.parametrize(
    "answer",
    [
        reply(b"", "Location: http://[broken/x?api_key=k3y", status="302 Found"),
        b"HTTP/1.1 two hundred\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    ],
)
def test_broken_answers_show_no_query_string_either(site, answer):
    site.routes["/x?api_key=k3y"] = answer
    outcome = fetch(f"{site.url}/x?api_key=k3y", source=source_of(site, kind="feed"), accept="listing")
    assert outcome.reason in (Reason.BAD_URL, Reason.BAD_RESPONSE)
    assert outcome.detail
    assert "k3y" not in outcome.detail


# ---- redirects


def _moved(to: str, status: str = "301 Moved Permanently") -> bytes:
    return reply(b"", f"Location: {to}", status=status)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_redirects_are_followed_and_the_last_url_is_kept(site, status):
    site.routes["/old"] = _moved("new?x=1#top", status)
    site.routes["/new?x=1"] = reply(PAGE)
    capture = fetch(f"{site.url}/old", source=source_of(site))
    assert capture.final_url == f"{site.url}/new?x=1"
    assert capture.url == f"{site.url}/old"


def test_five_redirects_are_followed_and_a_sixth_is_not(site):
    for number in range(7):
        site.routes[f"/{number}"] = _moved(f"/{number + 1}")
    site.routes["/7"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/2", source=source_of(site)), Capture)
    assert fetch(f"{site.url}/1", source=source_of(site)).reason is Reason.TOO_MANY_REDIRECTS


def test_a_redirect_loop_ends(site):
    site.routes["/a"] = _moved("/b")
    site.routes["/b"] = _moved("/a")
    assert fetch(f"{site.url}/a", source=source_of(site)).reason is Reason.TOO_MANY_REDIRECTS
    assert len(site.paths) <= 8


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ("", Reason.BAD_RESPONSE),
        ("file:///etc/passwd", Reason.BAD_URL),
        ("javascript:alert(1)", Reason.BAD_URL),
        ("http://[broken", Reason.BAD_URL),
        ("//169.254.169.254/latest/meta-data/", Reason.REFUSED_ADDRESS),
    ],
)
def test_a_redirect_to_nowhere_good_is_refused(site, to, reason):
    site.routes["/a"] = _moved(to)
    assert fetch(f"{site.url}/a", source=source_of(site), accept="listing").reason is reason


# ---- a server that means harm


def test_a_declared_and_an_undeclared_endless_body_are_left_at_the_limit(site):
    def endless(talk):
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while talk.send(b"x" * 65_536):
            pass

    site.routes["/endless"] = endless
    site.routes["/large"] = reply(b"x" * 100_001)
    site.routes["/fits"] = reply(b"x" * 100_000)
    for path in ("/endless", "/large"):
        assert fetch(f"{site.url}{path}", source=source_of(site)).reason is Reason.TOO_LARGE
    assert isinstance(fetch(f"{site.url}/fits", source=source_of(site)), Capture)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_a_bomb_is_left_at_the_limit_of_decoded_bytes(site, coding):
    plain = b"\0" * 200_000_000
    if coding == "gzip":
        bomb = gzip.compress(plain, 9)
    elif coding == "deflate":
        bomb = zlib.compress(plain, 9)
    elif coding == "br":
        bomb = pytest.importorskip("brotli").compress(plain, quality=5)
    else:
        bomb = pytest.importorskip("zstandard").compress(plain)
    site.routes["/a"] = reply(bomb, f"Content-Encoding: {coding}")
    answers = []
    peak = peak_bytes(lambda: answers.append(fetch(f"{site.url}/a", source=source_of(site), max_body_bytes=1_000_000)))
    assert answers[0].reason in (Reason.TOO_LARGE, Reason.BAD_RESPONSE)
    assert peak < 20_000_000, "unpacked far beyond the limit"


def test_a_slow_drip_runs_out_of_time(site):
    def drip(talk):
        talk.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while talk.send(b"x"):
            talk.server.over.wait(0.02)

    site.routes["/a"] = drip
    answer = fetch(f"{site.url}/a", source=source_of(site), timeout_s=0.3)
    assert answer.reason is Reason.TIMEOUT


def test_slow_headers_run_out_of_time(site):
    def drip(talk):
        talk.send(b"HTTP/1.1 200 OK\r\n")
        while talk.send(b"X-A: b\r\n"):
            talk.server.over.wait(0.05)

    site.routes["/a"] = drip
    assert fetch(f"{site.url}/a", source=source_of(site), timeout_s=0.3).reason is Reason.TIMEOUT


def test_the_time_limit_holds_over_all_redirects(site):
    def slow(to):
        def answer(talk):
            talk.server.over.wait(0.2)
            talk.send(_moved(to))

        return answer

    site.routes.update({"/a": slow("/b"), "/b": slow("/c"), "/c": slow("/d"), "/d": reply(PAGE)})
    assert fetch(f"{site.url}/a", source=source_of(site), timeout_s=0.5).reason is Reason.TIMEOUT


def test_endless_headers_are_refused(site):
    def endless(talk):
        talk.send(b"HTTP/1.1 200 OK\r\n")
        number = 0
        while talk.send(b"".join(b"X-%d: %s\r\n" % (number + i, b"y" * 100) for i in range(500))):
            number += 500

    site.routes["/a"] = endless
    answer = fetch(f"{site.url}/a", source=source_of(site), timeout_s=2)
    assert answer.reason is Reason.BAD_RESPONSE


def test_one_endless_header_line_is_refused(site):
    def endless(talk):
        talk.send(b"HTTP/1.1 200 OK\r\nX-A: ")
        while talk.send(b"y" * 65_536):
            pass

    site.routes["/a"] = endless
    assert fetch(f"{site.url}/a", source=source_of(site), timeout_s=2).reason is Reason.BAD_RESPONSE


HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
BROKEN = {
    "a body shorter than its Content-Length": HTML + b"Content-Length: 99\r\n\r\nshort",
    "a chunk size that is no number": HTML + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n",
    "a chunked body that stops": HTML + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "two different lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a negative length": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "gzip that is none": reply(b"not gzip at all", "Content-Encoding: gzip"),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n",
    "an answer without a status": b"HTTP/1.1\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 9999 Odd\r\nContent-Length: 0\r\n\r\n",
    "control characters in a header": b"HTTP/1.1 200 OK\r\nX\x00: 1\r\nContent-Length: 0\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_answer_is_an_outcome(site, what):
    def speak(talk):
        talk.send(BROKEN[what])

    site.routes["/a"] = speak
    answer = fetch(f"{site.url}/a", source=source_of(site), timeout_s=2)
    assert answer.reason in (Reason.BAD_RESPONSE, Reason.CONNECTION), answer
    assert len(answer.detail) < 500


def test_gzip_without_its_end_is_read_as_far_as_it_goes_as_browsers_do(site):
    whole = PAGE + bytes(range(256)) * 20
    site.routes["/a"] = reply(gzip.compress(whole)[:-30], "Content-Encoding: gzip")
    capture = fetch(f"{site.url}/a", source=source_of(site))
    assert whole.startswith(capture.body)
    assert len(capture.body) > 20


def test_a_closed_port_and_an_unknown_name_are_connection_outcomes(site):
    source = source_of(site, allow_hosts=("127.0.0.1", "no-such-name.invalid"))
    assert fetch("http://127.0.0.1:1/", source=source, accept="listing").reason is Reason.CONNECTION
    assert fetch("http://no-such-name.invalid/", source=source, accept="listing").reason is Reason.CONNECTION


@pytest.mark.parametrize("name", ["other.example", "localhost"])
def test_a_certificate_that_is_not_to_be_trusted_is_a_connection_outcome(tmp_path, name):
    # For another name, and for ours but signed by nobody whom we know.
    with running(tls_of(name, tmp_path)) as secret:
        secret.routes["/a"] = reply(PAGE)
        port = secret.server_address[1]
        answer = fetch(f"https://localhost:{port}/a", source=source_of(secret, allow_hosts=("localhost",)), timeout_s=3)
        assert answer.reason is Reason.CONNECTION
        assert "certificate" in answer.detail.lower()
        assert secret.paths == []


def test_one_hostile_page_does_not_harm_the_next(site):
    site.routes["/bad"] = lambda talk: talk.send(BROKEN["a chunk size that is no number"])
    site.routes["/good"] = reply(PAGE)
    bad, good = fetch(f"{site.url}/bad", f"{site.url}/good", source=source_of(site))
    assert bad.reason is Reason.BAD_RESPONSE
    assert isinstance(good, Capture)


# ---- the pace of each host


def test_requests_to_one_host_start_a_delay_apart(site):
    starts = []
    for number in range(4):
        site.routes[f"/{number}"] = lambda talk: (starts.append(time.monotonic()), talk.send(reply(PAGE)))
    _all_at_once([f"{site.url}/{number}" for number in range(4)], source_of(site, delay_s=0.1, concurrency=8))
    gaps = [later - earlier for earlier, later in zip(sorted(starts), sorted(starts)[1:], strict=False)]
    assert len(starts) == 4
    assert min(gaps) > 0.07


def test_a_host_that_is_not_the_sources_own_is_asked_half_as_often(site, other_site):
    starts = []
    for number in range(3):
        other_site.routes[f"/{number}"] = lambda talk: (starts.append(time.monotonic()), talk.send(reply(PAGE)))
    source = source_of(site, delay_s=0.1, concurrency=8, allow_hosts=(site.host, other_site.host))
    _all_at_once([f"{other_site.url}/{number}" for number in range(3)], source)
    gaps = [later - earlier for earlier, later in zip(sorted(starts), sorted(starts)[1:], strict=False)]
    assert min(gaps) > 0.17


def test_no_more_requests_at_once_to_one_host_than_allowed(site):
    running, most = [], []

    def count(talk):
        running.append(1)
        most.append(len(running))
        talk.server.over.wait(0.03)
        running.pop()
        talk.send(reply(PAGE))

    for number in range(8):
        site.routes[f"/{number}"] = count
    answers = _all_at_once([f"{site.url}/{number}" for number in range(8)], source_of(site, concurrency=3))
    assert all(isinstance(answer, Capture) for answer in answers)
    assert 2 <= max(most) <= 3


def test_after_429_the_host_is_left_alone(site):
    site.routes["/a"] = reply(status="429 Too Many Requests", kind="")
    site.routes["/b"] = reply(PAGE)
    first, second = fetch(f"{site.url}/a", f"{site.url}/b", source=source_of(site))
    assert (first.label, first.retry_after_s) == ("http_429", 60)
    assert second.reason is Reason.NOT_FETCHED
    assert "429" in second.detail
    assert "/b" not in site.paths


def test_retry_after_zero_lets_the_next_request_through(site):
    site.routes["/a"] = reply(b"", "Retry-After: 0", status="503 Busy")
    site.routes["/b"] = reply(PAGE)
    assert isinstance(fetch(f"{site.url}/a", f"{site.url}/b", source=source_of(site))[1], Capture)


def test_503_counts_as_a_wish_to_be_left_alone_only_with_retry_after(site):
    site.routes["/a"] = reply(b"", "Retry-After: 3600", status="503 Busy")
    site.routes["/b"] = reply(PAGE)
    assert fetch(f"{site.url}/a", f"{site.url}/b", source=source_of(site))[1].reason is Reason.NOT_FETCHED
    site.routes["/a"] = reply(b"", status="503 Busy")
    assert isinstance(fetch(f"{site.url}/a", f"{site.url}/b", source=source_of(site))[1], Capture)


def test_a_host_that_never_answers_is_given_up_after_five_requests(site):
    site.routes["/robots.txt"] = reply(b"", kind="text/plain")
    hung = [f"/{number}" for number in range(8)]
    for path in hung:
        site.routes[path] = lambda talk: talk.server.over.wait(5)
    source = source_of(site, concurrency=1)
    answers = fetch(*[site.url + path for path in hung], source=source, timeout_s=0.05)
    assert [answer.reason for answer in answers] == [Reason.TIMEOUT] * 5 + [Reason.NOT_FETCHED] * 3


def test_a_cancelled_fetch_leaves_the_client_usable(site):
    site.routes["/hangs"] = lambda talk: talk.server.over.wait(5)
    site.routes["/a"] = reply(PAGE)

    async def run():
        async with client_of() as client:
            source = source_of(site, concurrency=1)
            task = asyncio.create_task(client.get(f"{site.url}/hangs", source=source))
            while "/hangs" not in site.paths:
                await asyncio.sleep(0.005)
            task.cancel()
            await asyncio.wait([task])
            return await client.get(f"{site.url}/a", source=source)

    assert isinstance(asyncio.run(run()), Capture)


def _all_at_once(urls, source):
    async def run():
        async with client_of() as client:
            return await asyncio.gather(*(client.get(url, source=source, accept="listing") for url in urls))

    return asyncio.run(run())
