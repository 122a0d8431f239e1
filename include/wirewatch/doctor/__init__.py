"""Do S3 and Slack give what the job rests on? Checks in order, each one line: ok, or what to do.

    s3.py        what a bucket must do, and what it did
    slack.py     the same for the token and each channel
    verdicts.py  what was seen → ok, or what to do; pure

In: a store, a Slack client (None: there is no connection), the receivers. Out: findings, as they are made.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.doctor import s3, slack
from include.wirewatch.doctor.verdicts import Finding
from include.wirewatch.store import Store

if TYPE_CHECKING:
    from slack_sdk import WebClient

__all__ = ["Finding", "examine"]


def examine(
    store: Store,
    slack_client: "WebClient | None",
    receivers: ReceiversFile,
    *,
    rounds: int = s3.ROUNDS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Finding]:
    """Every finding, S3's first. Where a service refuses outright, its later checks are left out.

    rounds: how often the writers race for a key.
    """
    yield from s3.examine(store, rounds=rounds, now=now)
    yield from slack.examine(slack_client, receivers, now=now)
