"""A day of the past: routes in their order, slices, what is known, and what goes on after a kill."""

import logging
from collections.abc import Callable
from datetime import timedelta

import pytest

from include.wirewatch import archive
from include.wirewatch.config.sources import Source
from include.wirewatch.coverage import page_of
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Batch, Outcome, Reason, RouteReport
from include.wirewatch.stages.batches import UnfinishedError, extract_batches, match_batches
from include.wirewatch.stages.history.day import Trail, UnfinishedDayError
from include.wirewatch.stages.history.slices import Slices, TakenError
from include.wirewatch.warc import decode_captures
from tests.discover.test_sitemap import url, urlset
from tests.e2e.history_site import DAY, NOON, Past, names_of, page, past_of
from tests.fakes.ccnews import Page, put_month, write_file
from tests.fetch.conftest import reply

STAMP = f"{DAY}T12:00:00Z"


@pytest.fixture
def past(deployment):
    with past_of(deployment) as ours:
        yield ours


@pytest.fixture
def small_slices(monkeypatch):
    monkeypatch.setattr("include.wirewatch.stages.history.slices.SLICE_PAGES", 3)


# Routes


def test_the_first_route_that_answers_is_used_and_all_that_were_asked_are_reported(past: Past):
    past.site.routes["/a"] = past.site.routes["/b"] = reply(page("Talks"))
    archive_page = reply(b'<a href="/a">Talks resume in town</a> <a href="/b">Talks break down in town</a>')
    past.site.routes[f"/archive/{DAY:%Y/%m/%d}/"] = archive_page
    past.wayback.add(NOON, f"{past.site.url}/c")
    route = {"archive_url": f"{past.site.url}/archive/{{date:%Y/%m/%d}}/"}
    past.configure({"name": "ours", "history": [past.sitemap, route, {"wayback": "news.example"}]})
    summary = past.fetch()
    (batch,) = past.batches(summary)
    report = batch.sources["ours"]
    assert report.route == "archive_url"
    assert [one.label for one in report.routes] == ["sitemap:http_404", "archive_url:2"]
    assert past.wayback.paths == []
    assert {item.history_route for item in batch.items} == {"archive_url"}
    past.finish(summary)
    assert {article.history_route for article in past.articles()} == {"archive_url"}


def test_a_page_of_links_is_read_only_where_robots_txt_lets_it(past: Past):
    past.site.routes["/robots.txt"] = reply(b"User-agent: *\nDisallow: /archive/\n", kind="text/plain")
    past.site.routes[f"/archive/{DAY}"] = reply(b'<a href="/a">Talks resume in town</a>')
    past.configure({"name": "ours", "history": [{"archive_url": f"{past.site.url}/archive/{{date}}"}]})
    (batch,) = past.batches(past.fetch())
    assert [one.label for one in batch.sources["ours"].routes] == ["archive_url:robots"]


def test_captures_of_the_wayback_machine_say_so_down_to_the_warc(past: Past):
    past.wayback.add(NOON, "https://news.example/world/a", page("Talks"), ("Server", "nginx"))
    past.configure({"name": "ours", "history": [past.sitemap, {"wayback": "news.example/world/"}]})
    summary = past.fetch()
    past.finish(summary)
    (batch,) = past.batches(summary)
    (article,) = past.articles()
    memento = f"{past.services.settings.wayback_url}/web/{NOON}id_/https://news.example/world/a"
    assert (article.history_route, article.archive_url) == ("wayback", memento)
    assert article.fetched_at.isoformat() == f"{DAY}T12:00:00+00:00"
    assert article.url == "https://news.example/world/a"
    (capture,) = decode_captures(past.store.get(batch.warc).body)
    assert capture.archived.url == memento
    assert capture.header("Server") == "nginx"
    assert past.matches()[0].decision == "quiet"


def test_one_scan_of_common_crawl_serves_all_sources_and_each_gets_its_own(past: Past):
    past.crawl(
        Page("https://a.example/one", STAMP, page("One")),
        Page("https://www.b.example/two", STAMP, page("Two")),
        Page("https://a.example/video/three", STAMP, page("Three")),
        Page("https://c.example/four", STAMP, page("Four")),
    )
    past.configure(
        {"name": "a", "publisher": "A", "history": [past.sitemap, {"ccnews": "a.example"}], "exclude": ["/video/"]},
        {"name": "b", "publisher": "B", "history": [{"ccnews": "b.example"}]},
        {"name": "d", "publisher": "D", "history": [{"ccnews": "d.example"}]},
    )
    summary = past.fetch()
    past.finish(summary)
    found = {article.publisher: article for article in past.articles()}
    assert {name: article.url for name, article in found.items()} == {
        "A": "https://a.example/one",
        "B": "https://www.b.example/two",
    }
    assert found["A"].history_route == "ccnews"
    assert found["A"].archive_url.startswith(f"s3://{past.news.place.bucket}/")
    assert found["A"].fetched_at.isoformat() == f"{DAY}T12:00:00+00:00"
    (batch,) = past.batches(summary)
    labels = {name: [one.label for one in report.routes] for name, report in batch.sources.items()}
    assert labels == {"a": ["sitemap:http_404", "ccnews:1"], "b": ["ccnews:1"], "d": ["ccnews:empty"]}
    assert batch.history.scan.done


def test_a_scan_that_brings_nothing_or_fails_hands_on_to_the_next_route(past: Past):
    past.publish("a")
    past.configure({"name": "ours", "history": [{"ccnews": "a.example"}, past.sitemap]})
    (batch,) = past.batches(past.fetch())
    assert [one.label for one in batch.sources["ours"].routes] == ["ccnews:http_404", "sitemap:1"]
    past.crawl(Page("https://other.example/x", STAMP))
    (batch,) = past.batches(past.fetch(past.run("another", refetch=True)))
    assert [one.label for one in batch.sources["ours"].routes] == ["ccnews:empty", "sitemap:1"]


def test_old_pages_that_an_archive_captured_are_kept_raw_and_counted_but_are_no_article_of_the_day(past: Past):
    for days, name in [(0, "a"), (2, "b"), (3, "old"), (400, "older")]:
        past.wayback.add(NOON, f"https://news.example/{name}", page(name, DAY - timedelta(days=days)))
    past.wayback.add(NOON, "https://news.example/undated", page("c").replace(b"article:published_time", b"x"))
    past.configure({"name": "ours", "history": [{"wayback": "news.example/"}]})
    summary = past.fetch()
    past.finish(summary)
    assert summary["fetched"] == 5
    assert names_of(past.articles()) == ["a", "b", "undated"]


def test_a_source_that_nobody_can_say_anything_about_is_reported_and_costs_nobody_else(past: Past, caplog):
    past.publish("a")
    past.configure(
        {"name": "ours", "history": [past.sitemap]},
        {"name": "lost", "history": [{"sitemap": f"{past.site.url}/gone.xml"}, {"wayback": "gone.example"}]},
    )
    with caplog.at_level(logging.INFO):
        summary = past.fetch()
    assert (summary["sources"], summary["sources_failed"], summary["fetched"]) == (2, 1, 1)
    assert "history.no_answer source=lost routes=sitemap:http_404,wayback:empty" in caplog.text


def test_a_day_on_which_nothing_is_found_still_leaves_its_report(past: Past):
    past.configure({"name": "ours", "history": [past.sitemap]})
    summary = past.fetch()
    past.finish(summary)
    (batch,) = past.batches(summary)
    assert (batch.items, batch.history.done) == ((), True)
    assert archive.has_matches(past.store, archive.BatchKey(batch.dt, batch.batch)), "it is no unfinished work"


@pytest.mark.parametrize("label", ["connection", "http_503"])
def test_a_day_without_anything_is_not_done_while_a_source_is_down(past: Past, label):
    """An outage of ours, or of all of them: the next try asks again, and finds what the day had."""
    nobody = {"allow_hosts": ["127.0.0.1:9"], "history": [{"sitemap": "http://127.0.0.1:9/map.xml"}]}
    past.site.routes["/down.xml"] = reply(status=f"{label.removeprefix('http_')} Down")
    down = nobody if label == "connection" else {"history": [{"sitemap": f"{past.site.url}/down.xml"}]}
    past.configure(*({"name": name, **down} for name in ("one", "two")), {"name": "gone", "history": [past.sitemap]})
    says = rf"nothing was found, and not all could be reached \(one: sitemap:{label}; two: sitemap:{label}\); clear"
    with pytest.raises(UnfinishedDayError, match=says):
        past.fetch()
    assert not list(past.store.list(f"raw/dt={DAY}/"))
    past.publish("a")
    past.configure({"name": "one", **down}, {"name": "two", "history": [past.sitemap]})
    summary = past.fetch()
    assert (summary["sources_failed"], summary["fetched"]) == (1, 1), "one that is down holds up no other"


@pytest.fixture
def two(past: Past) -> Past:
    """Two sources of one day; the first has /a. The second is down until it publishes /b."""
    past.publish("a")
    past.site.routes["/theirs.xml"] = reply(status="503 Down")
    theirs = {"name": "theirs", "history": [{"sitemap": f"{past.site.url}/theirs.xml"}]}
    past.configure({"name": "ours", "history": [past.sitemap]}, theirs)
    return past


def lacking(past: Past, summary: dict) -> list[str]:
    return [name for name, report in past.batches(summary)[-1].sources.items() if report.lacks]


def test_a_day_run_again_asks_only_the_source_that_was_down_and_keeps_what_the_others_said(two: Past, caplog):
    first = two.fetch()
    assert "history.lacking source=theirs routes=sitemap:http_503" in caplog.text
    (batch,) = two.batches(first)
    assert (first["sources_failed"], lacking(two, first), "ccnews_left_at" in first) == (1, ["theirs"], False)
    two.site.routes[f"/map-{DAY}.xml"] = reply(status="503 Down")
    down_again = two.fetch()
    assert (down_again["fetched"], lacking(two, down_again)) == (1, ["theirs"]), "one that has all is not asked"
    two.site.routes["/theirs.xml"] = reply(urlset(url(f"{two.site.url}/b", DAY.isoformat())), kind="text/xml")
    two.publish("b", listed=False)
    again, once_more = two.fetch(), two.fetch()
    assert (again["sources_failed"], again["fetched"], lacking(two, again)) == (0, 2, [])
    assert two.batches(again)[-1].sources["ours"] == batch.sources["ours"]
    assert again == once_more
    assert two.pages_asked == ["/theirs.xml", "/a", "/theirs.xml", "/theirs.xml", "/b"]


@pytest.mark.parametrize("status", ["503 Down", "503 Down\r\nRetry-After: 100"], ids=["down", "busy"])
def test_pages_that_failed_are_fetched_when_the_day_is_run_again(past: Past, status):
    names = [f"p{number}" for number in range(6)]
    past.publish(*names)
    for name in names[2:]:
        past.site.routes[f"/{name}"] = reply(status=status)
    past.configure({"name": "ours", "history": [past.sitemap], "concurrency": 1})
    first = past.fetch()
    assert (first["entries"], first["fetched"], lacking(past, first)) == (6, 2, ["ours"])
    asked = len(past.pages_asked)
    past.publish(*names)
    again = past.fetch()
    past.finish(again)
    assert (again["entries"], again["fetched"], lacking(past, again)) == (6, 6, [])
    assert sorted(past.pages_asked[asked:]) == [f"/{name}" for name in names[2:]]
    assert names_of(past.articles()) == names
    assert past.fetch() == again


def test_a_source_that_is_down_when_it_is_asked_for_the_rest_has_still_said_what_it_had(past: Past):
    past.publish("a", "b")
    past.site.routes["/b"] = reply(status="503 Down")
    past.configure({"name": "ours", "history": [past.sitemap]})
    first = past.fetch()
    past.site.routes[f"/map-{DAY}.xml"] = reply(status="503 Down")
    again = past.fetch()
    reports = [past.batches(summary)[-1].sources for summary in (first, again)]
    assert reports[0] == reports[1]
    assert (again["sources_failed"], again["fetched"], lacking(past, again)) == (0, 1, ["ours"])


def test_a_page_that_is_gone_lacks_nothing(past: Past):
    past.publish("a", "b")
    past.site.routes["/b"] = reply(status="404 Gone")
    past.configure({"name": "ours", "history": [past.sitemap]})
    summary = past.fetch()
    assert (summary["fetched"], summary["http_404"], lacking(past, summary)) == (1, 1, [])
    assert past.batches(summary)[-1].history.done


def test_an_index_one_of_whose_files_is_down_has_answered_in_part(past: Past, caplog):
    near = DAY + timedelta(days=1)
    files = "".join(f"<sitemap><loc>{past.site.url}/map-{day}.xml</loc></sitemap>" for day in (DAY, near))
    index = f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{files}</sitemapindex>"
    past.site.routes["/index.xml"] = reply(index.encode(), kind="text/xml")
    past.site.routes[f"/map-{DAY}.xml"] = reply(status="503 Down")
    past.publish("a", "b", listed=False)
    late = urlset(url(f"{past.site.url}/a", DAY.isoformat()))
    past.site.routes[f"/map-{near}.xml"] = reply(late, kind="text/xml")
    past.configure({"name": "ours", "history": [{"sitemap": f"{past.site.url}/index.xml"}]})
    with caplog.at_level(logging.INFO):
        first = past.fetch()
    assert "history.route source=ours sitemap:1+bad_response" in caplog.text
    assert (first["fetched"], lacking(past, first)) == (1, ["ours"])
    past.publish("b")
    again = past.fetch()
    assert (again["fetched"], lacking(past, again)) == (2, [])


def test_a_scan_that_is_not_through_lacks_of_every_source_it_is_for(past: Past):
    one, two, three = (Page(f"https://{name}.example/x", STAMP, page(name)) for name in ("a", "other", "b"))
    day = f"{DAY:%Y%m%d}"
    files = {f"{day}000000-00000": write_file([one, two]).data, f"{day}000100-00001": write_file([three]).data}
    put_month(past.news, f"{DAY:%Y/%m}", files)
    past.configure(*({"name": name, "history": [{"ccnews": f"{name}.example"}]} for name in ("a", "b")))
    past.with_settings(ccnews_max_bytes=1)
    first = past.fetch()
    assert (first["fetched"], first["sources_lacking"], lacking(past, first)) == (1, 2, ["a", "b"])
    past.with_settings(ccnews_max_bytes=1_000_000)
    again = past.fetch()
    assert (again["fetched"], lacking(past, again)) == (2, [])


def test_a_scan_that_found_nothing_is_not_read_again_when_others_were_down(past: Past):
    past.site.routes[f"/map-{DAY}.xml"] = reply(status="503 Down")
    past.crawl(Page("https://other.example/x", STAMP))
    past.configure({"name": "ours", "history": [past.sitemap, {"ccnews": "a.example"}]})
    for _ in range(2):
        with pytest.raises(UnfinishedDayError, match="sitemap:http_503,ccnews:empty"):
            past.fetch()
    (slice_,) = Slices(past.services, past.run()).committed
    assert (slice_.history.done, slice_.history.scan.done) == (False, True)


@pytest.mark.parametrize(
    ("outcome", "is_open"),
    [
        (Outcome(reason=Reason.HTTP_ERROR, status=429), True),
        (Outcome(reason=Reason.TIMEOUT), True),
        (Outcome(reason=Reason.NOT_FETCHED), True),
        (Outcome(reason=Reason.BAD_RESPONSE), True),
        (Outcome(reason=Reason.HTTP_ERROR, status=404), False),
        (Outcome(reason=Reason.FETCHED), False),
        (Outcome(reason=Reason.ROBOTS), False),
    ],
)
def test_a_source_is_open_while_a_route_may_answer_later_and_none_has(outcome, is_open):
    source = Source.model_validate({"name": "a", "publisher": "A", "kind": "feed", "url": "https://a.example/feed"})
    empty = RouteReport(route="wayback", outcome=Outcome(reason=Reason.FETCHED))
    trail = Trail(source, reports=[RouteReport(route="sitemap", outcome=outcome), empty])
    assert trail.is_open == is_open
    trail.route = "wayback"
    assert not trail.is_open
    trail.route = "sitemap"
    assert trail.is_open == is_open, "it has answered in part"
    assert not Trail(source).is_open


# Slices, and what is known


def killed_after(commits: int, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[Batch]:
    """The batches that were committed before the process died at the next commit."""
    commit, done = archive.commit_batch, []

    def die(store, batch):
        if len(done) == commits:
            raise KeyboardInterrupt
        done.append(commit(store, batch))
        return done[-1]

    with monkeypatch.context() as patch:
        patch.setattr(archive, "commit_batch", die)
        with pytest.raises(KeyboardInterrupt):
            act()
    return done


NAMES = [f"s{number}" for number in range(8)]


def test_a_day_is_committed_in_slices_and_all_of_them_are_worked_on(past: Past, small_slices):
    past.publish(*NAMES)
    past.configure({"name": "ours", "history": [past.sitemap]})
    summary = past.fetch()
    assert [len(batch.items) for batch in past.batches(summary)] == [3, 3, 2]
    assert [batch.history.done for batch in past.batches(summary)] == [False, False, True]
    past.finish(summary)
    assert names_of(past.articles()) == NAMES
    assert len(past.matches()) == len(NAMES)


def test_a_rerun_of_a_finished_day_asks_nobody(past: Past, small_slices):
    past.publish(*NAMES)
    past.configure({"name": "ours", "history": [past.sitemap]})
    first = past.fetch()
    asked = len(past.site.paths)
    assert past.fetch() == first
    assert len(past.site.paths) == asked


@pytest.mark.parametrize("refetch", [False, True])
@pytest.mark.parametrize("commits", [0, 1, 2])
def test_a_killed_run_goes_on_behind_its_last_slice(past: Past, small_slices, monkeypatch, commits, refetch):
    past.publish(*NAMES)
    past.site.routes["/s1"] = reply(status="404 Not Found")
    past.configure({"name": "ours", "history": [past.sitemap]})
    run = past.run(refetch=refetch)
    done = killed_after(commits, monkeypatch, lambda: past.fetch(run))
    kept = {page_of(item.entry.url) for batch in done for item in batch.items}
    past.site.requests.clear()
    summary = past.fetch(run)
    assert not {page_of(f"{past.site.url}{path}") for path in past.pages_asked} & kept
    assert [batch.batch for batch in past.batches(summary)][:commits] == [batch.batch for batch in done]
    past.finish(summary)
    items = [item.entry.url.rpartition("/")[2] for batch in past.batches(summary) for item in batch.items]
    assert sorted(items) == NAMES
    assert names_of(past.articles()) == [name for name in NAMES if name != "s1"]


def test_two_tries_at_once_never_hold_a_page_twice(past: Past, small_slices):
    past.publish(*NAMES)
    past.configure({"name": "ours", "history": [past.sitemap]})
    zombie = Slices(past.services, past.run())
    summary = past.fetch()
    with pytest.raises(TakenError, match="another try"):
        zombie.commit({}, done=True)
    assert past.fetch() == summary


def test_what_the_archive_holds_around_the_day_is_not_fetched_unless_refetch_says_so(past: Past):
    past.publish(*NAMES)
    past.configure({"name": "ours", "history": [past.sitemap]})
    past.finish(past.fetch())
    past.site.requests.clear()
    again = past.fetch(past.run("another"))
    assert (again["entries"], past.pages_asked) == (0, [])
    anew = past.fetch(past.run("a-third", refetch=True))
    assert anew["fetched"] == len(NAMES)
    assert sorted(past.pages_asked) == sorted(f"/{name}" for name in NAMES)


def test_a_finished_run_that_is_told_to_fetch_anew_does_so_once_for_each_label(past: Past, small_slices):
    """A night's run of the day, backfilled again with --reprocess-behavior completed: Airflow keeps its id."""
    past.publish(*NAMES)
    past.configure({"name": "ours", "history": [past.sitemap]})
    nightly = past.fetch(past.run("scheduled__1", quiet=False))
    past.finish(nightly)
    past.site.requests.clear()
    anew = past.fetch(past.run("scheduled__1", refetch=True, label="mended"))
    assert (anew["fetched"], sorted(past.pages_asked)) == (len(NAMES), [f"/{name}" for name in NAMES])
    assert not set(anew["batches"]) & set(nightly["batches"])
    assert past.fetch(past.run("scheduled__1", refetch=True, label="mended")) == anew
    assert len(past.pages_asked) == len(NAMES), "a cleared task pays for nothing twice"
    assert past.fetch(past.run("scheduled__1", refetch=True, label="once-more"))["fetched"] == len(NAMES)


def test_a_page_known_by_https_is_not_fetched_from_an_archive_that_knows_it_by_http(past: Past):
    past.wayback.add(NOON, "https://news.example/a", page("A"))
    past.configure({"name": "ours", "history": [{"wayback": "news.example"}]})
    past.fetch()
    past.wayback.captures.clear()
    past.wayback.add(NOON, "http://news.example:80/a", page("A"))
    assert past.fetch(past.run("another"))["entries"] == 0


def test_a_backfill_backwards_finds_what_was_published_on_each_day(past: Past):
    """The later day's run sees the earlier day's page first, in an archive: it must not be lost between the two."""
    before = DAY - timedelta(days=2)
    past.wayback.add(f"{before:%Y%m%d}120000", "https://news.example/a", page("A", before))
    past.wayback.add(NOON, "https://news.example/a", page("A", before))
    past.configure({"name": "ours", "history": [{"wayback": "news.example"}]})
    for day in (DAY, before):
        past.finish(past.fetch(past.run(f"backfill__{day}", day=day)))
    assert names_of(past.articles(DAY) + past.articles(before)) == ["a"]


def test_time_that_runs_out_ends_a_try_and_the_next_goes_on(past: Past, small_slices):
    past.publish(*NAMES)
    held = past.site.routes["/s5"]
    past.site.routes["/s5"] = lambda talk: past.site.over.wait(5)
    past.configure({"name": "ours", "history": [past.sitemap]})
    past.with_settings(history_budget_s=1.0)
    with pytest.raises(UnfinishedDayError, match="the next try goes on"):
        past.fetch()
    tried = {page_of(item.entry.url) for batch in Slices(past.services, past.run()).committed for item in batch.items}
    answered = {page_of(f"{past.site.url}{path}") for path in past.pages_asked} - {page_of(f"{past.site.url}/s5")}
    assert 3 < len(answered) < len(NAMES)
    assert tried == answered, "also what had not filled a slice is kept"
    past.site.routes["/s5"] = held
    past.with_settings(history_budget_s=60.0)
    summary = past.fetch()
    assert summary["fetched"] == len(NAMES)


# Common Crawl, bit by bit


def crawled(past: Past, count: int = 6) -> None:
    past.crawl(*(Page(f"https://news.example/c{number}", STAMP, page(f"C{number}")) for number in range(count)))
    past.configure({"name": "ours", "history": [{"ccnews": "news.example"}]})


def test_a_limit_of_bytes_is_said_and_a_clear_goes_on_from_there(past: Past, caplog):
    crawled(past)
    past.with_settings(ccnews_max_bytes=1)
    found = 0
    for _ in range(20):
        summary = past.fetch()
        if "ccnews_left_at" not in summary:
            break
        assert "WIREWATCH_CCNEWS_MAX_BYTES" in past.batches(summary)[-1].sources["ours"].routes[-1].outcome.detail
        assert summary["entries"] >= found
        found = summary["entries"]
    assert summary["fetched"] == 6
    assert "ccnews.unfinished" in caplog.text
    past.finish(summary)
    assert names_of(past.articles()) == [f"c{number}" for number in range(6)]


def test_while_a_scan_is_not_over_the_next_route_is_not_asked(past: Past):
    past.publish("a")
    past.crawl(*(Page(f"https://other.example/{number}", STAMP) for number in range(3)))
    past.configure({"name": "ours", "history": [{"ccnews": "news.example"}, past.sitemap]})
    past.with_settings(ccnews_max_bytes=1)
    assert "ccnews_left_at" in past.fetch()
    assert past.site.paths == []
    past.with_settings(ccnews_max_bytes=10**9)
    assert past.fetch()["fetched"] == 1


def test_another_run_of_the_day_goes_on_where_the_first_was_stopped(past: Past):
    crawled(past)
    past.with_settings(ccnews_max_bytes=1)
    first = past.fetch()
    past.with_settings(ccnews_max_bytes=10**9)
    second = past.fetch(past.run("another"))
    assert "ccnews_left_at" not in second
    assert first["fetched"] + second["fetched"] == 6
    third = past.fetch(past.run("a-third"))
    assert (third["entries"], third["sources_failed"]) == (0, 0), "what others scanned that day is its answer"


def test_a_position_of_other_hosts_is_not_gone_on_from(past: Past):
    crawled(past)
    past.fetch()
    past.configure(
        {"name": "ours", "history": [{"ccnews": "news.example"}]}, {"name": "b", "history": [{"ccnews": "b.example"}]}
    )
    past.crawl(Page("https://b.example/x", STAMP, page("X")))
    assert past.fetch(past.run("another"))["fetched"] == 1


@pytest.mark.parametrize("commits", [0, 1])
def test_a_killed_scan_goes_on_behind_its_last_slice(past: Past, small_slices, monkeypatch, commits):
    crawled(past)
    assert len(killed_after(commits, monkeypatch, past.fetch)) == commits
    summary = past.fetch()
    items = [item.entry.url.rpartition("/")[2] for batch in past.batches(summary) for item in batch.items]
    assert sorted(items) == [f"c{number}" for number in range(6)]


def test_a_scan_that_breaks_off_keeps_what_it_found(past: Past, monkeypatch):
    crawled(past)
    put_month(
        past.news,
        f"{DAY:%Y/%m}",
        {
            f"{DAY:%Y%m%d}000000-00000": write_file([Page("https://news.example/c0", STAMP, page("C0"))]).data,
            f"{DAY:%Y%m%d}120000-00001": write_file([Page("https://news.example/c1", STAMP, page("C1"))]).data,
        },
    )
    opened = past.news.open

    def breaking(key, offset=0):
        if "120000" in key:
            raise StoreError("S3 is away")
        return opened(key, offset)

    with monkeypatch.context() as patch:
        patch.setattr(past.news, "open", breaking)
        with pytest.raises(StoreError):
            past.fetch()
    summary = past.fetch()
    assert [len(batch.items) for batch in past.batches(summary)] == [1, 1]


# Batches in one task


def test_a_batch_that_fails_holds_up_no_other_and_turns_the_task_red(past: Past, small_slices):
    past.publish(*NAMES)
    past.configure({"name": "ours", "history": [past.sitemap]})
    summary = past.fetch()
    lost = past.batches(summary)[1].warc
    body = past.store.get(lost).body
    past.store.delete(lost)
    for stage in (extract_batches, match_batches):
        with pytest.raises(UnfinishedError, match=summary["batches"][1]):
            stage(past.services, summary["batches"])
    assert len(past.matches()) == 5
    past.store.put(lost, body)
    past.finish(summary)
    assert len(past.matches()) == len(NAMES)


def test_no_batches_are_done_at_once(past: Past):
    assert extract_batches(past.services, []) == {"batches": 0, "failed": 0}
    assert match_batches(past.services, []) == {"batches": 0, "failed": 0}


# What is told


def test_what_the_nightly_run_finds_alerts_marked_found_late_and_a_backfill_alerts_only_when_asked(past: Past):
    past.publish("a")
    past.configure({"name": "ours", "history": [past.sitemap], "alert_max_age": "7d"})
    past.finish(past.fetch(past.run("backfill__1")))
    assert {row.decision for row in past.matches()} == {"quiet"}
    summary = past.fetch(past.run("scheduled__1", quiet=False, refetch=True))
    past.finish(summary)
    assert [row.decision for row in past.matches()].count("alerted") == 1
    (alert,) = (past.store.get(item.key).body for item in past.store.list("outbox/"))
    assert b'"found_late":true' in alert


def test_what_live_polling_found_is_known_and_counted(past: Past, caplog):
    past.publish(*NAMES)
    feed = "".join(f"<item><title>Story</title><link>{past.site.url}/{name}</link></item>" for name in NAMES[:5])
    past.site.routes["/feed"] = reply(f"<rss><channel>{feed}</channel></rss>".encode(), kind="text/xml")
    past.configure({"name": "ours", "history": [past.sitemap]})
    live = past.deployment.run(1)._replace(dt=DAY.isoformat())
    from include.wirewatch.stages.fetch import fetch

    assert fetch(past.services, live, 0, 1)["fetched"] == 5
    past.site.requests.clear()
    with caplog.at_level(logging.INFO):
        summary = past.fetch(past.run("scheduled__1"))
    assert sorted(past.pages_asked) == [f"/{name}" for name in NAMES[5:]]
    assert (summary["live"], summary["history_only"]) == (5, 3)
    assert "history.coverage source=ours route=sitemap live=5 history_only=3 missed≈?" in caplog.text
    coverage = past.batches(summary)[-1].sources["ours"].coverage
    assert (coverage.live, coverage.both, coverage.history_only, coverage.missed) == (5, 5, 3, None)


def test_pages_that_fail_are_outcomes_and_a_later_run_tries_them_again(past: Past):
    past.publish("a", "b")
    past.site.routes["/b"] = reply(status="503 Busy")
    past.configure({"name": "ours", "history": [past.sitemap]})
    summary = past.fetch()
    assert (summary["fetched"], summary["http_503"]) == (1, 1)
    assert past.fetch()["entries"] == 2, "its own rerun does not"
    past.site.routes["/b"] = reply(page("B"))
    again = past.fetch(past.run("another"))
    assert [item.outcome.reason for item in past.batches(again)[0].items] == [Reason.FETCHED]
