"""One worker process: the two tasks of the sweeper, finish and deliver, again and again until it is killed.

Everything in it is the code that Airflow runs, but for the two waits that are shortened at its start: SETTLE and LEASE.
"""

import logging
import os
import sys
import time
import traceback
from datetime import timedelta
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
from tests.chaos import sabotage
from tests.chaos.waits import SLACK_TIMEOUT_S
from tests.fakes.s3_server import ACCESS_KEY, REGION, SECRET_KEY

# Made before the processes are forked: a session that has read its data opens a client in a tenth of the time.
SESSION = boto3.session.Session(region_name=REGION)
SESSION.client("s3", aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY)


class Place(NamedTuple):
    """Where a worker finds its servers and its configuration."""

    s3_url: str
    slack_url: str
    slack_token: str
    store: str
    config: str
    settle_s: float
    lease_s: float
    sabotage: str = ""  # the name of a function in sabotage.py


def work(place: Place) -> None:
    """Never returns, but for an error that no task may raise: then the process ends with status 1."""
    logging.disable(logging.CRITICAL)
    shorten(place)
    if place.sabotage:
        getattr(sabotage, place.sabotage)()
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
        time.sleep(0.2)


def shorten(place: Place) -> None:
    """SETTLE and LEASE in every module that has them by name."""
    waits = {"SETTLE": timedelta(seconds=place.settle_s), "LEASE": timedelta(seconds=place.lease_s)}
    for module_name, module in list(sys.modules.items()):
        for name in waits if module_name.startswith("include.wirewatch.") else ():
            if hasattr(module, name):
                setattr(module, name, waits[name])


def open_services(place: Place) -> Services:
    """Each request says which process it comes from: S3's in the User-Agent, Slack's in the token."""
    s3 = SESSION.client(
        "s3",
        endpoint_url=place.s3_url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(
            user_agent=f"worker/{os.getpid()}",
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
