"""Dates in file names, and which files of an index they make worth reading."""

from datetime import UTC, date, datetime

import pytest

from include.wirewatch.discover.history.sitemap import promising
from include.wirewatch.discover.history.spans import day_of, span_of
from include.wirewatch.discover.sitemap import File

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("https://x.example/map-2026-11-23.xml", ("2026-11-23", "2026-11-23")),
        ("https://x.example/20261123.xml.gz", ("2026-11-23", "2026-11-23")),
        ("https://x.example/2026/11/23/", ("2026-11-23", "2026-11-23")),
        ("https://x.example/2026/nov/3", ("2026-11-03", "2026-11-03")),
        ("https://x.example/posts-2026-11-1-2.xml", ("2026-11-01", "2026-11-01")),
        ("https://x.example/sitemap.xml?yyyy=2026&mm=11&dd=23", ("2026-11-23", "2026-11-23")),
        ("https://x.example/sitemap_20261123_4.xml", ("2026-11-23", "2026-11-23")),
        ("https://x.example/2026-11-01_2026-11-15.xml", ("2026-11-01", "2026-11-15")),
        ("https://x.example/sitemap-2026-w47.xml", ("2026-11-16", "2026-11-22")),
        ("https://x.example/2026w07.xml", ("2026-02-09", "2026-02-15")),
        ("https://x.example/202611.xml", ("2026-11-01", "2026-11-30")),
        ("https://x.example/2026/11/index.xml", ("2026-11-01", "2026-11-30")),
        ("https://x.example/2024-february.xml", ("2024-02-01", "2024-02-29")),
        ("https://x.example/sitemap-2026-11-part-12.xml", ("2026-11-01", "2026-11-30")),
        ("https://x.example/2020/files/2026-11.xml", ("2026-11-01", "2026-11-30")),
        ("https://x.example/sitemap-2026.xml", ("2026-01-01", "2026-12-31")),
        ("https://x.example/a-2026-13-01.xml", ("2026-01-01", "2026-12-31")),
        ("https://x.example/a-2026-02-31.xml", ("2026-02-01", "2026-02-28")),
        ("https://news2026.example/sitemap-7.xml", None),
        ("https://x.example/archive-1234567890.xml", None),
        ("https://x.example/20261123123456.xml", None),
        ("https://x.example/sitemap-12.xml", None),
    ],
)
def test_a_name_speaks_of_days(name, span):
    found = span_of(name)
    assert (found and (found.first.isoformat(), found.last.isoformat())) == span


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("https://x.example/2026/11/23/talks", DAY),
        ("https://x.example/talks-20261123.html", DAY),
        ("https://x.example/2026/11/talks", None),
        ("https://x.example/olympics-2026-recap", None),
        ("https://x.example/2026/11/23/what-happened-on-2026-11-22", None),
    ],
)
def test_an_articles_address_names_one_day_or_none(url, day):
    assert day_of(url) == day


def modified(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def order(*files: tuple[str, str]) -> list[str]:
    return promising([File(f"https://x.example/{name}", modified(day) if day else None) for name, day in files], DAY)


def names(*files: tuple[str, str]) -> list[str]:
    return [url.rpartition("/")[2] for url in order(*files)]


def test_the_file_of_the_day_comes_first_then_longer_spans_then_its_neighbours():
    files = [
        ("2026.xml", ""),
        ("2026-11.xml", ""),
        ("2026-11-22.xml", ""),
        ("2026-11-23.xml", ""),
        ("2026-11-24.xml", ""),
    ]
    assert names(*files) == ["2026-11-23.xml", "2026-11.xml", "2026.xml", "2026-11-22.xml", "2026-11-24.xml"]


def test_files_of_other_days_are_not_read():
    assert names(("2026-11-20.xml", ""), ("2026-10.xml", "2026-12-01"), ("2025.xml", ""), ("2026-w47.xml", "")) == []


def test_numbered_files_come_in_the_order_in_which_they_were_closed_from_the_day_on():
    files = [("map-9.xml", "2026-12-01"), ("map-7.xml", "2026-11-20"), ("map-8.xml", "2026-11-24")]
    assert names(*files) == ["map-8.xml", "map-9.xml"]


def test_what_says_nothing_comes_last_in_the_files_own_order():
    assert names(("b.xml", ""), ("a.xml", ""), ("map-8.xml", "2026-11-23")) == ["map-8.xml", "b.xml", "a.xml"]
