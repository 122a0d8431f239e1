"""What an error of one message means for the rest of a drain: its outcome, who is parked or waited for, which failure.

A message that cannot be dealt with holds up no other. Only S3's own errors end a drain.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from include.wirewatch.deliver.decide import Decision
from include.wirewatch.deliver.drained import Drained
from include.wirewatch.deliver.failure import UNTOLD
from include.wirewatch.deliver.pace import Pace
from include.wirewatch.deliver.receiver import (
    BusyError,
    MessageFaultError,
    ReceiverFaultError,
    UnknownOutcomeError,
)
from include.wirewatch.deliver.stored import UnreadableError
from include.wirewatch.errors import WirewatchError
from include.wirewatch.models import Alert, Bulletin, Failure

log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """name: under which it is counted. why: in the receiver's words, or ""."""

    name: str
    why: str = ""


@dataclass
class Troubles:
    """One drain's. dead: what the log calls dead; its marker goes once that is told."""

    pace: Pace
    result: Drained
    dead: list[Alert | Bulletin] = field(default_factory=list)

    def outcome_of(self, outgoing: Alert | Bulletin, act: Callable[[], str]) -> Outcome:
        """What became of the message; act: tries it and names the outcome."""
        try:
            return Outcome(act())
        except UnreadableError as error:
            self.result.fail(*error.failures)
            return Outcome("unreadable", str(error))
        except WirewatchError:
            raise  # S3 is away: so it is for all of them
        except Exception as error:
            return Outcome(self._meaning(outgoing, error), str(error))

    def bury(self, outgoing: Alert | Bulletin, why: str) -> str:
        """The log calls it dead: that is a failure, by whichever drain the marker is found."""
        self._fail("dead", outgoing, f"is dead: {why}")
        self.dead.append(outgoing)
        return Decision.DEAD

    def _meaning(self, outgoing: Alert | Bulletin, error: Exception) -> str:
        receiver = outgoing.receiver
        match error:
            case ReceiverFaultError():
                self._park(receiver, str(error))
                return "parked"
            case BusyError():
                self.pace.asked_to_wait(receiver, error.retry_after_s)
                return "left_for_next"
            case MessageFaultError():
                return self.bury(outgoing, str(error))
            case UnknownOutcomeError():
                log.warning("deliver.unknown alert=%s receiver=%s reason=%s", outgoing.alert_id, receiver, error)
                return "unknown"
        # Its text may hold what is nobody's business; the log has it all, with what Airflow masks.
        log.error("deliver.broken alert=%s receiver=%s", outgoing.alert_id, receiver, exc_info=error)
        self._fail("broken", outgoing, f"cannot be delivered: {type(error).__name__}")
        return "broken"

    def _park(self, receiver: str, why: str) -> None:
        self.pace.parked.add(receiver)
        self.result.fail(Failure(f"parked {receiver}", f"receiver {receiver!r} is parked: {why}", receiver))

    def _fail(self, kind: str, outgoing: Alert | Bulletin, says: str) -> None:
        # A failure that is refused must not become a failure that is refused, and so on without end.
        subject = f"{UNTOLD if outgoing.kind == 'failure' else kind} {outgoing.alert_id}"
        name = "alert" if isinstance(outgoing, Alert) else outgoing.kind
        self.result.fail(Failure(subject, f"{name} {outgoing.alert_id} for {outgoing.receiver!r} {says}"))
