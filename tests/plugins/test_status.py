"""The rows and the HTML of the status page, from a real store; no Airflow."""

from datetime import UTC, date, datetime
from html.parser import HTMLParser

import pytest

from include.wirewatch.archive import BatchKey, commit_batch, write_matches
from include.wirewatch.models import (
    ArticleMatches,
    Batch,
    BatchItem,
    Entry,
    Hit,
    Outcome,
    Reason,
    RuleMatch,
    SourceReport,
)
from include.wirewatch.status import (
    CONTENT_SECURITY_POLICY,
    STYLE,
    BatchRow,
    MatchRow,
    Status,
    batch_row,
    read_status,
    render_problem,
    render_status,
    web_url,
)

NOW = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
DAY = date(2026, 11, 23)
HOSTILE = """</a><script>alert(1)</script>"><img src=x onerror=alert(2)>&{{ 7 * 7 }}'"""


def matched(title: str, *, decision: str = "alerted", url: str = "https://news.example/a") -> ArticleMatches:
    hit = Hit(field="title", start=0, end=1, text="c", term="c")
    return ArticleMatches(
        article_id=title,
        url=url,
        title=title,
        matches=(RuleMatch(rule="ceasefire", severity="high", score=10, hits=(hit,)),),
        decision=decision,
        receivers=("desk",) if decision == "alerted" else (),
    )


def batch(name: str, *reasons: Outcome, sources: dict[str, SourceReport] | None = None) -> Batch:
    entry = Entry(url="https://news.example/a", source="wire")
    items = tuple(BatchItem(entry=entry, first_seen=NOW, outcome=outcome) for outcome in reasons)
    return Batch(batch=name, dt=str(DAY), quiet=False, interval_end=NOW, items=items, sources=sources or {})


def report(reason: Reason, status: int | None = None) -> SourceReport:
    return SourceReport(publisher="Wire", alert_max_age_s=86400, poll=Outcome(reason=reason, status=status))


def page(*alerts: MatchRow) -> str:
    return render_status(Status(alerts, (), (), ()), place="s3://b/p/", days=[DAY])


class Tags(HTMLParser):
    """Every tag of a page, with its attributes, and all its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_alerts_and_silent_matches_are_told_apart_and_counted(store):
    key = BatchKey(str(DAY), "live")
    rows = [matched("one"), matched("two", decision="stale"), matched("three", decision="stale")]
    write_matches(store, key.matches("x1", "r1"), rows)
    status = read_status(store, [DAY], 20)
    assert [(row.title, row.rules, row.receivers) for row in status.alerts] == [("one", ("ceasefire",), ("desk",))]
    assert [row.title for row in status.silent] == ["two", "three"]
    assert status.silent_total == (("stale", 2),)


def test_what_waits_for_a_digest_says_whose(store):
    key = BatchKey(str(DAY), "live")
    digests = {"desk": ("ceasefire",), "morning": ("ceasefire",)}
    rows = [
        matched("both").model_copy(update={"digests": digests}),
        matched("one", decision="digest").model_copy(update={"digests": {"morning": ("ceasefire",)}}),
    ]
    write_matches(store, key.matches("x1", "r1"), rows)
    status = read_status(store, [DAY], 20)
    assert status.silent_total == (("digest", 1),)
    text = Tags(render_status(status, place="s3://b/p/", days=[DAY])).text
    assert "desk, digest of morning" in text
    assert "digest of morning" in text.partition("alerted nobody at once")[2]


def test_no_more_objects_are_read_than_the_limit(store):
    for number in range(4):
        write_matches(store, BatchKey(str(DAY), f"live{number}").matches("x", "r"), [matched(f"article {number}")])
        commit_batch(store, batch(f"live{number}", Outcome(reason=Reason.FETCHED)))
    status = read_status(store, [DAY], 2)
    assert len(status.alerts) == 2
    assert len(status.batches) == 2


def test_other_days_are_not_read(store):
    write_matches(store, BatchKey("2026-11-20", "old").matches("x", "r"), [matched("old")])
    assert read_status(store, [DAY], 20) == Status((), (), (), ())


def test_a_batch_row_counts_its_outcomes_most_frequent_first_and_names_failed_sources():
    outcomes = [Outcome(reason=Reason.HTTP_ERROR, status=404), *[Outcome(reason=Reason.FETCHED)] * 3]
    sources = {
        "wire": report(Reason.FETCHED),
        "gazette": report(Reason.UNCHANGED),
        "herald": report(Reason.HTTP_ERROR, 503),
    }
    row = batch_row(NOW, batch("b", *outcomes, sources=sources))
    assert row == BatchRow(NOW, "b", False, (("fetched", 3), ("http_404", 1)), (("herald", "http_503"),))


def test_a_hostile_title_is_text_and_nothing_else():
    tags = Tags(page(MatchRow(NOW, HOSTILE, "https://news.example/a", (HOSTILE,), (HOSTILE,), "alerted")))
    assert HOSTILE in tags.text
    assert not [tag for tag, _ in tags.tags if tag in ("script", "img")]
    assert not [name for _, attributes in tags.tags for name in attributes if name.startswith("on")]


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//news.example/a", "https:", "http://[::1", ""],
)
def test_only_web_addresses_become_links(url):
    tags = Tags(page(MatchRow(NOW, "title", web_url(url), (), (), "alerted")))
    assert not [tag for tag, _ in tags.tags if tag == "a"]
    assert "title" in tags.text


def test_a_url_cannot_leave_its_attribute():
    url = 'https://news.example/"onmouseover="alert(1)'
    tags = Tags(page(MatchRow(NOW, "title", web_url(url), (), (), "alerted")))
    (link,) = [attributes for tag, attributes in tags.tags if tag == "a"]
    assert link["href"] == url
    assert set(link) == {"href", "target", "rel"}


def test_the_page_needs_nothing_that_its_policy_forbids():
    tags = Tags(page(MatchRow(NOW, "title", "https://news.example/a", ("rule",), ("desk",), "alerted")))
    assert not [tag for tag, _ in tags.tags if tag in ("script", "img", "link", "iframe", "form", "base")]
    assert not [attributes for _, attributes in tags.tags if "style" in attributes]
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "</" not in STYLE


def test_a_problem_is_shown_escaped():
    tags = Tags(render_problem(HOSTILE))
    assert HOSTILE in tags.text
    assert "script" not in [tag for tag, _ in tags.tags]
