"""The servers that tests share: S3, a Slack workspace and a newsroom, all on loopback."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom

BUCKET = "wirewatch-tests"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Airflow's settings are fixed by its first import in a process: the folder that needs its own comes first."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/dags/"))


@pytest.fixture(scope="session")
def s3() -> Iterator[LockedS3]:
    """One server for all tests; each works in a bucket or under a prefix of its own."""
    with LockedS3() as server:
        server.create_bucket(BUCKET)
        yield server


@pytest.fixture(scope="session")
def s3_store_client(s3: LockedS3) -> Any:
    return s3.client()


@pytest.fixture
def s3_bucket(s3: LockedS3) -> str:
    """A bucket of this test's own."""
    name = f"test-{uuid.uuid4().hex}"
    s3.create_bucket(name)
    return name


@pytest.fixture
def store(s3_store_client: Any) -> Store:
    """An empty place of this test's own."""
    return Store(s3_store_client, S3Place(BUCKET, uuid.uuid4().hex))


@pytest.fixture
def slack_server() -> Iterator[SlackServer]:
    """An empty workspace of this test's own."""
    with SlackServer() as server:
        yield server


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    """The made-up publishers, with everything dated relative to the present."""
    with Newsroom(datetime.now(UTC)) as rooms:
        yield rooms
