"""One worker process: the two tasks of the sweeper, finish and deliver, again and again until it is killed.

Everything in it is the code that Airflow runs, but for the two waits that are shortened at its start: SETTLE and LEASE.
"""

import logging
import os
import sys
import time
import traceback
from typing import NamedTuple

import boto3
from botocore.config import Config
from slack_sdk import WebClient

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.deliver import drain  # noqa: F401  # loaded before its waits are shortened
from include.wirewatch.errors import WirewatchError
from include.wirewatch.settings import Settings
from include.wirewatch.stages.deliver import deliver
from include.wirewatch.stages.finish import finish
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store
from tests.chaos.waits import LEASE, SETTLE, SLACK_TIMEOUT_S
from tests.fakes.s3_server import ACCESS_KEY, REGION, SECRET_KEY


class Place(NamedTuple):
    """Where a worker finds its servers and its configuration."""

    s3_url: str
    slack_url: str
    slack_token: str
    store: str
    config: str


def work(place: Place) -> None:
    """Never returns, but for an error that no task may raise: then the process ends with status 1."""
    logging.disable(logging.CRITICAL)
    shorten()
    services = open_services(place)
    while True:
        for task in (finish, deliver):
            try:
                task(services)
            except WirewatchError:
                continue  # the task is red, and the next run of the sweeper goes on
            except Exception:
                traceback.print_exc()
                sys.exit(1)
        time.sleep(0.05)


def shorten() -> None:
    """SETTLE and LEASE in every module that has them by name."""
    for name, module in list(sys.modules.items()):
        if name.startswith("include.wirewatch."):
            for wait, value in (("SETTLE", SETTLE), ("LEASE", LEASE)):
                if hasattr(module, wait):
                    setattr(module, wait, value)


def open_services(place: Place) -> Services:
    """Each request says which process it comes from: S3's in the User-Agent, Slack's in the token."""
    s3 = boto3.session.Session().client(
        "s3",
        endpoint_url=place.s3_url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            user_agent_extra=f"worker/{os.getpid()}",
            retries={"mode": "standard", "total_max_attempts": 2},
            connect_timeout=2,
            read_timeout=5,
            s3={"addressing_style": "path"},
        ),
    )
    slack = WebClient(
        token=f"{place.slack_token}/{os.getpid()}",
        base_url=place.slack_url,
        timeout=SLACK_TIMEOUT_S,
        retry_handlers=[],
    )
    settings = Settings(
        store=place.store, config=place.config, post_interval_s=0, deliver_s=20, unfinished_after_s=0, lookback_days=2
    )
    store = Store(s3, settings.place)
    config = ConfigFiles(place.config, lambda where: Store(s3, where))
    return Services(settings, store, config, open_slack=lambda: slack, worker=f"worker-{os.getpid()}")
