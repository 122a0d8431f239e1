"""Do S3, Slack and webhooks give what the job rests on? Checks in order, each one line: ok, or what to do.

    s3.py        what a bucket must do, and what it did
    slack.py     the same for the token and each channel
    webhook.py   each webhook's key and host
    verdicts.py  what was seen → ok, or what to do; pure

In: a store, a Slack client (None: there is no connection), the receivers, and what opens their secrets. Out: findings,
as they are made.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.doctor import s3, slack, webhook
from include.wirewatch.doctor.verdicts import Finding
from include.wirewatch.store import Store

if TYPE_CHECKING:
    from slack_sdk import WebClient

__all__ = ["Finding", "examine"]


def examine(
    store: Store,
    slack_client: "WebClient | None",
    receivers: ReceiversFile,
    open_secret: Callable[[str], str | None],
    *,
    rounds: int | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Finding]:
    """Every finding, S3's first. Where a service refuses outright, its later checks are left out.

    open_secret: the password of the connection of that id, or None where there is none.
    rounds: how often the writers race for a key; None: as often as it takes to trust the answer.
    """
    yield from s3.examine(store, rounds=rounds or s3.ROUNDS, now=now)
    yield from slack.examine(slack_client, receivers, now=now)
    yield from webhook.examine(receivers, open_secret)
