"""When a receiver may be posted to within one drain: its next slot, what it asked us to wait, whether it is parked.

Nothing is posted, and no edit made, without asking here first. A parked receiver is left alone until the drain's end.
What a receiver asked us to wait holds for later drains as well (busy.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from include.wirewatch.deliver import busy
from include.wirewatch.store import Store

NEVER_BUSY = datetime.min.replace(tzinfo=UTC)


@dataclass
class Pace:
    """One drain's. deadline: nothing is begun later. interval_s: pause between two posts to one channel.

    channel_of: receiver → what it shares with the other receivers of its channel; itself where it is not there.
    """

    store: Store
    deadline: datetime
    interval_s: float
    now: Callable[[], datetime]
    sleep: Callable[[float], None]
    channel_of: Mapping[str, str] = field(default_factory=dict)
    parked: set[str] = field(default_factory=set)
    _free_at: dict[str, datetime] = field(default_factory=dict)

    def recall(self) -> None:
        """Begin with the waits that earlier drains were asked for."""
        for receiver, until in busy.waits(self.store, self.now()).items():
            channel = self._channel(receiver)
            self._free_at[channel] = max(until, self._free_at.get(channel, until))

    def free_at(self, receiver: str) -> datetime:
        """When the receiver may be posted to; long ago when it may be now, or is parked."""
        return NEVER_BUSY if receiver in self.parked else self._free_at.get(self._channel(receiver), NEVER_BUSY)

    def wait_s(self, receiver: str) -> float:
        """Seconds until the receiver may be posted to; 0 when it may be now, or is parked."""
        return max((self.free_at(receiver) - self.now()).total_seconds(), 0.0)

    def is_free(self, receiver: str) -> bool:
        """True when it may be posted to at once."""
        return self.now() < self.deadline and not self.wait_s(receiver)

    def stopped(self, receiver: str) -> str:
        """Why a message for it is not even tried, after waiting for its next slot; "" where it is."""
        if self.now() >= self.deadline:
            return "left_for_next"
        if receiver in self.parked:
            return "parked"
        wait_s = self.wait_s(receiver)
        if self.now() + timedelta(seconds=wait_s) > self.deadline:
            return "left_for_next"
        if wait_s:
            self.sleep(wait_s)
        return ""

    def has_posted(self, receiver: str) -> None:
        self._free_at[self._channel(receiver)] = self.now() + timedelta(seconds=self.interval_s)

    def asked_to_wait(self, receiver: str, seconds: float) -> None:
        until = self.now() + timedelta(seconds=seconds)
        self._free_at[self._channel(receiver)] = until
        busy.keep(self.store, receiver, until)

    def _channel(self, receiver: str) -> str:
        return self.channel_of.get(receiver, receiver)
