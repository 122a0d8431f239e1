"""The console receiver: the alert appears in the task log.

For running before anyone has a Slack token. A log line cannot be looked for again, so after a crash between the
print and the log entry an alert may be printed twice.
"""

import logging
from datetime import UTC, datetime

from include.wirewatch.deliver.receiver import Posted
from include.wirewatch.deliver.render import render_text, replies_line
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin

log = logging.getLogger(__name__)


class ConsoleChannel:
    """Prints messages into the log of the running task."""

    via = "console"

    def __init__(self, name: str) -> None:
        self._name = name

    def post(self, outgoing: Alert | Bulletin, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:  # noqa: ARG002  # a log has no blocks
        log.info("%s for %s\n%s", _kind(outgoing), self._name, render_text(outgoing, place))
        return Posted("console", datetime.now(UTC).isoformat())

    def find(self, outgoing: Alert | Bulletin, place: Place, last_try: datetime) -> Posted | None:  # noqa: ARG002
        return None

    def update(
        self,
        outgoing: Alert | Bulletin,
        place: Place,
        posted: Posted,
        copies: tuple[str, ...] = (),
        *,
        plain: bool = False,  # noqa: ARG002
    ) -> None:
        if isinstance(outgoing, Bulletin):
            self.post(outgoing, place)
        else:
            shown = replies_line(copies, "reply", "replies")
            log.info("for %s, to %r of %s: %s", self._name, outgoing.title, posted.ts, shown)


def _kind(outgoing: Alert | Bulletin) -> str:
    return outgoing.kind if isinstance(outgoing, Bulletin) else "alert"
