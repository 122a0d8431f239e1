"""An S3 object read forwards, as a file that other libraries can read: never the whole of it in memory.

A connection that drops is opened again at the byte where it broke (a ranged GET), a few times without progress at most.
"""

from collections.abc import Callable
from typing import Any, Protocol

import urllib3
from botocore.exceptions import BotoCoreError

from include.wirewatch.errors import StoreError

TRIES = 5
CHUNK_BYTES = 1 << 16


class Body(Protocol):
    """What boto3 gives as an object's body."""

    def read(self, amt: int | None = None) -> bytes: ...

    def close(self) -> None: ...


class S3Stream:
    """A readable file. open_at: byte offset → the object's body from there on; FileNotFoundError where there is none.

    received: bytes so far, which is what such a read costs.
    """

    def __init__(self, name: str, open_at: Callable[[int], Any], offset: int = 0) -> None:
        self._name = name
        self._open_at = open_at
        self._position = self._start = offset
        self._body: Body | None = None

    @property
    def received(self) -> int:
        return self._position - self._start

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes (64 KB where none is given), b"" at the end.

        Raises:
            StoreError: it broke TRIES times at the same byte.
            FileNotFoundError: there is no such object.
        """
        for attempt in range(1, TRIES + 1):
            try:
                if self._body is None:
                    self._body = self._open_at(self._position)
                data = self._body.read(size if size > 0 else CHUNK_BYTES)
            except FileNotFoundError:
                raise
            except (BotoCoreError, urllib3.exceptions.HTTPError, OSError) as error:
                self.close()
                if attempt == TRIES:
                    raise StoreError(f"{self._name}: broke {TRIES} times at byte {self._position}: {error}") from error
            else:
                self._position += len(data)
                return data
        raise AssertionError("unreachable: the last attempt returns or raises")

    def tell(self) -> int:
        """Bytes read since the start of this stream, wherever in the object that was."""
        return self.received

    def seek(self, _offset: int, _whence: int = 0) -> int:
        raise OSError(f"{self._name} is read forwards only")

    def close(self) -> None:
        if self._body is not None:
            self._body.close()
            self._body = None
