"""A publisher, a Wayback Machine and Common Crawl's bucket for one day of the past, all on loopback."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import yaml

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.models import Article, ArticleMatches, Batch
from include.wirewatch.runs import Backfill, Run
from include.wirewatch.settings import S3Place
from include.wirewatch.stages.batches import extract_batches, match_batches
from include.wirewatch.stages.history import DaySummary, fetch_day
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store
from tests.discover.test_sitemap import url, urlset
from tests.e2e.conftest import Deployment
from tests.fakes.ccnews import Page, put_month, write_file
from tests.fakes.wayback_server import WaybackServer, serving
from tests.fetch.conftest import Site, reply, running

DAY = datetime.now(UTC).date() - timedelta(days=3)
NOON = f"{DAY:%Y%m%d}120000"


def page(title: str, published: date = DAY) -> bytes:
    """A page with a text that a shipped rule matches, and its date."""
    body = (
        f"<p>{title}: both sides speak of a ceasefire in the harbour town, and of the talks that are to follow it.</p>"
        * 4
    )
    return f'<html><head><meta property="article:published_time" content="{published}T09:00:00Z"></head>'.encode() + (
        f"<body><article><h1>{title}</h1>{body}</article></body></html>".encode()
    )


class Past:
    """site: the publisher. wayback, news: the archives. configure() writes sources.yaml; everything else runs a day."""

    def __init__(self, deployment: Deployment, site: Site, wayback: WaybackServer, wayback_url: str) -> None:
        self.deployment, self.site, self.wayback = deployment, site, wayback
        self.store = deployment.store
        place = self.store.place
        self.news = Store(self.store._client, S3Place(place.bucket, f"{place.prefix}-ccnews"), "ccnews")
        self.services = self.with_settings(wayback_url=wayback_url, wayback_delay_s=0.0)

    def with_settings(self, **settings: Any) -> Services:
        services = getattr(self, "services", self.deployment.services)
        self.services = replace(
            services, settings=services.settings.model_copy(update=settings), open_ccnews=lambda: self.news
        )
        return self.services

    def configure(self, *sources: dict[str, Any]) -> None:
        given = {"publisher": "Ours", "kind": "feed", "url": f"{self.site.url}/feed", "delay_s": 0}
        given |= {"allow_hosts": [self.site.host], "concurrency": 8}
        (self.deployment.config / "sources.yaml").write_text(
            yaml.safe_dump({"sources": [{**given, **one} for one in sources]})
        )

    def publish(self, *names: str, listed: bool = True) -> None:
        """Pages of the day, and the day's sitemap that lists them."""
        for name in names:
            self.site.routes[f"/{name}"] = reply(page(f"Story {name}"))
        if listed:
            entries = (url(f"{self.site.url}/{name}", DAY.isoformat()) for name in names)
            self.site.routes[f"/map-{DAY}.xml"] = reply(urlset(*entries), kind="text/xml")

    def crawl(self, *pages: Page, number: int = 0) -> None:
        """One file of Common Crawl's, begun on the day."""
        put_month(self.news, f"{DAY:%Y/%m}", {f"{DAY:%Y%m%d}00000{number}-{number:05}": write_file(pages).data})

    @property
    def sitemap(self) -> dict[str, str]:
        return {"sitemap": f"{self.site.url}/map-{{date:%Y-%m-%d}}.xml"}

    def run(self, run_id: str = "backfill__x", *, quiet: bool = True, day: date = DAY, **backfill: Any) -> Run:
        end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
        conf = Backfill.model_validate(backfill) if backfill else None
        return Run("ingest_history", run_id, day.isoformat(), end, quiet, conf)

    def fetch(self, run: Run | None = None) -> DaySummary:
        return fetch_day(self.services, run or self.run())

    def finish(self, summary: DaySummary) -> None:
        extract_batches(self.services, summary["batches"])
        match_batches(self.services, summary["batches"])

    def batches(self, summary: DaySummary) -> list[Batch]:
        return [archive.read_batch(self.store, BatchKey.parse(record)) for record in summary["batches"]]

    def articles(self, day: date = DAY) -> list[Article]:
        return [
            one for item in self.store.list(f"clean/dt={day}/") for one in archive.read_articles(self.store, item.key)
        ]

    def matches(self, day: date = DAY) -> list[ArticleMatches]:
        return [
            one for item in self.store.list(f"matches/dt={day}/") for one in archive.read_matches(self.store, item.key)
        ]

    @property
    def pages_asked(self) -> list[str]:
        """What was asked of the publisher but listings and robots.txt, each as often as it was."""
        return [path for path in self.site.paths if not path.startswith(("/map", "/robots", "/archive"))]


def names_of(articles: list[Article]) -> list[str]:
    return sorted(article.url.rpartition("/")[2] for article in articles)


@contextmanager
def past_of(deployment: Deployment) -> Iterator[Past]:
    machine = WaybackServer()
    with running() as site, serving(machine) as base:
        yield Past(deployment, site, machine, base)
