from datetime import UTC, datetime, timedelta

import pytest

from include.wirewatch.extract.dates import Dated, choose_modified, choose_published, parse_date

from .samples import NOW, URL, extract

DAY = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected", "is_exact"),
    [
        ("2026-11-23T08:30:00Z", "2026-11-23T08:30:00+00:00", True),
        ("2026-11-23T08:30:00.123+02:00", "2026-11-23T08:30:00.123000+02:00", True),
        ("2026-11-23T08:30:00+0200", "2026-11-23T08:30:00+02:00", True),
        ("2026-11-23 08:30 +02:00", "2026-11-23T08:30:00+02:00", True),
        ("Mon, 23 Nov 2026 08:30:00 GMT", "2026-11-23T08:30:00+00:00", True),
        ("2026-11-23 08:30:00 EST", "2026-11-23T08:30:00-05:00", True),
        ("1795422600", "2026-11-23T08:30:00+00:00", True),
        ("1795422600000", "2026-11-23T08:30:00+00:00", True),
        ("2026-11-23T08:30:00", "2026-11-23T08:30:00+00:00", False),
        ("2026-11-23", "2026-11-23T00:00:00+00:00", False),
        ("23.11.2026 08:30", "2026-11-23T08:30:00+00:00", False),
        ("November 23, 2026", "2026-11-23T00:00:00+00:00", False),
        ("20261123T083000", "2026-11-23T08:30:00+00:00", False),
    ],
)
def test_a_date_is_read_with_its_zone(text: str, expected: str, is_exact: bool) -> None:
    dated = parse_date(text)
    assert dated is not None
    assert (dated.moment.isoformat(), dated.is_exact) == (expected, is_exact)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2026",
        "23/11",
        "2026-13-40",
        "9" * 60,
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "x" * 999,
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def choose(*candidates: tuple[str, Dated], url: str = "https://x.example/a") -> tuple[datetime | None, str, str]:
    return choose_published(list(candidates), now=NOW, url=url)


def test_the_earliest_credible_date_is_the_publication() -> None:
    moment, origin, _ = choose(("feed", Dated(NOW, True)), ("json-ld", Dated(DAY, True)))
    assert (moment, origin) == (DAY, "json-ld")


def test_a_date_in_the_future_is_rejected_with_its_reason() -> None:
    future = NOW + timedelta(days=2)
    moment, origin, rejected = choose(("json-ld", Dated(future, True)), ("feed", Dated(DAY, True)))
    assert (moment, origin) == (DAY, "feed")
    assert rejected == f"json-ld {future.isoformat()}: in the future"


def test_a_date_years_off_the_url_is_rejected() -> None:
    old = DAY.replace(year=2021)
    moment, _, rejected = choose(("json-ld", Dated(old, True)), ("feed", Dated(DAY, True)), url=URL)
    assert moment == DAY
    assert "years off" in rejected


def test_a_date_before_1990_is_rejected() -> None:
    assert choose(("json-ld", Dated(datetime(1970, 1, 1, tzinfo=UTC), True)))[0] is None


def test_an_exact_time_is_preferred_to_the_bare_day_it_falls_on() -> None:
    midnight = DAY.replace(hour=0, minute=0)
    assert choose(("meta", Dated(midnight, False)), ("feed", Dated(DAY, True)))[:2] == (DAY, "feed")


def test_a_bare_day_long_before_the_exact_times_wins() -> None:
    assert choose(("meta", Dated(DAY - timedelta(days=30), False)), ("feed", Dated(DAY, True)))[1] == "meta"


def test_the_urls_own_date_stands_in_where_nothing_else_is_known() -> None:
    assert choose(url=URL)[:2] == (datetime(2026, 11, 24, tzinfo=UTC), "url")


def test_an_edit_counts_only_after_the_publication_and_not_in_the_future() -> None:
    candidates = [
        ("a", Dated(DAY - timedelta(days=1), True)),
        ("b", Dated(NOW + timedelta(days=1), True)),
        ("c", Dated(NOW, True)),
    ]
    assert choose_modified(candidates, now=NOW, published=DAY) == (NOW, "c")
    assert choose_modified(candidates[:2], now=NOW, published=DAY) == (None, "")


def test_a_page_keeps_its_zone_and_names_what_dated_it() -> None:
    head = (
        '<meta property="article:published_time" content="2026-11-24T10:15:00+02:00">'
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2031-01-01T00:00:00Z"}</script>'
    )
    extraction = extract(head=head, published=NOW)
    assert extraction.published is not None
    assert extraction.published.isoformat() == "2026-11-24T10:15:00+02:00"
    assert extraction.published_from == "meta:article:published_time"
    assert "2031" in extraction.origins["published.rejected"]
    assert "in the future" in extraction.origins["published.rejected"]


def test_dates_are_judged_by_the_time_of_capture_not_by_the_clock() -> None:
    head = '<meta property="article:published_time" content="2026-11-25T00:00:00Z">'
    assert "in the future" in extract(head=head).origins["published.rejected"]
