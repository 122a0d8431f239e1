"""The loop that empties the outbox: read the log, decide, act, log. Any number of workers may run it at once.

For one alert, in this order, each step kept in S3 before the next begins:

    which story (story.py) → claim (posting, lease, place) → write ahead (last_try) → post → sent → delete the marker

Killed anywhere, the next worker knows enough: without last_try nothing was posted; with it, the message is looked for
in the channel before it is posted again. What cannot be proven: a post that the receiver accepts later than SETTLE.
"""

import logging
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE, Decision, decide
from include.wirewatch.deliver.log import LogEntry, Versioned
from include.wirewatch.deliver.offer import Told, enqueue_addenda
from include.wirewatch.deliver.receiver import (
    BusyError,
    Channel,
    MessageFaultError,
    Posted,
    ReceiverFaultError,
    ThreadGoneError,
    UnknownOutcomeError,
)
from include.wirewatch.deliver.story import PATIENT, Lead, Storming, copies_of, lead_of
from include.wirewatch.deliver.thread import BY_ITSELF, Place, place_below, place_decided, severity_of
from include.wirewatch.models import Alert
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
# An alert whose fate is still unknown after so long is a failure that somebody must see.
TOO_LONG = timedelta(hours=1)


@dataclass
class Drained:
    """What one drain did: alerts by outcome, and what somebody has to mend."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass
class _Pass:
    """What one run has learnt: who is parked, who may be posted to again when, and what still waits for whom."""

    deadline: datetime
    parked: set[str] = field(default_factory=set)
    busy_until: dict[str, datetime] = field(default_factory=dict)
    queues: dict[str, deque[Alert]] = field(default_factory=dict)
    result: Drained = field(default_factory=Drained)


@dataclass
class Drain:
    """One worker's pass over the outbox.

    channels: receiver name → its channel. storming: receiver name → its patience, where it is not the default.
    post_interval_s: pause between two posts to one receiver.
    now and sleep are arguments so that time can be told in tests.
    """

    store: Store
    channels: dict[str, Channel]
    owner: str
    storming: Mapping[str, Storming] = field(default_factory=dict)
    post_interval_s: float = 1.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    _uncounted: dict[tuple[str, str], list[Alert]] = field(default_factory=dict, init=False)

    def run(self, budget_s: float) -> Drained:
        """Deliver what is open until the outbox is through or budget_s is over; the rest stays for the next drain."""
        going = _Pass(self.now() + timedelta(seconds=budget_s))
        replies: list[Alert] = []
        for alert in outbox.waiting(self.store):
            if isinstance(alert, outbox.Unreadable):
                going.result.failures.append(f"{alert.key} is not readable by this version ({alert.problem})")
                going.result.counts["unreadable"] += 1
                continue
            going.queues.setdefault(alert.receiver, deque()).append(alert)
            if self.now() < going.deadline and not self._wait_s(alert.receiver, going):
                self._attempt(going.queues[alert.receiver].popleft(), going, replies)
        # A receiver that must be waited for holds nobody else up: always the one that is free soonest.
        while queues := [name for name, queue in going.queues.items() if queue]:
            receiver = min(queues, key=lambda name: self._wait_s(name, going))
            self._attempt(going.queues[receiver].popleft(), going, replies)
        # Their parents may have been sent meanwhile; as long as that helps, once more.
        while replies:
            left: list[Alert] = []
            for reply in replies:
                self._attempt(reply, going, left)
            if len(left) == len(replies):
                break
            replies = left
        if replies:
            going.result.counts[Decision.WAITS_FOR_PARENT] += len(replies)
        self._count_copies()
        return going.result

    def _wait_s(self, receiver: str, going: _Pass) -> float:
        """Seconds until the receiver may be posted to; 0 when it may be now, or is parked."""
        until = going.busy_until.get(receiver)
        if until is None or receiver in going.parked:
            return 0.0
        return max((until - self.now()).total_seconds(), 0.0)

    def _attempt(self, alert: Alert, going: _Pass, replies: list[Alert]) -> None:
        """Try one alert and count the outcome; one that waits for its parent goes to `replies` instead."""
        result = going.result
        outcome = self._stopped(alert, going)
        if not outcome:
            try:
                outcome = self._deliver(alert, going)
            except ReceiverFaultError as error:
                going.parked.add(alert.receiver)
                result.failures.append(f"receiver {alert.receiver!r} is parked: {error}")
                outcome = "parked"
            except BusyError as error:
                going.busy_until[alert.receiver] = self.now() + timedelta(seconds=error.retry_after_s)
                outcome = "left_for_next"
            except MessageFaultError as error:
                result.failures.append(f"alert {alert.alert_id} for {alert.receiver!r} is dead: {error}")
                outcome = "dead"
            except UnknownOutcomeError as error:
                log.warning("deliver.unknown alert=%s receiver=%s reason=%s", alert.alert_id, alert.receiver, error)
                if self.now() - alert.enqueued_at > TOO_LONG:
                    result.failures.append(f"alert {alert.alert_id} for {alert.receiver!r} is still open: {error}")
                outcome = "unknown"
        if outcome == "posted":
            going.busy_until[alert.receiver] = self.now() + timedelta(seconds=self.post_interval_s)
        if outcome == Decision.WAITS_FOR_PARENT:
            replies.append(alert)
        else:
            result.counts[outcome] += 1

    def _stopped(self, alert: Alert, going: _Pass) -> str:
        """Why this alert is not even tried, after waiting for its receiver's next slot; "" where it is."""
        if self.now() >= going.deadline:
            return "left_for_next"
        if alert.receiver in going.parked:
            return "parked"
        wait_s = self._wait_s(alert.receiver, going)
        if self.now() + timedelta(seconds=wait_s) > going.deadline:
            return "left_for_next"
        if wait_s:
            self.sleep(wait_s)
        return ""

    def _deliver(self, alert: Alert, going: _Pass) -> str:
        """One alert, as far as it goes now; the name of the outcome."""
        known = delivery_log.read(self.store, alert.alert_id)
        decision = decide(alert, known.entry if known else None, self.now())
        if known and decision in {Decision.ALREADY_SENT, Decision.DEAD}:
            self._settle(alert, known.entry)
            return decision
        if decision not in {Decision.FIRST, Decision.RESUME, Decision.RECONCILE}:
            return decision
        channel = self.channels.get(alert.receiver)
        if channel is None:
            raise ReceiverFaultError("it is no longer in receivers.yaml; put it back, or delete its outbox objects")
        place = place_decided(known.entry if known else None) or self._place(alert, going)
        if place is None:
            return Decision.WAITS_FOR_PARENT
        claimed = self._claim(alert, known, channel, place)
        if claimed is None:
            return Decision.OWNED
        if decision is Decision.RECONCILE and claimed.entry.last_try:
            found = channel.find(alert, place, claimed.entry.last_try - SETTLE)
            if found:
                return self._sent(alert, claimed, found, "found")
        return self._post(alert, claimed, channel, place)

    def _place(self, alert: Alert, going: _Pass) -> Place | None:
        """Where the alert goes; None: its parent is not sent yet."""
        if alert.kind == "rollup":
            return BY_ITSELF
        lead = Lead(alert.parent)
        if not alert.parent:
            lead = lead_of(self.store, alert, self.now(), self.storming.get(alert.receiver, PATIENT))
        if not lead.alert_id:
            return BY_ITSELF
        if lead.rollup and not delivery_log.is_known(self.store, lead.alert_id):
            outbox.enqueue(self.store, lead.rollup)
            self._attempt(lead.rollup, going, [])
        # The outbox first: an alert leaves it only once the log knows it.
        waits = outbox.read(self.store, lead.alert_id) is not None
        parent = delivery_log.read(self.store, lead.alert_id)
        return place_below(alert, parent.entry if parent else None, parent_waits=waits)

    def _claim(self, alert: Alert, known: Versioned | None, channel: Channel, place: Place) -> Versioned | None:
        before = known.entry if known else None
        entry = LogEntry(
            alert_id=alert.alert_id,
            article_id=alert.article_id,
            receiver=alert.receiver,
            rules=tuple(match.rule for match in alert.matches),
            severity=severity_of(alert),
            parent=place.parent,
            thread_ts=place.thread_ts,
            broadcast=place.broadcast,
            is_storm=place.is_storm,
            promoted=before.promoted if before else False,
            state="posting",
            owner=self.owner,
            nonce=uuid.uuid4().hex,
            lease_until=self.now() + LEASE,
            last_try=before.last_try if before else None,
            tries=before.tries if before else 0,
            via=channel.via,
        )
        return delivery_log.write(self.store, entry, known)

    def _post(self, alert: Alert, claimed: Versioned, channel: Channel, place: Place) -> str:
        attempt = claimed.entry.model_copy(update={"last_try": self.now(), "tries": claimed.entry.tries + 1})
        begun = delivery_log.write(self.store, attempt, claimed)
        if begun is None:
            return Decision.OWNED
        if self.now() + SETTLE > begun.entry.lease_until:
            # The writes took so long that another worker could look for the post before it can have arrived.
            released = begun.entry.model_copy(update={"last_try": None, "lease_until": self.now()})
            delivery_log.write(self.store, released, begun)
            return "left_for_next"
        try:
            posted = self._post_or_plain(alert, channel, place)
        except ThreadGoneError:
            # Certainly not accepted, and never will be there: the next try posts it by itself.
            alone = {"parent": "", "thread_ts": "", "broadcast": False, "is_storm": False, "promoted": True}
            changes = {**alone, "last_try": None, "lease_until": self.now()}
            delivery_log.write(self.store, begun.entry.model_copy(update=changes), begun)
            return Decision.WAITS_FOR_PARENT
        except (BusyError, ReceiverFaultError) as error:
            # Certainly not accepted: give the claim back, so that nobody waits for it or looks for it.
            released = begun.entry.model_copy(update={"last_try": None, "lease_until": self.now(), "error": str(error)})
            delivery_log.write(self.store, released, begun)
            raise
        except MessageFaultError as error:
            dead = begun.entry.model_copy(update={"state": "dead", "error": str(error), "alert": alert})
            if delivery_log.write(self.store, dead, begun):
                outbox.remove(self.store, alert)
            raise
        except UnknownOutcomeError as error:
            # It settles from now on: when the answer was lost, not when the post was planned.
            lost = {"lease_until": self.now(), "last_try": self.now(), "error": str(error)}
            unknown = begun.entry.model_copy(update=lost)
            delivery_log.write(self.store, unknown, begun)
            raise
        return self._sent(alert, begun, posted, "posted")

    def _post_or_plain(self, alert: Alert, channel: Channel, place: Place) -> Posted:
        try:
            return channel.post(alert, place)
        except MessageFaultError as error:
            log.warning("deliver.plain alert=%s reason=%s", alert.alert_id, error)
            return channel.post(alert, place, plain=True)

    def _sent(self, alert: Alert, before: Versioned, posted: Posted, outcome: str) -> str:
        entry = before.entry.model_copy(
            update={
                "state": "sent",
                "channel": posted.channel,
                "ts": posted.ts,
                "sent_at": self.now(),
                "error": "",
                "alert": alert.model_copy(update={"signature": ""}),
            }
        )
        if delivery_log.write(self.store, entry, before):
            self._settle(alert, entry)
        log.info(
            "deliver.%s alert=%s receiver=%s via=%s ts=%s", outcome, alert.alert_id, alert.receiver, entry.via, entry.ts
        )
        return outcome

    def _settle(self, alert: Alert, entry: LogEntry) -> None:
        """What is left once the log says sent or dead. Repeated whole after a crash; the marker goes last."""
        # A marker that came back (see offer.py) may name rules that the delivered one did not.
        if not alert.parent:
            enqueue_addenda(self.store, alert, Told(entry.alert_id, entry.article_id, entry.rules))
            if entry.state == "sent" and entry.parent:
                self._uncounted.setdefault((alert.receiver, entry.parent), []).append(alert)
                return
        outbox.remove(self.store, alert)

    def _count_copies(self) -> None:
        """Edit each alert that was replied to, once; then the replies are through, and their markers go."""
        for (receiver, lead), replies in self._uncounted.items():
            try:
                self._show_copies(lead, receiver)
            except (BusyError, ReceiverFaultError, UnknownOutcomeError) as error:
                # They are sent; their markers stay, so that the next drain counts them.
                log.warning("deliver.uncounted alert=%s reason=%s", lead, error)
                continue
            for alert in replies:
                outbox.remove(self.store, alert)
        self._uncounted.clear()

    def _show_copies(self, lead: str, receiver: str) -> None:
        """Edit the first alert of a story so that it counts its copies."""
        parent, channel = delivery_log.read(self.store, lead), self.channels.get(receiver)
        if parent is None or parent.entry.alert is None or channel is None:
            return
        entry, shown = parent.entry, None
        # Another worker may count one more meanwhile, and its edit arrive before ours: the last to look corrects it.
        while (copies := copies_of(self.store, receiver, lead)) != shown:
            place = Place(entry.parent, entry.thread_ts, entry.broadcast, entry.is_storm)
            try:
                channel.update(parent.entry.alert, place, Posted(entry.channel, entry.ts), copies)
            except MessageFaultError as error:
                log.warning("deliver.not_edited alert=%s reason=%s", lead, error)
            shown = copies
