"""The loop that empties the outbox: read the log, decide, act, log. Any number of workers may run it at once.

For one alert: which story (story.py) → claim … sent (posting.py) → delete the marker. Whatever was done before a crash
is found done; the rest is repeated. A dead one keeps its marker until its failure is told.
"""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.decide import Decision, decide
from include.wirewatch.deliver.drained import Drained
from include.wirewatch.deliver.log import LogEntry, log_of
from include.wirewatch.deliver.offer import Told, enqueue_addenda
from include.wirewatch.deliver.pace import Pace
from include.wirewatch.deliver.posting import REOPENED, Poster
from include.wirewatch.deliver.quiet import ALWAYS_OPEN, Quiet, free_since, held_until
from include.wirewatch.deliver.receiver import Channel, ReceiverFaultError
from include.wirewatch.deliver.rollup import STORMS_ONLY, Gathering
from include.wirewatch.deliver.stored import UnreadableError
from include.wirewatch.deliver.story import Lead, copies_of, lead_of, take_the_lead
from include.wirewatch.deliver.thread import BY_ITSELF, Place, is_to_succeed, place_below, place_decided, severity_of
from include.wirewatch.deliver.trouble import Troubles
from include.wirewatch.models import Alert, Bulletin, Failure
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
# Outcomes after which an alert shows its copies, or never will.
COUNTED = {"shown", "edited", "not_edited"}


@dataclass
class _Pass:
    """What one run has learnt: who may be posted to when, what went wrong, and what still waits for whom.

    turns: how many messages of each receiver were tried: those of one channel take turns.
    held: what waits for the end of quiet hours. released: what does not, because a more severe reply takes it along.
    uncounted: (receiver, alert that was replied to) → the replies that it does not show yet.
    """

    pace: Pace
    result: Drained
    troubles: Troubles
    turns: Counter[str] = field(default_factory=Counter)
    queues: dict[str, deque[Alert | Bulletin]] = field(default_factory=dict)
    held: dict[str, Alert | Bulletin] = field(default_factory=dict)
    released: set[str] = field(default_factory=set)
    uncounted: dict[tuple[str, str], list[Alert]] = field(default_factory=dict)


@dataclass
class Drain:
    """One worker's pass over the outbox.

    channels: receiver name → its channel; receivers of one channel share its pace.
    gathering, quiet: receiver name → its own, where it is not the default.
    tell: what hands a run's failures on, so that they outlive this process.
    post_interval_s: pause between two posts to one channel.
    now and sleep are arguments so that time can be told in tests.
    """

    store: Store
    channels: dict[str, Channel]
    owner: str
    gathering: Mapping[str, Gathering] = field(default_factory=dict)
    quiet: Mapping[str, Quiet] = field(default_factory=dict)
    tell: Callable[[Sequence[Failure]], object] = lambda failures: None  # noqa: ARG005  # for who reads Drained alone
    post_interval_s: float = 1.0
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    _poster: Poster = field(init=False)

    def __post_init__(self) -> None:
        self._poster = Poster(self.store, self.owner, self.now)

    def run(self, budget_s: float) -> Drained:
        """Deliver what is open until the outbox is through or budget_s is over; the rest stays for the next drain."""
        result, deadline = Drained(), self.now() + timedelta(seconds=budget_s)
        pace = Pace(self.store, deadline, self.post_interval_s, self.now, self.sleep, _by_channel(self.channels))
        pace.recall()
        going = _Pass(pace, result, Troubles(pace, result))
        replies: list[Alert | Bulletin] = []
        for outgoing in outbox.waiting(self.store):
            if isinstance(outgoing, UnreadableError):
                result.fail(*outgoing.failures)
                result.counts["unreadable"] += 1
                continue
            queue = going.queues.setdefault(outgoing.receiver, deque())
            queue.append(outgoing)
            if pace.is_free(outgoing.receiver):
                self._attempt(queue.popleft(), going, replies)
        # A receiver that must be waited for holds nobody else up: always the one that is free soonest.
        while queues := [name for name, queue in going.queues.items() if queue]:
            receiver = min(queues, key=lambda name: (pace.free_at(name), going.turns[name]))
            self._attempt(going.queues[receiver].popleft(), going, replies)
        # Their parents may have been sent meanwhile; as long as that helps, once more.
        while replies:
            left: list[Alert | Bulletin] = []
            for reply in replies:
                self._attempt(reply, going, left)
            if len(left) == len(replies):
                break
            replies = left
        for reply in replies:
            self._count(reply, going, Decision.WAITS_FOR_PARENT)
        for alert in going.held.values():
            self._count(alert, going, Decision.HELD)
        self._count_copies(going)
        going.troubles.close()
        if result.failures:
            self.tell(result.failures)
        # In this order: killed before it is told, the next drain finds the marker, and tells it.
        for outgoing in going.troubles.ending:
            outbox.remove(self.store, outgoing)
        return result

    def _attempt(self, outgoing: Alert | Bulletin, going: _Pass, replies: list[Alert | Bulletin]) -> None:
        """Try one message and count the outcome; one that is held, or waits for its parent, is kept for later."""
        going.turns[outgoing.receiver] += 1
        outcome, why = going.pace.stopped(outgoing.receiver), ""
        if not outcome:
            outcome, why = going.troubles.outcome_of(outgoing, lambda: self._deliver(outgoing, going))
        if outcome in {"posted", "edited"}:
            going.pace.has_posted(outgoing.receiver)
        if outcome == Decision.WAITS_FOR_PARENT:
            replies.append(outgoing)
        elif outcome == Decision.HELD:
            going.held[outgoing.alert_id] = outgoing
        else:
            self._count(outgoing, going, outcome, why)

    def _count(self, outgoing: Alert | Bulletin, going: _Pass, outcome: str, why: str = "") -> None:
        going.result.counts[outcome] += 1
        due = self._due(outgoing)
        going.result.still_open(outcome, outgoing.receiver, due, self.now() - due, why)

    def _due(self, outgoing: Alert | Bulletin) -> datetime:
        """Since when it could have gone out."""
        if isinstance(outgoing, Bulletin):
            return outgoing.not_before
        quiet = self.quiet.get(outgoing.receiver, ALWAYS_OPEN)
        return free_since(quiet, severity_of(outgoing), outgoing.not_before, self.now())

    def _is_held(self, outgoing: Alert | Bulletin, going: _Pass) -> bool:
        """Whether quiet hours hold it now. Bulletins have a not_before of their own."""
        if isinstance(outgoing, Bulletin) or outgoing.alert_id in going.released:
            return False
        now = self.now()
        return held_until(self.quiet.get(outgoing.receiver, ALWAYS_OPEN), severity_of(outgoing), now) > now

    def _deliver(self, outgoing: Alert | Bulletin, going: _Pass) -> str:
        """One message, as far as it goes now; the name of the outcome."""
        known = delivery_log.read(self.store, outgoing.alert_id, log_of(outgoing))
        held = self._is_held(outgoing, going)
        decision = decide(outgoing, known.entry if known else None, self.now(), held=held)
        if known and decision is Decision.ALREADY_SENT:
            self._settle(outgoing, known.entry, going)
            return decision
        if known and decision is Decision.DEAD:
            self._add_addenda(outgoing, known.entry)
            return going.troubles.bury(outgoing, known.entry.error)
        if decision not in {Decision.FIRST, Decision.RESUME, Decision.RECONCILE, Decision.EDIT}:
            return decision
        channel = self.channels.get(outgoing.receiver)
        if channel is None:
            raise ReceiverFaultError("it is no longer in receivers.yaml; put it back, or delete its outbox objects")
        if known and isinstance(outgoing, Bulletin) and decision is Decision.EDIT:
            outcome = self._poster.edit(outgoing, known, channel)
            if outcome == REOPENED:
                return self._deliver(outgoing, going)
            if outcome != Decision.OWNED:
                outbox.remove(self.store, outgoing)
            return outcome
        place = place_decided(known.entry if known else None) or self._place(outgoing, going)
        if place is None:
            return Decision.WAITS_FOR_PARENT
        look_first = decision is Decision.RECONCILE
        result = self._poster.post(outgoing, known, channel, place, look_first=look_first)
        if result.sent:
            self._settle(outgoing, result.sent, going)
        return result.outcome

    def _place(self, outgoing: Alert | Bulletin, going: _Pass) -> Place | None:
        """Where it goes; None: its parent is not sent yet."""
        if outgoing.kind == "rollup":
            return BY_ITSELF
        lead = Lead(outgoing.parent)
        if isinstance(outgoing, Alert) and not outgoing.parent:
            lead = lead_of(self.store, outgoing, self.now(), self.gathering.get(outgoing.receiver, STORMS_ONLY))
        if not lead.alert_id:
            return BY_ITSELF
        # What goes out takes along what it replies to, also in quiet hours.
        going.released.add(lead.alert_id)
        if waiting := going.held.pop(lead.alert_id, None):
            left: list[Alert | Bulletin] = []
            self._attempt(waiting, going, left)
            going.held.update({one.alert_id: one for one in left})
        if lead.rollup and not delivery_log.is_known(self.store, lead.alert_id):
            outbox.enqueue(self.store, lead.rollup)
            self._attempt(lead.rollup, going, [])
        # The outbox first: an alert leaves it only once the log knows it. A bulletin's parent was enqueued before it.
        waits = isinstance(outgoing, Bulletin) or outbox.read(self.store, lead.alert_id) is not None
        parent = delivery_log.read(self.store, lead.alert_id, log_of(outgoing))
        if parent and isinstance(outgoing, Alert) and is_to_succeed(outgoing, parent.entry):
            take_the_lead(self.store, outgoing, lead.alert_id)
            return self._place(outgoing, going)
        return place_below(outgoing, parent.entry if parent else None, parent_waits=waits)

    def _add_addenda(self, outgoing: Alert | Bulletin, entry: LogEntry) -> None:
        """A marker that came back (see offer.py) may name rules that the delivered one did not."""
        if isinstance(outgoing, Alert) and not outgoing.parent:
            enqueue_addenda(self.store, outgoing, Told(entry.alert_id, entry.article_id, entry.rules))

    def _settle(self, outgoing: Alert | Bulletin, entry: LogEntry, going: _Pass) -> None:
        """What is left once the log says sent. Repeated whole after a crash; the marker goes last."""
        self._add_addenda(outgoing, entry)
        if isinstance(outgoing, Alert) and not outgoing.parent and entry.parent:
            going.uncounted.setdefault((outgoing.receiver, entry.parent), []).append(outgoing)
            return
        if isinstance(outgoing, Bulletin) and entry.bulletin and entry.bulletin.edition < outgoing.edition:
            return  # what was found in the channel is an earlier edition: the marker's turn to edit it comes next
        outbox.remove(self.store, outgoing)

    def _count_copies(self, going: _Pass) -> None:
        """Edit each alert that was replied to, once; then the replies are through, and their markers go.

        An edit keeps its distance like a post. A busy receiver is left alone: counts can wait for the next drain.
        """
        busy: set[str] = set()
        for receiver, lead in sorted(going.uncounted, key=lambda key: going.pace.free_at(key[0])):
            replies = going.uncounted[receiver, lead]
            outcome, why = "left_for_next" if receiver in busy else going.pace.stopped(receiver), ""
            if not outcome:
                show = partial(self._show_copies, receiver, lead)
                outcome, why = going.troubles.outcome_of(replies[0], show)
                busy |= {receiver} if outcome == "left_for_next" else set()
            if outcome == "edited":
                going.pace.has_posted(receiver)
            if outcome not in COUNTED:
                # They are sent; their markers stay, so that the next drain counts them.
                log.warning("deliver.uncounted alert=%s outcome=%s reason=%s", lead, outcome, why)
                continue
            for alert in replies:
                outbox.remove(self.store, alert)

    def _show_copies(self, receiver: str, lead: str) -> str:
        """Edit the first alert of a story so that it counts its copies; the name of the outcome."""
        parent, channel = delivery_log.read(self.store, lead), self.channels.get(receiver)
        if parent is None or channel is None:
            return "shown"
        return self._poster.count_copies(parent, channel, lambda: copies_of(self.store, receiver, lead))


def _by_channel(channels: Mapping[str, Channel]) -> dict[str, str]:
    """Receiver → the first receiver that posts through the same channel."""
    first: dict[int, str] = {}
    return {receiver: first.setdefault(id(channel), receiver) for receiver, channel in channels.items()}
