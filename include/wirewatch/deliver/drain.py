"""The loop that empties the outbox: read the log, decide, act, log. Any number of workers may run it at once.

For one alert, in this order, each step kept in S3 before the next begins:

    claim (posting, lease) → write ahead (last_try) → post → sent → delete the marker

Killed anywhere, the next worker knows enough: without last_try nothing was posted; with it, the message is looked for
in the channel before it is posted again. What cannot be proven: a post that the receiver accepts later than SETTLE.
"""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import LEASE, SETTLE, Decision, decide
from include.wirewatch.deliver.log import LogEntry, Versioned
from include.wirewatch.deliver.receiver import (
    BusyError,
    Channel,
    MessageFaultError,
    Posted,
    ReceiverFaultError,
    UnknownOutcomeError,
)
from include.wirewatch.models import Alert
from include.wirewatch.store import Store

log = logging.getLogger(__name__)


@dataclass
class Drained:
    """What one drain did: alerts by outcome, and what somebody has to mend."""

    counts: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


@dataclass
class Drain:
    """One worker's pass over the outbox.

    channels: receiver name → its channel. post_interval_s: pause between two posts to one receiver.
    now and sleep are arguments so that time can be told in tests.
    """

    store: Store
    channels: dict[str, Channel]
    owner: str
    post_interval_s: float = 1.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep

    def run(self, budget_s: float) -> Drained:
        """Deliver what is open until the outbox is through or budget_s is over; the rest stays for the next drain."""
        result = Drained()
        deadline = self.now() + timedelta(seconds=budget_s)
        parked: set[str] = set()
        busy_until: dict[str, datetime] = {}
        for alert in outbox.waiting(self.store):
            if self.now() >= deadline:
                result.counts["left_for_next"] += 1
                continue
            if alert.receiver in parked:
                result.counts["parked"] += 1
                continue
            if self._wait(busy_until.get(alert.receiver), deadline):
                result.counts["left_for_next"] += 1
                continue
            try:
                outcome = self._deliver(alert)
            except ReceiverFaultError as error:
                parked.add(alert.receiver)
                result.failures.append(f"receiver {alert.receiver!r} is parked: {error}")
                outcome = "parked"
            except BusyError as error:
                busy_until[alert.receiver] = self.now() + timedelta(seconds=error.retry_after_s)
                outcome = "left_for_next"
            except MessageFaultError as error:
                result.failures.append(f"alert {alert.alert_id} for {alert.receiver!r} is dead: {error}")
                outcome = "dead"
            except UnknownOutcomeError as error:
                log.warning("deliver.unknown alert=%s receiver=%s reason=%s", alert.alert_id, alert.receiver, error)
                outcome = "unknown"
            if outcome == "posted":
                busy_until[alert.receiver] = self.now() + timedelta(seconds=self.post_interval_s)
            result.counts[outcome] += 1
        return result

    def _wait(self, until: datetime | None, deadline: datetime) -> bool:
        """Wait for a receiver's next slot; True when that is beyond the deadline."""
        if until is None or until <= self.now():
            return False
        if until > deadline:
            return True
        self.sleep((until - self.now()).total_seconds())
        return False

    def _deliver(self, alert: Alert) -> str:
        """One alert, as far as it goes now; the name of the outcome."""
        known = delivery_log.read(self.store, alert.alert_id)
        decision = decide(alert, known.entry if known else None, self.now())
        if decision in {Decision.ALREADY_SENT, Decision.DEAD}:
            outbox.remove(self.store, alert)
            return decision
        if decision in {Decision.FIRST, Decision.RESUME, Decision.RECONCILE}:
            channel = self.channels.get(alert.receiver)
            if channel is None:
                raise ReceiverFaultError("it is no longer in receivers.yaml; put it back, or delete its outbox objects")
            claimed = self._claim(alert, known, channel)
            if claimed is None:
                return Decision.OWNED
            if decision is Decision.RECONCILE and claimed.entry.last_try:
                found = channel.find(alert, claimed.entry.last_try - SETTLE)
                if found:
                    return self._sent(alert, claimed, found, "found")
            return self._post(alert, claimed, channel)
        return decision

    def _claim(self, alert: Alert, known: Versioned | None, channel: Channel) -> Versioned | None:
        before = known.entry if known else None
        entry = LogEntry(
            alert_id=alert.alert_id,
            article_id=alert.article_id,
            receiver=alert.receiver,
            rules=tuple(match.rule for match in alert.matches),
            state="posting",
            owner=self.owner,
            nonce=uuid.uuid4().hex,
            lease_until=self.now() + LEASE,
            last_try=before.last_try if before else None,
            tries=before.tries if before else 0,
            via=channel.via,
        )
        return delivery_log.write(self.store, entry, known)

    def _post(self, alert: Alert, claimed: Versioned, channel: Channel) -> str:
        attempt = claimed.entry.model_copy(update={"last_try": self.now(), "tries": claimed.entry.tries + 1})
        begun = delivery_log.write(self.store, attempt, claimed)
        if begun is None:
            return Decision.OWNED
        try:
            posted = self._post_or_plain(alert, channel)
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
            unknown = begun.entry.model_copy(update={"lease_until": self.now(), "error": str(error)})
            delivery_log.write(self.store, unknown, begun)
            raise
        return self._sent(alert, begun, posted, "posted")

    def _post_or_plain(self, alert: Alert, channel: Channel) -> Posted:
        try:
            return channel.post(alert)
        except MessageFaultError as error:
            log.warning("deliver.plain alert=%s reason=%s", alert.alert_id, error)
            return channel.post(alert, plain=True)

    def _sent(self, alert: Alert, before: Versioned, posted: Posted, outcome: str) -> str:
        entry = before.entry.model_copy(
            update={"state": "sent", "channel": posted.channel, "ts": posted.ts, "sent_at": self.now(), "error": ""}
        )
        if delivery_log.write(self.store, entry, before):
            outbox.remove(self.store, alert)
        log.info(
            "deliver.%s alert=%s receiver=%s via=%s ts=%s", outcome, alert.alert_id, alert.receiver, entry.via, entry.ts
        )
        return outcome
