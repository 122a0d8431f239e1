"""One message, from claim to sent, each step kept in S3 before the next begins:

    claim (posting, lease, place) → write ahead (last_try) → post → sent

Killed anywhere, the next worker knows enough: without last_try nothing was posted; with it, the message is looked for
in the channel before it is posted again. An edit is written ahead too (edit_try), and while one may still be on its way
no other is made: it could be undone by the first. What cannot be proven: a post or an edit that the receiver accepts
later than SETTLE.
"""

import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver.decide import LEASE, SETTLE, Decision, is_being_edited
from include.wirewatch.deliver.log import LogEntry, Versioned, log_of
from include.wirewatch.deliver.receiver import (
    BusyError,
    Channel,
    DuplicateError,
    GoneError,
    MessageFaultError,
    Posted,
    ReceiverFaultError,
    StrangeRefusalError,
    ThreadGoneError,
    UnknownOutcomeError,
)
from include.wirewatch.deliver.thread import BY_ITSELF, Place, place_of, severity_of
from include.wirewatch.models import Alert, Bulletin
from include.wirewatch.store import Store

log = logging.getLogger(__name__)


# The outcome of an edit that must become a post.
REOPENED = "reopened"


class NotEditedError(Exception):
    """The receiver refuses this edit: the message stays as it was."""


class Result(NamedTuple):
    """outcome: the name under which it is counted. sent: the log entry, once the message is in the channel."""

    outcome: str
    sent: LogEntry | None = None


@dataclass(frozen=True)
class Poster:
    """One worker's hand. Every method may be called again for the same message, by anybody, after any crash."""

    store: Store
    owner: str
    now: Callable[[], datetime]

    def post(
        self, outgoing: Alert | Bulletin, known: Versioned | None, channel: Channel, place: Place, *, look_first: bool
    ) -> Result:
        """Claim it and post it; look_first: an earlier post's answer was lost, so look for it in the channel.

        Raises:
            BusyError, ReceiverFaultError, StrangeRefusalError, UnknownOutcomeError: it stays open.
            MessageFaultError: it is dead, and the log keeps it.
        """
        claimed = self._claim(outgoing, known, channel, place)
        if claimed is None:
            return Result(Decision.OWNED)
        if look_first and claimed.entry.last_try:
            found = channel.find(outgoing, place, claimed.entry.last_try)
            if found and found.ts != claimed.entry.ts:
                return self._sent(outgoing, claimed, found, "found")
            if claimed.entry.is_duplicate:
                # Posting it again could double it: it is there, only out of our sight.
                return self._sent(outgoing, claimed, Posted("", ""), "out_of_sight")
        return self._post(outgoing, claimed, channel, place)

    def edit(self, bulletin: Bulletin, known: Versioned, channel: Channel) -> str:
        """Show this edition in the message that is sent; the caller has decided that it is time to.

        REOPENED: that message cannot be edited any more, and the log says that this edition is to be posted anew.

        Raises:
            BusyError, ReceiverFaultError, StrangeRefusalError, UnknownOutcomeError: it stays open.
            NotEditedError: it is refused, and the message shows what it showed.
        """
        entry = known.entry

        def show() -> None:
            if not entry.ts:
                raise GoneError("it is out of sight")
            try:
                channel.update(bulletin, place_of(entry), Posted(entry.channel, entry.ts))
            except GoneError:
                raise
            except MessageFaultError as error:
                log.warning("deliver.plain alert=%s reason=%s", bulletin.alert_id, error)
                channel.update(bulletin, place_of(entry), Posted(entry.channel, entry.ts), plain=True)

        return self._edit(bulletin, known, show, {"bulletin": bulletin})

    def count_copies(self, lead: Versioned, channel: Channel, copies: Callable[[], tuple[str, ...]]) -> str:
        """Edit the first alert of a story unless it shows its copies; the name of the outcome. Raises as edit() does.

        "shown": nothing was to be done. OWNED, SETTLING: another edit may be on its way.
        """
        entry, alert, found = lead.entry, lead.entry.alert, copies()
        # Fewer than it shows: the story's window is over, and what came back is old.
        if alert is None or not entry.ts or (entry.edit_try is None and len(found) <= entry.copies):
            return "shown"
        if is_being_edited(entry, self.now()):
            return Decision.SETTLING

        def show() -> None:
            channel.update(alert, place_of(entry), Posted(entry.channel, entry.ts), found)

        return self._edit(alert, lead, show, {"copies": len(found)})

    def _edit(
        self, outgoing: Alert | Bulletin, known: Versioned, show: Callable[[], None], changes: Mapping[str, object]
    ) -> str:
        """One edit at a time, told to the log before and after: the name of the outcome."""
        ahead = known.entry.model_copy(update={**changes, "edit_try": self.now(), "error": ""})
        begun = self._write(outgoing, ahead, known)
        if begun is None:
            return Decision.OWNED
        outcome = "edited"
        try:
            show()
        except (BusyError, ReceiverFaultError, StrangeRefusalError):
            # Certainly not accepted: everything is as before.
            self._write(outgoing, known.entry, begun)
            raise
        except UnknownOutcomeError as error:
            lost = {"edit_try": self.now(), "error": str(error)}
            self._write(outgoing, begun.entry.model_copy(update=lost), begun)
            raise
        except (GoneError, ThreadGoneError) as error:
            log.warning("deliver.gone alert=%s reason=%s", outgoing.alert_id, error)
            if isinstance(outgoing, Bulletin):
                anew = {"state": "posting", "last_try": None, "lease_until": self.now(), "edit_try": None}
                self._write(outgoing, known.entry.model_copy(update=anew), begun)
                return REOPENED
            # Nobody misses the count of a message that somebody has deleted.
            outcome = "not_edited"
        except MessageFaultError as error:
            # A bulletin's entry stays as it was: so the marker is tried, and the refusal told, until it has been told.
            after = known.entry if isinstance(outgoing, Bulletin) else begun.entry.model_copy(update={"edit_try": None})
            self._write(outgoing, after, begun)
            raise NotEditedError(str(error)) from None
        self._write(outgoing, begun.entry.model_copy(update={"edit_try": None}), begun)
        return outcome

    def _claim(
        self, outgoing: Alert | Bulletin, known: Versioned | None, channel: Channel, place: Place
    ) -> Versioned | None:
        before = known.entry if known else None
        alert = outgoing if isinstance(outgoing, Alert) else None
        entry = LogEntry(
            alert_id=outgoing.alert_id,
            article_id=alert.article_id if alert else "",
            receiver=outgoing.receiver,
            rules=tuple(match.rule for match in alert.matches) if alert else (),
            severity=severity_of(outgoing),
            **place._asdict(),
            promoted=before.promoted if before else False,
            state="posting",
            owner=self.owner,
            nonce=uuid.uuid4().hex,
            lease_until=self.now() + LEASE,
            last_try=before.last_try if before else None,
            tries=before.tries if before else 0,
            is_duplicate=before.is_duplicate if before else False,
            via=channel.via,
            bulletin=before.bulletin if before else None,
            # Of a message that cannot be edited any more.
            channel=before.channel if before else "",
            ts=before.ts if before else "",
        )
        return self._write(outgoing, entry, known)

    def _post(self, outgoing: Alert | Bulletin, claimed: Versioned, channel: Channel, place: Place) -> Result:
        ahead: dict[str, object] = {"last_try": self.now(), "tries": claimed.entry.tries + 1}
        if isinstance(outgoing, Bulletin):
            ahead["bulletin"] = outgoing
        begun = self._write(outgoing, claimed.entry.model_copy(update=ahead), claimed)
        if begun is None:
            return Result(Decision.OWNED)
        released = {"last_try": None, "lease_until": self.now()}
        if self.now() + SETTLE > begun.entry.lease_until:
            # The writes took so long that another worker could look for the post before it can have arrived.
            self._write(outgoing, begun.entry.model_copy(update=released), begun)
            return Result("left_for_next")
        try:
            posted = self._post_or_plain(outgoing, channel, place)
        except ThreadGoneError:
            # Certainly not accepted, and never will be there: the next try posts it by itself.
            alone = {**BY_ITSELF._asdict(), "promoted": True}
            self._write(outgoing, begun.entry.model_copy(update={**alone, **released}), begun)
            return Result(Decision.WAITS_FOR_PARENT)
        except (BusyError, ReceiverFaultError, StrangeRefusalError) as error:
            # Certainly not accepted: give the claim back, so that nobody waits for it or looks for it.
            self._write(outgoing, begun.entry.model_copy(update={**released, "error": str(error)}), begun)
            raise
        except MessageFaultError as error:
            dead = begun.entry.model_copy(update=_kept(outgoing, "dead", str(error)))
            if self._write(outgoing, dead, begun) is None:
                return Result(Decision.OWNED)
            raise
        except UnknownOutcomeError as error:
            # It settles from now on: when the answer was lost, not when the post was planned.
            lost: dict[str, object] = {"lease_until": self.now(), "last_try": self.now(), "error": str(error)}
            if isinstance(error, DuplicateError):
                # What it has already came with the try before, if there was one.
                lost |= {"last_try": claimed.entry.last_try or self.now(), "is_duplicate": True}
            self._write(outgoing, begun.entry.model_copy(update=lost), begun)
            raise
        return self._sent(outgoing, begun, posted, "posted")

    def _post_or_plain(self, outgoing: Alert | Bulletin, channel: Channel, place: Place) -> Posted:
        try:
            return channel.post(outgoing, place)
        except MessageFaultError as error:
            log.warning("deliver.plain alert=%s reason=%s", outgoing.alert_id, error)
            return channel.post(outgoing, place, plain=True)

    def _sent(self, outgoing: Alert | Bulletin, before: Versioned, posted: Posted, outcome: str) -> Result:
        where = {"channel": posted.channel, "ts": posted.ts, "sent_at": self.now()}
        entry = before.entry.model_copy(update={**_kept(outgoing, "sent", ""), **where})
        written = self._write(outgoing, entry, before)
        log.info(
            "deliver.%s alert=%s receiver=%s via=%s ts=%s",
            *(outcome, outgoing.alert_id, outgoing.receiver, entry.via, entry.ts),
        )
        return Result(outcome, entry if written else None)

    def _write(self, outgoing: Alert | Bulletin, entry: LogEntry, before: Versioned | None) -> Versioned | None:
        return delivery_log.write(self.store, entry, before, log_of(outgoing))


def _kept(outgoing: Alert | Bulletin, state: str, error: str) -> dict[str, object]:
    """What the log keeps of a message that is through: the alert, to be edited or revived. A bulletin is there already.

    A sent alert needs no signature any more: the story has it.
    """
    kept: dict[str, object] = {"state": state, "error": error}
    if isinstance(outgoing, Alert):
        kept["alert"] = outgoing if state == "dead" else outgoing.model_copy(update={"signature": ""})
    return kept
