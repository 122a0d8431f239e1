"""The archive's place in a dict: as store.Store, a clock that ticks at every write and a say before every call."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

from include.wirewatch.store import Listed, Stored

START = datetime(2026, 11, 27, tzinfo=UTC)


class MemoryStore:
    """before: called with what is about to be done ("get manifest/…"); it may write, and it may raise."""

    def __init__(self, objects: dict[str, tuple[bytes, int]] | None = None) -> None:
        self.objects = {} if objects is None else objects
        self.before: Callable[[str], None] = lambda _: None

    def seen_through(self, before: Callable[[str], None]) -> "MemoryStore":
        """The same objects, with another word before each call."""
        view = MemoryStore(self.objects)
        view.before = before
        return view

    def url(self, key: str) -> str:
        return f"s3://memory/{key}"

    def get(self, key: str) -> Stored | None:
        self.before(f"get {key}")
        return Stored(self.objects[key][0], str(self.objects[key][1])) if key in self.objects else None

    def open(self, key: str) -> BytesIO:
        self.before(f"open {key}")
        if key not in self.objects:
            raise FileNotFoundError(key)
        return BytesIO(self.objects[key][0])

    def list(self, prefix: str) -> Iterator[Listed]:
        self.before(f"list {prefix}")
        for key, (body, tick) in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield Listed(key, len(body), START + timedelta(seconds=tick))

    def put(self, key: str, body: bytes) -> None:
        self.before(f"put {key}")
        self.objects[key] = (body, self._tick())

    def put_file(self, key: str, path: Path) -> None:
        self.put(key, path.read_bytes())

    def swap(self, key: str, body: bytes, etag: str | None) -> str | None:
        self.before(f"swap {key}")
        if (str(self.objects[key][1]) if key in self.objects else None) != etag:
            return None
        self.objects[key] = (body, self._tick())
        return str(self.objects[key][1])

    def _tick(self) -> int:
        return 1 + max((tick for _, tick in self.objects.values()), default=0)
