"""What the archive says has happened lately, as one HTML page: alerts, matches that alerted nobody, batches.

In: a store, the days to look at, the number of objects to read. Out: rows, then HTML that runs no script, loads
nothing and escapes everything that came from a publisher. Reads at most 2 × `limit` objects and writes none.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from include.wirewatch.archive import latest_batches, latest_matches
from include.wirewatch.models import ArticleMatches, Batch
from include.wirewatch.store import Store

HERE = Path(__file__).parent
STYLE = (HERE / "status.css").read_text(encoding="utf-8")
# The page may use this one stylesheet, named by its hash, and nothing else; nobody may frame it.
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
MATCH_ROWS = 100


class MatchRow(NamedTuple):
    """An article that matched. url is "" unless it is http(s). decision, waiting: as in models.ArticleMatches."""

    matched_at: datetime
    title: str
    url: str
    rules: tuple[str, ...]
    receivers: tuple[str, ...]
    decision: str
    waiting: tuple[str, ...] = ()


class BatchRow(NamedTuple):
    """A committed fetch: how many of its entries ended how, most frequent first; failed_sources by name."""

    committed_at: datetime
    batch: str
    quiet: bool
    outcomes: tuple[tuple[str, int], ...]
    failed_sources: tuple[tuple[str, str], ...]


class Status(NamedTuple):
    """Newest first. alerts and silent share the matches between them; silent_total counts those beyond the rows too."""

    alerts: tuple[MatchRow, ...]
    silent: tuple[MatchRow, ...]
    silent_total: tuple[tuple[str, int], ...]
    batches: tuple[BatchRow, ...]


def read_status(store: Store, days: Iterable[date], limit: int) -> Status:
    """The newest `limit` matches batches and `limit` raw batches of those days."""
    looked_at = list(days)
    matches = [
        match_row(listed.modified, article)
        for listed, articles in latest_matches(store, looked_at, limit)
        for article in articles
    ]
    batches = [batch_row(listed.modified, batch) for listed, batch in latest_batches(store, looked_at, limit)]
    silent = [row for row in matches if row.decision != "alerted"]
    return Status(
        alerts=tuple(row for row in matches if row.decision == "alerted")[:MATCH_ROWS],
        silent=tuple(silent[:MATCH_ROWS]),
        silent_total=_count(row.decision for row in silent),
        batches=tuple(batches),
    )


def match_row(matched_at: datetime, article: ArticleMatches) -> MatchRow:
    rules = tuple(match.rule for match in article.matches)
    url, told = web_url(article.url), article.receivers
    return MatchRow(matched_at, article.title, url, rules, told, article.decision, article.waiting)


def batch_row(committed_at: datetime, batch: Batch) -> BatchRow:
    failed = [
        (name, report.poll.label)
        for name, report in sorted(batch.sources.items())
        if report.poll.reason not in ("fetched", "unchanged")
    ]
    outcomes = _count(item.outcome.label for item in batch.items)
    return BatchRow(committed_at, batch.batch, batch.quiet, outcomes, tuple(failed))


def web_url(url: str) -> str:
    """The URL if a browser may follow it from here, else ""."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


def render_status(status: Status, *, place: str, days: Sequence[date]) -> str:
    """The page. place: the s3:// URL that was read."""
    return _render(status=status, place=place, days=days, problem="")


def render_problem(problem: str) -> str:
    """The same page when the archive cannot be read: what stands in the way, for people."""
    return _render(status=None, place="", days=(), problem=problem)


def _render(**values: object) -> str:
    environment = Environment(loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("status.html").render(style=Markup(STYLE), **values)  # noqa: S704  # our own file


def _count(labels: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(labels).items(), key=lambda pair: (-pair[1], pair[0])))
