"""Requests to one web archive: one at a time, and a pause that it asks for is waited out, not passed on.

A publisher that says 429 is left to a later run. An archive's answer to that is a block of the address for hours, and
its rate limits are met by anybody who reads a day from it: so the whole task waits, and then goes on where it was.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from include.wirewatch.config.sources import Source
from include.wirewatch.fetch.client import Accept, Client
from include.wirewatch.models import Capture, Outcome

TRIES = 3
# A longer pause is taken as a refusal: the run ends with what it has.
MAX_PAUSE_S = 600.0


class PatientClient:
    """One slot for all callers. archive: the source under whose name, pace and allowed hosts it is asked."""

    def __init__(
        self, client: Client, archive: Source, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._client, self._archive, self._sleep = client, archive, sleep
        self._slot = asyncio.Lock()

    async def listing(self, url: str, headers: Mapping[str, str]) -> Capture | Outcome:
        """A page of the archive's index."""
        return await self._get(url, "listing", headers)

    async def memento(self, url: str) -> Capture | Outcome:
        """One page as it was captured."""
        return await self._get(url, "memento", {})

    async def _get(self, url: str, accept: Accept, headers: Mapping[str, str]) -> Capture | Outcome:
        async with self._slot:
            for _ in range(TRIES):
                answer = await self._client.get(url, source=self._archive, accept=accept, headers=headers)
                pause_s = answer.retry_after_s if isinstance(answer, Outcome) else None
                if pause_s is None or pause_s > MAX_PAUSE_S:
                    break
                await self._sleep(pause_s)
            return answer
