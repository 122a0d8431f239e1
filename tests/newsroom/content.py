"""What the newsroom publishes: its articles/*.yaml, dated relative to a given now, and what must become of them.

The files hold the facts and their own expectations; nothing here depends on a port or a server.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ARTICLES = Path(__file__).with_name("articles")
PAGE = "page"
SUMMARY = "summary"


@dataclass(frozen=True)
class Piece:
    """One article. quirk: how its page misbehaves when served; "" for a page that does not.

    expect: the rules that alert on it, empty when none may. stale: rules that match but must not alert, as it is old.
    method: PAGE, or SUMMARY where the page cannot be read. listed: False for those of history alone.
    lost: its entry is cut off in the feed. raw: bytes to serve in place of the template.
    """

    slug: str
    title: str
    published: datetime
    paragraphs: tuple[str, ...] = ()
    summary: str = ""
    author: str = ""
    section: str = ""
    language: str = ""
    quirk: str = ""
    expect: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    method: str = PAGE
    syndicated: str = ""
    related: tuple[str, ...] = ()
    comments: tuple[dict[str, str], ...] = ()
    cookies: str = ""
    listed: bool = True
    lost: bool = False
    raw: bytes = b""


@dataclass
class Publisher:
    """One outlet: a host of its own, a template of its own, and one source that lists its pieces."""

    id: str
    name: str
    language: str
    kind: str
    template: str
    strings: dict[str, str]
    nav: tuple[str, ...]
    cookies: str
    pieces: list[Piece]
    feed: str = ""
    listing: str = ""
    history: bool = False
    served: list[Piece] = field(default_factory=list)

    @property
    def listed(self) -> list[Piece]:
        """What its source lists, newest first; a cut-off entry is still listed, though not to be read."""
        return sorted((p for p in [*self.pieces, *self.served] if p.listed), key=lambda p: p.published, reverse=True)

    def of_day(self, day: date) -> list[Piece]:
        """What its dated sitemap lists: the pieces of history, which no other source lists."""
        return [piece for piece in self.pieces if not piece.listed and piece.published.date() == day]


class ExpectedAlert(NamedTuple):
    slug: str
    rules: frozenset[str]
    method: str


@dataclass(frozen=True)
class Expected:
    """What a run over the newsroom must come to, by the articles' own declarations.

    entries: listed by all sources and readable. silent: slugs that no alert may name.
    unreachable: slugs whose page answers 404 or 500. stale: slugs archived with matches, but too old to alert.
    syndicated: sets of slugs that tell the same story. history: day → slug → rules, in the dated sitemaps.
    """

    alerts: frozenset[ExpectedAlert]
    silent: frozenset[str]
    stale: frozenset[str]
    unreachable: frozenset[str]
    entries: int
    syndicated: tuple[frozenset[str], ...]
    history: dict[date, dict[str, frozenset[str]]]


def load_publishers(now: datetime) -> list[Publisher]:
    """Every publisher with its pieces, aged from now."""
    texts = {path.stem: path.read_text("utf-8") for path in sorted(ARTICLES.iterdir())}
    # libyaml's loader: most tests make a newsroom, and the other takes a quarter of a second for these.
    return [_publisher(name, yaml.load(text, yaml.CSafeLoader), now) for name, text in texts.items()]


def expected(publishers: list[Publisher], now: datetime) -> Expected:
    listed = [piece for publisher in publishers for piece in publisher.listed if not piece.lost]
    alerting = [piece for piece in listed if piece.expect]
    stories: dict[str, set[str]] = {}
    for piece in listed:
        if piece.syndicated:
            stories.setdefault(piece.syndicated, set()).add(piece.slug)
    days = [(now - timedelta(days=back)).date() for back in range(1, 9)]
    dated = [publisher for publisher in publishers if publisher.history]
    return Expected(
        alerts=frozenset(ExpectedAlert(piece.slug, frozenset(piece.expect), piece.method) for piece in alerting),
        silent=frozenset(piece.slug for piece in listed if not piece.expect),
        stale=frozenset(piece.slug for piece in listed if piece.stale),
        unreachable=frozenset(piece.slug for piece in listed if piece.quirk in {"missing", "error"}),
        entries=len(listed),
        syndicated=tuple(frozenset(slugs) for slugs in stories.values()),
        history={
            day: {piece.slug: frozenset(piece.expect) for publisher in dated for piece in publisher.of_day(day)}
            for day in days
        },
    )


def _publisher(name: str, data: dict[str, Any], now: datetime) -> Publisher:
    articles, history = data.pop("articles"), data.pop("history_articles", [])
    publisher = Publisher(id=name, pieces=[], **{**data, "nav": tuple(data["nav"])})
    publisher.pieces = [_piece({"language": publisher.language, **article}, now) for article in articles]
    publisher.pieces += [_piece({"language": publisher.language, "listed": False, **past}, now) for past in history]
    return publisher


def _piece(data: dict[str, Any], now: datetime) -> Piece:
    paragraphs = tuple(" ".join(part.split("\n")) for part in data.pop("body").strip().split("\n\n"))
    day, age_h = data.pop("day", None), data.pop("age_h", 0)
    published = now - timedelta(hours=age_h)
    if day is not None:  # history is dated by the calendar: its sitemaps are
        published = datetime.combine((now + timedelta(days=day)).date(), time(11, 20), now.tzinfo)
    lists = {key: tuple(data[key]) for key in ("expect", "stale", "related", "comments") if key in data}
    return Piece(published=published.replace(microsecond=0), paragraphs=paragraphs, **{**data, **lists})
