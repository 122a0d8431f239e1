"""One host's pace: how many requests at once, how long between two, and when it asked to be left alone."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from include.wirewatch.answers import MAX_PAUSE_S

# A host that says 429 and not for how long.
DEFAULT_PAUSE_S = 60.0
# After so many timeouts and refused connections in a row the host is left alone for the rest of the client's life:
# a hundred entries of a dead host would otherwise eat a whole task's time.
PATIENCE = 5


class Host:
    """The state of one host in one client. Requests start at least delay_s apart, `concurrency` of them at once.

    name: host or host:port, as urls.host_of gives it.
    """

    def __init__(self, name: str, delay_s: float, concurrency: int) -> None:
        self.name = name
        self.delay_s = delay_s
        self._slots = asyncio.Semaphore(concurrency)
        self._next_start = 0.0
        self._closed_until = 0.0
        self._closed_why = ""
        self._failures = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[str]:
        """Waits for this request's turn. Yields why it must not be made after all, or ""."""
        async with self._slots:
            if not (why := self.closed()):
                now = time.monotonic()
                start = max(now, self._next_start)
                self._next_start = start + self.delay_s
                if start > now:
                    await asyncio.sleep(start - now)
                why = self.closed()
            yield why

    def closed(self) -> str:
        """Why the host is to be left alone now, or ""."""
        return self._closed_why if time.monotonic() < self._closed_until else ""

    def close(self, pause_s: float, why: str) -> None:
        """Leave the host alone for pause_s; a longer pause that is under way stays."""
        until = time.monotonic() + min(pause_s, MAX_PAUSE_S)
        if until > self._closed_until:
            self._closed_until, self._closed_why = until, why

    def note(self, *, answered: bool) -> None:
        """Record whether the host answered at all; closes it once PATIENCE requests in a row went unanswered."""
        self._failures = 0 if answered else self._failures + 1
        if self._failures >= PATIENCE:
            self.close(MAX_PAUSE_S, f"{self._failures} requests in a row to this host went unanswered")
