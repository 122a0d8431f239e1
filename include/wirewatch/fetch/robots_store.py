"""robots.txt files remembered for a day between tasks, one object each: `robots/<hash of the origin>.json`.

Only answers that settle the matter are kept (rules, or that there are none): a host in trouble is asked again.
What cannot be read is asked anew; two writers at once write the same thing.
"""

import hashlib
import json
from datetime import datetime, timedelta

from include.wirewatch.fetch.robots import MAX_ROBOTS_BYTES
from include.wirewatch.store import Store

MAX_AGE = timedelta(hours=24)  # RFC 9309, 2.4: no longer than that


class RobotsStore:
    """The remembered robots.txt files of one place. Blocking: the client calls it in a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, origin: str, now: datetime) -> str | None:
        """The text that an origin gave less than a day ago, "" where it has no rules; None where it must be asked."""
        stored = self._store.get(_key(origin))
        if stored is None:
            return None
        try:
            data = json.loads(stored.body)
            age = now - datetime.fromisoformat(data["fetched_at"])
            text = data["text"] if data["origin"] == origin else None
        except (ValueError, KeyError, TypeError):
            return None
        return text if isinstance(text, str) and timedelta(0) <= age < MAX_AGE else None

    def write(self, origin: str, text: str, now: datetime) -> None:
        """Remember what an origin gave."""
        data = {"origin": origin, "fetched_at": now.isoformat(), "text": text[:MAX_ROBOTS_BYTES]}
        self._store.put(_key(origin), json.dumps(data, ensure_ascii=False).encode())


def _key(origin: str) -> str:
    return f"robots/{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"
