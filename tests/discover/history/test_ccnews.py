"""Common Crawl's news files: which to read, what of them, how far, and what of broken ones."""

import gzip
import random
import tracemalloc
from datetime import UTC, date, datetime

import pytest

from include.wirewatch.discover.history.ccnews import DayScan, Limits, host_of_hosts, list_files
from include.wirewatch.discover.history.ccnews_files import DayFiles, files_of, lists_of
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Outcome, Reason, ScanPosition
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.fakes.ccnews import Page, put_month, write_file

DAY = date(2026, 11, 23)
NOW = datetime(2026, 12, 1, tzinfo=UTC)
ROOMY = Limits(max_bytes=10**9, max_body_bytes=100_000)
HOSTS = ("news.example",)
START = ScanPosition(hosts=HOSTS)


@pytest.fixture
def news(store):
    """Common Crawl's place: a function that puts files of November 2026, by the time and number in their names."""

    def put(**files: bytes) -> Store:
        put_month(store, "2026/11", {name.removeprefix("f").replace("_", "-"): data for name, data in files.items()})
        return store

    return put


def scan_of(store: Store, position: ScanPosition = START, limits: Limits = ROOMY) -> DayScan:
    files = list_files(store, DAY)
    assert isinstance(files, DayFiles)
    return DayScan(store, files, position, limits, NOW)


def urls(scan: DayScan, is_wanted=lambda host, url: True) -> list[str]:
    found = []
    while scan.has_more:
        found += [hit.url for hit in scan.next_file(is_wanted)]
    return [url.rpartition("/")[2] for url in found]


def pages(*names: str, **facts) -> list[Page]:
    return [Page(f"https://news.example/{name}", **facts) for name in names]


# Which files


def path(stamp: str, number: int = 0) -> str:
    return f"crawl-data/CC-NEWS/{stamp[:4]}/{stamp[4:6]}/CC-NEWS-{stamp}-{number:05}.warc.gz"


def test_the_files_of_a_day_are_those_begun_on_it_and_the_last_ones_before():
    stamps = ["20261121230000", "20261122080000", "20261122150000", "20261122233000"]
    stamps += ["20261123000000", "20261123235959", "20261124000000"]
    names = [key.rpartition("NEWS-")[2][:14] for key in files_of(DAY, map(path, reversed(stamps))).keys]
    assert names == ["20261122150000", "20261122233000", "20261123000000", "20261123235959"]


def test_a_file_of_two_days_before_can_hold_nothing_of_the_day_for_files_end_after_a_day():
    assert files_of(DAY, [path("20261121235959")]).keys == ()


def test_lines_that_are_no_such_file_are_passed_over():
    lines = [
        "",
        "../../secret",
        "crawl-data/CC-NEWS/2026/11/CC-NEWS-20261399000000-1.warc.gz",
        "x/warc.paths.gz",
        path("20261123000000") + "/..",
    ]
    assert files_of(DAY, lines).keys == ()


@pytest.mark.parametrize(
    ("day", "lists"),
    [
        (date(2026, 11, 23), ["2026/11/warc.paths.gz"]),
        (date(2026, 12, 1), ["2026/11/warc.paths.gz", "2026/12/warc.paths.gz"]),
        (date(2026, 1, 1), ["2025/12/warc.paths.gz", "2026/01/warc.paths.gz"]),
    ],
)
def test_on_the_first_of_a_month_the_month_before_is_listed_too(day, lists):
    assert lists_of(day) == lists


def test_a_month_that_is_not_there_is_an_outcome(store):
    answer = list_files(store, DAY)
    assert isinstance(answer, Outcome)
    assert answer.label == "http_404"


def test_a_bucket_that_refuses_is_an_outcome_that_names_the_connection(s3_store_client):
    answer = list_files(Store(s3_store_client, S3Place("no-such-bucket", "x"), "commoncrawl"), DAY)
    assert isinstance(answer, Outcome)
    assert "'commoncrawl'" in answer.detail


@pytest.mark.parametrize("body", [b"\x1f\x8bno gzip", gzip.compress(b"x" * 20_000_000)], ids=["broken", "bomb"])
def test_a_list_that_cannot_be_read_is_an_outcome(store, body):
    store.put("2026/11/warc.paths.gz", body)
    assert isinstance(list_files(store, DAY), Outcome)


# What of them


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://news.example/a", "news.example"),
        ("http://www.News.example:8080/a", "news.example"),
        ("https://user@m.news.example", "news.example"),
        ("https://notnews.example/a", ""),
        ("https://news.example.org/a", ""),
        ("https://evil.org/news.example/", ""),
        ("example", ""),
        ("", ""),
    ],
)
def test_a_host_has_its_subdomains_and_nothing_that_only_ends_alike(url, host):
    assert host_of_hosts(url, frozenset(HOSTS)) == host


def test_pages_of_the_hosts_that_were_captured_on_the_day_are_found(news):
    written = write_file([
        *pages("a", "b"),
        Page("https://other.example/c"),
        *pages("yesterday", date="2026-11-22T23:59:59Z"),
        *pages("tomorrow", date="2026-11-24T00:00:00Z"),
        *pages("gone", status="404 Not Found"),
        *pages("logo", headers=(("Content-Type", "image/png"),)),
        *pages("last", headers=(("Content-Type", "text/html; charset=utf-8"),)),
    ])  # fmt: skip
    scan = scan_of(news(f20261123000000_00000=written.data))
    assert urls(scan) == ["a", "b", "last"]
    assert scan.position.done
    assert scan.troubles == []


def test_what_is_not_wanted_is_not_read(news):
    asked = []

    def is_wanted(host, url):
        asked.append((host, url.rpartition("/")[2]))
        return url.endswith("b")

    scan = scan_of(news(f20261123000000_00000=write_file([*pages("a", "b"), Page("https://other.example/c")]).data))
    assert urls(scan, is_wanted) == ["b"]
    assert asked == [("news.example", "a"), ("news.example", "b")]


def test_a_page_is_as_it_was_captured_and_says_where_it_lies(news):
    headers = (("Content-Type", "text/html"), ("Server", "nginx"))
    written = write_file([Page("https://news.example/a", "2026-11-23T10:11:12Z", b"<h1>A</h1>", headers=headers)])
    store = news(f20261123000000_00000=written.data)
    (hit,) = scan_of(store).next_file(lambda host, url: True)
    page = hit.answer
    assert (page.url, page.body, page.status) == ("https://news.example/a", b"<h1>A</h1>", 200)
    assert page.fetched_at == datetime(2026, 11, 23, 10, 11, 12, tzinfo=UTC)
    assert page.header("Server") == "nginx"
    key = "2026/11/CC-NEWS-20261123000000-00000.warc.gz"
    assert page.archived == (f"{store.url(key)}#{written.offsets[0]}", NOW)


def test_bytes_that_are_packed_are_unpacked_whatever_the_headers_say(news):
    encoded = (("Content-Type", "text/html"), ("Content-Encoding", "gzip"))
    written = write_file([
        *pages("plain", body=b"<h1>A</h1>", headers=encoded),
        *pages("packed", body=gzip.compress(b"<h1>A</h1>"), headers=encoded),
    ])  # fmt: skip
    hits = list(scan_of(news(f20261123000000_00000=written.data)).next_file(lambda host, url: True))
    assert [hit.answer.body for hit in hits] == [b"<h1>A</h1>"] * 2


def test_a_page_beyond_the_limit_is_an_outcome_and_costs_no_memory(news):
    written = write_file(
        [*pages("large", body=b"x" * 200_000), *pages("bomb", body=gzip.compress(b"x" * 10**7)), *pages("a")]
    )
    hits = list(scan_of(news(f20261123000000_00000=written.data)).next_file(lambda host, url: True))
    assert [getattr(hit.answer, "reason", "page") for hit in hits] == [Reason.TOO_LARGE, Reason.TOO_LARGE, "page"]


def test_a_status_line_of_http_2_is_read(news):
    scan = scan_of(news(f20261123000000_00000=write_file(pages("a", protocol="HTTP/2")).data))
    assert urls(scan) == ["a"]


# How far


def test_files_are_read_one_after_the_other_in_the_order_of_their_time(news):
    store = news(
        f20261123120000_00001=write_file(pages("b")).data,
        f20261123000000_00000=write_file(pages("a")).data,
        f20261122230000_00009=write_file(pages("early", date="2026-11-23T00:00:00Z")).data,
    )
    assert urls(scan_of(store)) == ["early", "a", "b"]


def test_the_limit_of_bytes_ends_a_scan_and_the_next_goes_on_at_that_record(news):
    many = write_file(
        [
            *pages("a", "b"),
            *(Page(f"https://other.example/{n}", body=bytes([n]) * 70_000) for n in range(30)),
            *pages("c"),
        ]
    )
    store = news(f20261123000000_00000=many.data, f20261123120000_00001=write_file(pages("d", "e")).data)
    found, position, scans = [], START, 0
    while not position.done:
        scan = scan_of(store, position, Limits(max_bytes=1, max_body_bytes=100_000))
        found += urls(scan)
        assert scan.position != position, "each scan gets further"
        position, scans = scan.position, scans + 1
    assert found == ["a", "b", "c", "d", "e"]
    assert scans > 5


def test_time_ends_a_scan_between_two_records(news):
    store = news(f20261123000000_00000=write_file(pages("a", "b", "c")).data)
    scan = scan_of(store, limits=Limits(10**9, 100_000, lambda: True))
    assert urls(scan) == ["a"]
    assert not scan.position.done
    assert urls(scan_of(store, scan.position)) == ["b", "c"]


def test_a_position_is_resumed_by_a_ranged_read(news):
    written = write_file(pages("a", "b", "c"))
    store = news(f20261123000000_00000=written.data)
    position = ScanPosition(hosts=HOSTS, file="2026/11/CC-NEWS-20261123000000-00000.warc.gz", offset=written.offsets[1])
    scan = scan_of(store, position)
    assert urls(scan) == ["b", "c"]
    assert scan.position.bytes_read == len(written.data) - written.offsets[1]


def test_a_position_that_is_done_reads_nothing(news):
    scan = scan_of(news(f20261123000000_00000=write_file(pages("a")).data), START.model_copy(update={"done": True}))
    assert urls(scan) == []


def test_a_day_without_files_is_done_at_once(news):
    scan = scan_of(news(f20261120000000_00000=write_file(pages("a")).data))
    assert urls(scan) == []
    assert scan.position.done


# Broken ones


def test_a_broken_file_is_left_where_it_breaks_and_the_next_one_read(news):
    broken = bytearray(write_file(pages("a", "b", "c")).data)
    at = write_file(pages("a", "b", "c")).offsets[1]
    broken[at + 20 : at + 60] = b"\0" * 40
    store = news(f20261123000000_00000=bytes(broken), f20261123120000_00001=write_file(pages("d")).data)
    scan = scan_of(store)
    assert urls(scan) == ["a", "d"]
    assert scan.position.done
    assert "20261123000000" in scan.troubles[0]


@pytest.mark.parametrize(
    "data", [b"", b"<html>no WARC", gzip.compress(b"neither"), b"\x1f\x8b"], ids=["none", "html", "gzip", "cut"]
)
def test_a_file_that_is_none_is_left(news, data):
    store = news(f20261123000000_00000=data, f20261123120000_00001=write_file(pages("d")).data)
    assert urls(scan_of(store)) == ["d"]


def test_a_file_that_is_listed_but_not_there_is_left(news):
    store = news(f20261123000000_00000=b"x", f20261123120000_00001=write_file(pages("d")).data)
    store.delete("2026/11/CC-NEWS-20261123000000-00000.warc.gz")
    scan = scan_of(store)
    assert urls(scan) == ["d"]
    assert "is not there" in scan.troubles[0]


def raw_record(url: str, date: str, http: bytes) -> bytes:
    head = f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
    head += f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    return gzip.compress(head.encode("latin-1") + http + b"\r\n\r\n")


def test_hostile_records_cost_themselves_alone(news):
    good = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>A</h1>"
    records = [
        raw_record("https://news.example/1", "yesterday", good),
        raw_record("https://news.example/2", "2026-11-23T10:00:00Z", b"\xff\xff"),
        raw_record("https://news.example/3", "2026-11-23T10:00:00Z", b"HTTP/1.1 abc\r\n\r\nx"),
        raw_record("news.example", "2026-11-23T10:00:00Z", good),
        raw_record("https://news.example/\xff", "2026-11-23T10:00:00Z", b""),
        raw_record("https://news.example/last", "2026-11-23T10:00:00Z", good),
    ]
    found = urls(scan_of(news(f20261123000000_00000=b"".join(records))))
    assert found[-1] == "last"
    assert "1" not in found


def test_a_wish_that_raises_costs_its_record_alone(news):
    def is_wanted(host, url):
        if url.endswith("a"):
            raise ValueError("not a URL")
        return True

    assert urls(scan_of(news(f20261123000000_00000=write_file(pages("a", "b")).data)), is_wanted) == ["b"]


class Dropping:
    """A boto3 client whose bodies break after so many bytes, so many times."""

    def __init__(self, client, after: int, times: int) -> None:
        self.client, self.after, self.times = client, after, times
        self.ranges: list[str] = []

    def get_object(self, **asked):
        answer = self.client.get_object(**asked)
        if "Range" in asked:
            self.ranges.append(asked["Range"])
            answer["Body"] = DroppingBody(answer["Body"], self)
        return answer


class DroppingBody:
    def __init__(self, body, owner: Dropping) -> None:
        self.body, self.owner, self.read_so_far = body, owner, 0

    def read(self, amt=None):
        if self.owner.times and self.read_so_far >= self.owner.after:
            self.owner.times -= 1
            raise ConnectionResetError("dropped")
        data = self.body.read(min(amt, self.owner.after))
        self.read_so_far += len(data)
        return data

    def close(self):
        self.body.close()


def test_a_dropped_connection_is_taken_up_at_the_byte_where_it_broke(news, s3_store_client):
    written = write_file(pages(*"abcdef"))
    store = news(f20261123000000_00000=written.data)
    client = Dropping(s3_store_client, after=500, times=3)
    assert urls(scan_of(Store(client, store.place))) == list("abcdef")
    assert client.ranges == ["bytes=0-", "bytes=500-", "bytes=1000-", "bytes=1500-"]


def test_a_file_that_breaks_again_and_again_raises_with_the_position_kept(news, s3_store_client):
    store = news(f20261123000000_00000=write_file(pages(*"abcdef")).data)
    client = Dropping(s3_store_client, after=0, times=10**6)
    scan = scan_of(Store(client, store.place))
    with pytest.raises(StoreError, match="broke 5 times at byte 0"):
        urls(scan)
    assert not scan.position.done


class InMemory:
    """A boto3 client of one object, and its body: the stand-in S3 would hold the whole of it once more."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def get_object(self, **asked):
        return {"Body": self}

    def read(self, amt):
        self.position += amt
        return self.data[self.position - amt : self.position]

    def close(self):
        pass


def test_memory_is_bounded_by_one_record():
    noise = random.Random(7).randbytes(60_000)
    written = write_file(Page(f"https://other.example/{n}", body=noise + n.to_bytes(2, "big")) for n in range(200))
    assert len(written.data) > 10_000_000
    store = Store(InMemory(written.data), S3Place("commoncrawl", "x"))
    scan = DayScan(store, DayFiles(DAY, ("one",)), START, ROOMY, NOW)
    tracemalloc.start()
    assert urls(scan) == []
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert scan.position.bytes_read == len(written.data)
    assert peak < 1_000_000
