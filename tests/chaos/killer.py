"""Kills workers with SIGKILL at steps of the protocol, told by the servers that see each step's request arrive.

A step can be cut in three ways: the request never arrives (LOST), it arrives and is carried out although its sender is
dead by then (LATE: as a request does that was on the wire), or it is carried out and nobody hears the answer (DONE).
"""

import os
import random
import signal
from collections import Counter
from threading import Lock

LOST, LATE, DONE = "lost", "late", "done"
CUTS = (LOST, LATE, DONE)
# Once a storm, and no more often.
RARE = ("enqueue rollup",)


class Killer:
    """each: how often every step is cut in each of the three ways; most: in all of them together.

    chance: that a cut which is due is made now; of the steps in RARE, for certain.
    """

    def __init__(self, each: int, most: int, *, chance: float, seed: int) -> None:
        self._each, self._most, self._chance = each, most, chance
        self._random = random.Random(seed)
        self._alive: set[int] = set()
        self._lock = Lock()
        self.cuts: Counter[tuple[str, str]] = Counter()
        self.seen: Counter[str] = Counter()

    def born(self, pid: int) -> None:
        with self._lock:
            self._alive.add(pid)

    def at(self, step: str, pid: int) -> str:
        """Called as a step's request arrives. Kills its sender or not; how the step is cut, or ""."""
        with self._lock:
            self.seen[step] += 1
            if pid not in self._alive:
                return ""
            due = [cut for cut in CUTS if self.cuts[step, cut] < self._each]
            made = sum(self.cuts[step, cut] for cut in CUTS)
            chance = 1 if step in RARE else self._chance
            if not due or made >= self._most or self._random.random() > chance:
                return ""
            cut = self._random.choice(due)
            self.cuts[step, cut] += 1
            self._alive.discard(pid)
            if cut != DONE:
                os.kill(pid, signal.SIGKILL)
            return cut

    def after(self, cut: str, pid: int) -> None:
        """Called once the step is carried out and before it is answered."""
        if cut == DONE:
            os.kill(pid, signal.SIGKILL)
