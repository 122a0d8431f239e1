from collections.abc import Iterator
from typing import NamedTuple
from uuid import uuid4

import boto3
import pytest
from moto.server import ThreadedMotoServer

from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store


class S3(NamedTuple):
    """A server on loopback with one bucket. The bucket's name is new: all moto servers of a process share one state."""

    endpoint: str
    store: Store


@pytest.fixture
def s3() -> Iterator[S3]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    place = S3Place(f"status-{uuid4()}", "archive")
    client.create_bucket(Bucket=place.bucket)
    yield S3(endpoint, Store(client, place))
    server.stop()


@pytest.fixture
def store(s3: S3) -> Store:
    return s3.store
