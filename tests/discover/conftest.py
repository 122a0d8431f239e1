"""Sources and a `get` that answers from a table, for parsers that never see a network."""

from collections.abc import Mapping
from datetime import UTC, datetime

from include.wirewatch.config.sources import Source
from include.wirewatch.models import Capture, Outcome, Reason

BASE = "https://news.example/feed"
Table = Mapping[str, bytes | Capture | Outcome]


def source_of(kind: str = "feed", url: str = BASE, **settings: object) -> Source:
    return Source(**{"name": "ours", "publisher": "Ours", "kind": kind, "url": url, **settings})


def capture_of(url: str, body: bytes, *headers: tuple[str, str]) -> Capture:
    return Capture(url, url, datetime(2026, 11, 24, tzinfo=UTC), 200, headers, body)


class Web:
    """The `get` of a poll: URL → answer; anything else is a 404. asked: URLs with their headers."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def __call__(self, url: str, headers: Mapping[str, str]) -> Capture | Outcome:
        self.asked.append((url, dict(headers)))
        answer = self.table.get(url, Outcome(reason=Reason.HTTP_ERROR, status=404))
        return capture_of(url, answer) if isinstance(answer, bytes) else answer
