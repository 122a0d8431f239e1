"""report: failures → the outbox, for the receivers that receivers.yaml lists under `ops`. Whoever drains, delivers."""

import logging
from collections.abc import Iterable

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.failure import NOWHERE, Where, bulletins_of, kind_of, lines_of
from include.wirewatch.errors import ConfigError, WirewatchError
from include.wirewatch.models import Bulletin, Failure
from include.wirewatch.stages.services import Services
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
# Whoever finds it, it is told once a day.
UNFINISHED = "unfinished batches"
KILLED = "it ended without an error of its own: killed, out of memory, or never started"


def report(services: Services, failures: Iterable[Failure], where: Where = NOWHERE) -> int:
    """Tell ops; how many messages that are new today. Without `ops`, the lines in this log are all.

    Raises:
        ConfigError, StoreError: nobody could be told, and the log is all that there is.
    """
    failures = tuple(failures)
    for failure in failures:
        log.error('failure kind="%s" says="%s"', kind_of(failure), "; ".join(lines_of(failure)))
    ops = services.config.receivers().value.ops if failures else ()
    new = [
        bulletin
        for receiver in ops
        for bulletin in bulletins_of(failures, receiver, where, services.now())
        if _is_news(services.store, bulletin)
    ]
    return sum(outbox.enqueue(services.store, bulletin) for bulletin in new)


def failures_of(error: BaseException | None, task: str) -> tuple[Failure, ...]:
    """What somebody must mend when a task has failed for good. task: `<dag id> <task id>`.

    An error that carries failures has said it all; wrong configuration is one failure, whoever trips over it.
    """
    if isinstance(error, WirewatchError) and error.failures:
        return error.failures
    if isinstance(error, ConfigError):
        return (Failure(f"config {error}", str(error)),)
    name = type(error).__name__ if error else "killed"
    return (Failure(f"task {task} {name}", last_words(error) if error else KILLED),)


def last_words(error: BaseException) -> str:
    """One line: the last of its message, with its type where the message was not written for people."""
    line = next((line for line in reversed(str(error).splitlines()) if line.strip()), "")
    return line if line and isinstance(error, WirewatchError) else f"{type(error).__name__}: {line}".rstrip(": ")


def _is_news(store: Store, bulletin: Bulletin) -> bool:
    """False for what was told today already, word for word where it grows."""
    known = delivery_log.read(store, bulletin.alert_id)
    if known is None:
        return True
    shown = known.entry.bulletin
    return bulletin.edition > 0 and (shown is None or shown.sections[:1] != bulletin.sections[:1])
