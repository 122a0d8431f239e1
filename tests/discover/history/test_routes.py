"""The routes over HTTP: a day's sitemap or the files of an index, a page of links; in order, the first that answers."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from include.wirewatch.discover.history import Gets, ask_routes
from include.wirewatch.models import Outcome, Reason
from tests.discover.conftest import Web, source_of
from tests.discover.test_sitemap import url, urlset

DAY = date(2026, 11, 23)
MAP = "https://news.example/map-2026-11-23.xml"
INDEX = "https://news.example/sitemap.xml"
NEWS = "<news:news><news:publication_date>{}</news:publication_date></news:news>"


def index_of(*files: tuple[str, str]) -> bytes:
    rows = "".join(
        f"<sitemap><loc>{loc}</loc>{f'<lastmod>{day}</lastmod>' if day else ''}</sitemap>" for loc, day in files
    )
    return f"<sitemapindex>{rows}</sitemapindex>".encode()


def ask(web: Web, *routes: dict[str, str], begin: int = 0, **settings: object):
    source = source_of(history=routes, **settings)
    gets = Gets(listing=web, section=web, wayback=web, wayback_url="https://archive.example")
    return asyncio.run(ask_routes(source, DAY, gets, begin))


def found(answer) -> list[str]:
    return [find.entry.url.rpartition("/")[2] for find in answer.finds]


def labels(answer) -> list[str]:
    return [report.label for report in answer.reports]


DATED = {"sitemap": "https://news.example/map-{date:%Y-%m-%d}.xml"}


def test_a_day_is_its_own_entries_of_the_dated_sitemap():
    entries = [url("/before", "2026-11-22T23:59:59Z"), url("/in", "2026-11-23T00:30:00+00:00")]
    entries += [url("/late", "2026-11-24T00:30:00+01:00"), url("/after", "2026-11-24T00:00:00Z"), url("/undated")]
    answer = ask(Web({MAP: urlset(*entries)}), DATED)
    assert found(answer) == ["in", "late", "undated"]
    assert (answer.route, labels(answer)) == ("sitemap", ["sitemap:3"])


def test_in_a_months_map_an_undated_entry_belongs_to_no_day():
    web = Web({"https://news.example/2026-11.xml": urlset(url("/in", "2026-11-23"), url("/undated"))})
    (find,) = ask(web, {"sitemap": "https://news.example/{date:%Y-%m}.xml"}).finds
    assert find.entry.published == datetime(2026, 11, 23, tzinfo=UTC)


def test_what_was_edited_later_is_still_of_the_day_that_its_address_names():
    entries = [url("/2026/11/23/a", "2026-11-25"), url("/2026/11/22/b", "2026-11-23")]
    assert found(ask(Web({MAP: urlset(*entries)}), DATED)) == ["a"]


def test_a_news_date_says_more_than_the_address():
    entries = [
        url("/2026/11/22/a", "2026-11-25", NEWS.format("2026-11-23T00:10:00Z")),
        url("/2026/11/23/b", "2026-11-23", NEWS.format("2026-11-22T23:00:00Z")),
    ]
    assert found(ask(Web({MAP: urlset(*entries)}), DATED)) == ["a"]


def test_of_an_index_only_the_files_that_cover_the_day_are_read():
    web = Web({
        INDEX: index_of(("/2026-10.xml", ""), ("/2026-11.xml", ""), ("/2025-11.xml", "")),
        "https://news.example/2026-11.xml": index_of(
            ("/2026-11-20.xml", ""), ("/2026-11-23.xml", ""), ("/2026-11-24.xml", "")
        ),
        "https://news.example/2026-11-23.xml": urlset(url("/a", "2026-11-23"), url("/undated")),
        "https://news.example/2026-11-24.xml": urlset(url("/b", "2026-11-23T23:50:00Z"), url("/other")),
    })  # fmt: skip
    assert found(ask(web, {"sitemap": INDEX})) == ["a", "undated", "b"]
    assert [asked.rpartition("/")[2] for asked, _ in web.asked] == [
        "sitemap.xml", "2026-11.xml", "2026-11-23.xml", "2026-11-24.xml",
    ]  # fmt: skip


def test_a_map_of_everything_is_read_for_one_day_whatever_its_size():
    entries = [url(f"/{day}-{n}", f"2026-11-{day:02}") for day in (22, 23, 24) for n in range(600)]
    assert len(ask(Web({INDEX: urlset(*entries)}), {"sitemap": INDEX}).finds) == 600, "max_entries is of a live poll"


def test_an_index_of_very_many_files_costs_a_bounded_number_of_requests():
    web = Web({INDEX: index_of(*((f"/{n}.xml", "2026-11-24") for n in range(500)))})
    answer = ask(web, {"sitemap": INDEX})
    assert len(web.asked) <= 21
    assert answer.route == ""


ARCHIVE = {"archive_url": "https://news.example/archive/{date:%Y/%m/%d}/"}
PAGE = "https://news.example/archive/2026/11/23/"


def test_a_days_page_of_links_is_read_as_a_section_page():
    links = "".join(f'<a href="{path}">Talks resume in the capital</a>' for path in [
        "/world/a", "/2026/11/22/yesterday", "/2026/11/20/older", "/video/b", "https://other.example/c",
    ])  # fmt: skip
    answer = ask(Web({PAGE: links.encode()}), ARCHIVE, exclude=("/video/",))
    assert found(answer) == ["a", "yesterday"]
    assert all(find.entry.published is None for find in answer.finds), "the page names no time"
    assert (answer.route, labels(answer)) == ("archive_url", ["archive_url:2"])


def test_a_route_that_fails_and_one_that_is_empty_are_passed_over_and_reported():
    web = Web({INDEX: urlset(url("/other", "2026-11-20")), PAGE: b"<a href='/a'>Talks resume</a>"})
    answer = ask(web, DATED, {"sitemap": INDEX}, ARCHIVE)
    assert (found(answer), answer.route) == (["a"], "archive_url")
    assert labels(answer) == ["sitemap:http_404", "sitemap:empty", "archive_url:1"]


def test_a_broken_map_of_which_entries_could_be_read_answers():
    answer = ask(Web({MAP: urlset(url("/a", "2026-11-23"))[: -len("</urlset>")]}), DATED, ARCHIVE)
    assert (found(answer), answer.route) == (["a"], "sitemap")
    assert answer.reports[0].outcome.reason is Reason.BAD_RESPONSE


def test_what_is_no_map_at_all_is_passed_over():
    answer = ask(Web({MAP: b"<!DOCTYPE html><p>Sign in"}), DATED)
    assert (answer.route, answer.scan_at) == ("", None)
    assert labels(answer) == ["sitemap:bad_response"]


def test_a_scan_is_named_not_made_and_the_routes_behind_it_are_asked_later():
    web = Web({PAGE: b"<a href='/a'>Talks resume</a>"})
    routes = [DATED, {"ccnews": "news.example"}, ARCHIVE]
    first = ask(web, *routes)
    assert (first.route, first.scan_at, labels(first)) == ("", 1, ["sitemap:http_404"])
    assert [asked for asked, _ in web.asked] == [MAP]
    second = ask(web, *routes, begin=2)
    assert (second.route, second.scan_at, labels(second)) == ("archive_url", None, ["archive_url:1"])


@pytest.mark.parametrize("reason", [Reason.TIMEOUT, Reason.REFUSED_ADDRESS, Reason.ROBOTS])
def test_the_reason_of_a_failure_is_kept(reason):
    answer = ask(Web({MAP: Outcome(reason=reason, detail="why")}), DATED)
    assert answer.reports[0].outcome == Outcome(reason=reason, detail="why")
