"""What one drain did: messages by outcome, and what somebody has to mend. Pure."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from include.wirewatch.deliver.decide import Decision
from include.wirewatch.models import Failure

# A message that is still open so long after it was due is a failure that somebody must see.
TOO_LONG = timedelta(hours=1)
# Outcomes after which a message is still open, and nobody has been told why.
OPEN = {"left_for_next", "unknown", Decision.OWNED, Decision.SETTLING, Decision.WAITS_FOR_PARENT}


@dataclass
class Drained:
    """overdue: receiver → for each message left open too long, when it was due and why it is open."""

    counts: Counter[str] = field(default_factory=Counter)
    overdue: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    _failed: dict[str, Failure] = field(default_factory=dict)

    @property
    def failures(self) -> list[Failure]:
        """Each subject once; what is overdue comes last."""
        return [*self._failed.values(), *map(self._overdue, self.overdue)]

    def fail(self, failure: Failure) -> None:
        self._failed.setdefault(failure.subject, failure)

    def still_open(self, outcome: str, receiver: str, due: datetime, late: timedelta, why: str) -> None:
        """Note a message that this drain leaves, if it is left too long. late: since it was due."""
        if outcome in OPEN and late > TOO_LONG:
            self.overdue.setdefault(receiver, []).append((due, why or str(outcome)))

    def _overdue(self, receiver: str) -> Failure:
        late = self.overdue[receiver]
        since, why = min(late)
        says = f"{len(late)} messages for {receiver!r} are overdue, the oldest since {since:%Y-%m-%d %H:%M} UTC: {why}"
        return Failure(f"overdue {receiver}", says, receiver)
