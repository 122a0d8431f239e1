"""A deployment without Airflow: the stages on real S3, Slack and newsroom servers, all on loopback."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from slack_sdk import WebClient

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.runs import Run
from include.wirewatch.settings import Settings
from include.wirewatch.stages.deliver import deliver
from include.wirewatch.stages.extract import extract
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.match import match
from include.wirewatch.stages.services import Services, Summary
from include.wirewatch.store import Store
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom

NOW = datetime.now(UTC)


class Deployment:
    """One store, one configuration, and the stages of ingest_live in their order."""

    def __init__(self, services: Services, config: Path, newsroom: Newsroom, slack: SlackServer) -> None:
        self.services, self.config, self.newsroom, self.slack = services, config, newsroom, slack
        self.store = services.store

    def run(self, number: int, *, quiet: bool = False) -> Run:
        """The number-th five-minute run of today."""
        end = NOW + timedelta(minutes=5 * number)
        return Run("ingest_live", f"scheduled__{number}", NOW.date().isoformat(), end, quiet)

    def ingest(self, number: int = 1, *, quiet: bool = False) -> dict[str, Summary]:
        """fetch → extract → match → deliver, as ingest_live does with one shard."""
        fetched = fetch(self.services, self.run(number, quiet=quiet), 0, 1)
        extracted = extract(self.services, str(fetched["batch"]))
        matched = match(self.services, str(extracted["clean"]))
        return {"fetch": fetched, "extract": extracted, "match": matched, "deliver": deliver(self.services)}

    def later(self, **by: float) -> "Deployment":
        """The same deployment with its clock moved on."""
        moved = replace(self.services, now=lambda: datetime.now(UTC) + timedelta(**by))
        return Deployment(moved, self.config, self.newsroom, self.slack)


@pytest.fixture
def deployment(newsroom: Newsroom, slack_server: SlackServer, store: Store, s3: LockedS3, tmp_path: Path) -> Deployment:
    newsroom.write_config(tmp_path)
    place = f"s3://{store.place.bucket}/{store.place.prefix}"
    # Said here, for the environment may say otherwise: tests with an Airflow of their own have no deadline.
    settings = Settings(store=place, config=str(tmp_path), post_interval_s=0, deadline_minutes=30)
    client = WebClient(token=slack_server.token, base_url=slack_server.base_url, retry_handlers=[], timeout=5)
    config = ConfigFiles(str(tmp_path), lambda place: Store(s3.client(), place))
    return Deployment(
        Services(settings, store, config, open_slack=lambda: client, worker="test"), tmp_path, newsroom, slack_server
    )
