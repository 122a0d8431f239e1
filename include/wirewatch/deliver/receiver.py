"""What every receiver kind offers, and how it says that a post did not succeed."""

from datetime import datetime
from typing import NamedTuple, Protocol

from include.wirewatch.answers import retry_after_s
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin

RETRY_AFTER_S = 30.0
RETRY_AFTER_MAX_S = 3600.0


class Posted(NamedTuple):
    """Where a message stands: the channel's id and the message's timestamp, as the receiver names them."""

    channel: str
    ts: str


class Channel(Protocol):
    """One receiver, ready to be posted to. Errors: those below; anything else means "not known"."""

    via: str

    def post(self, outgoing: Alert | Bulletin, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:
        """Post it there; plain: as text alone, for a message whose blocks were refused."""

    def find(self, outgoing: Alert | Bulletin, place: Place, last_try: datetime) -> Posted | None:
        """Look for a message whose post was begun at last_try, at least SETTLE ago. None: certainly not there."""

    def update(
        self,
        outgoing: Alert | Bulletin,
        place: Place,
        posted: Posted,
        copies: tuple[str, ...] = (),
        *,
        plain: bool = False,
    ) -> None:
        """Edit the posted message: another edition, or who has copies. Repeating it changes nothing."""


class BusyError(Exception):
    """Not accepted; come back after retry_after_s."""

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"asked to wait {retry_after_s:g} s")


class ReceiverFaultError(Exception):
    """Not accepted, and no message will be until somebody mends the receiver. The message says how."""


class MessageFaultError(Exception):
    """Not accepted: this message is not valid for the receiver."""


class GoneError(MessageFaultError):
    """What was to be edited is not there any more, or may not be edited any more."""


class ThreadGoneError(Exception):
    """Not accepted: what it replies to is not in this channel, or no longer."""


class StrangeRefusalError(Exception):
    """Not accepted, for a reason that we have no words for: the message's, or the receiver's. code: the reason."""

    def __init__(self, code: str, says: str) -> None:
        self.code = code
        super().__init__(says)


class UnknownOutcomeError(Exception):
    """The answer was lost: it may have been accepted or not."""


class DuplicateError(UnknownOutcomeError):
    """The receiver says that it has this message already, not where: it is looked for, and never posted again."""


def wait_s(retry_after: str, now: datetime) -> float:
    """Seconds that a Retry-After header asks for, within bounds; RETRY_AFTER_S where it says nothing that we know."""
    asked = retry_after_s(retry_after, now) if retry_after else None
    return RETRY_AFTER_S if asked is None else min(max(asked, 1.0), RETRY_AFTER_MAX_S)
