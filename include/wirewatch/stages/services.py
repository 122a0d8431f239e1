"""What a stage needs from the outside, gathered once by airflow_support, or by a test."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.errors import PermanentError
from include.wirewatch.settings import Settings
from include.wirewatch.store import Store

if TYPE_CHECKING:
    from slack_sdk import WebClient

Summary = dict[str, str | int]


def _no_ccnews() -> Store:
    raise PermanentError("Common Crawl's files cannot be read here: no S3 client was given for them")


@dataclass(frozen=True)
class Services:
    """open_slack: the Slack connection's client, or None where there is none. worker: names this task in leases.

    open_secret: the password of the Airflow connection of that id, or None where there is none.
    open_ccnews: Common Crawl's news files, to be read; asked for only where a source's history comes to them.
    """

    settings: Settings
    store: Store
    config: ConfigFiles
    open_slack: "Callable[[], WebClient | None]"
    worker: str
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    open_secret: Callable[[str], str | None] = lambda _: None
    open_ccnews: Callable[[], Store] = _no_ccnews


def summary_line(event: str, summary: Summary) -> str:
    """`fetch.done batch=… fetched=12`: one line a stage, for the log."""
    return " ".join([event, *(f"{key}={value}" for key, value in summary.items())])
