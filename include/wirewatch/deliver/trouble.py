"""What an error of one message means for the rest of a drain: its outcome, who is parked or waited for, which failure.

A message that cannot be dealt with holds up no other. Only S3's own errors end a drain. A refusal that we have no words
for is the message's own, until a second message to that receiver is refused for the same reason: then it is parked.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from include.wirewatch.deliver.decide import Decision
from include.wirewatch.deliver.drained import Drained
from include.wirewatch.deliver.failure import UNTOLD
from include.wirewatch.deliver.pace import Pace
from include.wirewatch.deliver.posting import NotEditedError
from include.wirewatch.deliver.receiver import (
    BusyError,
    MessageFaultError,
    ReceiverFaultError,
    StrangeRefusalError,
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
    """One drain's. ending: what is refused for good; its marker goes once that is told.

    strange: (receiver, code) → the first message that was refused so, and in which words.
    taken: the receivers that took a message.
    """

    pace: Pace
    result: Drained
    ending: list[Alert | Bulletin] = field(default_factory=list)
    strange: dict[tuple[str, str], tuple[Alert | Bulletin, str]] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def outcome_of(self, outgoing: Alert | Bulletin, act: Callable[[], str]) -> Outcome:
        """What became of the message; act: tries it and names the outcome."""
        try:
            outcome = act()
            self.taken |= {outgoing.receiver} if outcome in {"posted", "edited"} else set()
            return Outcome(outcome)
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
        self.ending.append(outgoing)
        return Decision.DEAD

    def close(self) -> None:
        """At the end of the drain: what was refused strangely and parks nobody is a failure of its own."""
        for (receiver, _), (outgoing, why) in self.strange.items():
            if receiver not in self.pace.parked:
                alone = (
                    "" if receiver in self.taken else "; no other message went there, so it may be the receiver's fault"
                )
                self._fail("refused", outgoing, f"is refused: {why}{alone}", receiver)

    def _meaning(self, outgoing: Alert | Bulletin, error: Exception) -> str:
        receiver = outgoing.receiver
        match error:
            case ReceiverFaultError():
                self._park(receiver, str(error))
                return "parked"
            case StrangeRefusalError():
                return self._refused(outgoing, error)
            case BusyError():
                self.pace.asked_to_wait(receiver, error.retry_after_s)
                return "left_for_next"
            case MessageFaultError():
                return self.bury(outgoing, str(error))
            case NotEditedError():
                self._fail("unedited", outgoing, f"could not be brought up to date: {error}")
                self.ending.append(outgoing)
                return "not_edited"
            case UnknownOutcomeError():
                log.warning("deliver.unknown alert=%s receiver=%s reason=%s", outgoing.alert_id, receiver, error)
                return "unknown"
        # Its text may hold what is nobody's business; the log has it all, with what Airflow masks.
        log.error("deliver.broken alert=%s receiver=%s", outgoing.alert_id, receiver, exc_info=error)
        self._fail("broken", outgoing, f"cannot be delivered: {type(error).__name__}")
        return "broken"

    def _refused(self, outgoing: Alert | Bulletin, error: StrangeRefusalError) -> str:
        first, _ = self.strange.setdefault((outgoing.receiver, error.code), (outgoing, str(error)))
        if first.alert_id == outgoing.alert_id:
            return "refused"
        self._park(outgoing.receiver, str(error))
        return "parked"

    def _park(self, receiver: str, why: str) -> None:
        self.pace.parked.add(receiver)
        self.result.fail(Failure(f"parked {receiver}", f"receiver {receiver!r} is parked: {why}", receiver))

    def _fail(self, kind: str, outgoing: Alert | Bulletin, says: str, about: str = "") -> None:
        # A failure that is refused must not become a failure that is refused, and so on without end.
        subject = f"{UNTOLD if outgoing.kind == 'failure' else kind} {outgoing.alert_id}"
        name = "alert" if isinstance(outgoing, Alert) else outgoing.kind
        self.result.fail(Failure(subject, f"{name} {outgoing.alert_id} for {outgoing.receiver!r} {says}", about))
