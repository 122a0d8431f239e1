"""The ccnews route: what Common Crawl's news crawl captured of some hosts on one day. One scan serves all of them.

The day's files (ccnews_files) are read one after the other as streams; of each record only the headers, unless its URL
is wanted. Memory is bounded by one record, bytes and time by the caller's limits, which are looked at between records;
the position then says where the next scan goes on. Records: WARC 1.0 `response`, the payload stored uncompressed and
unchunked, the publisher's Content-Encoding masked as X-Crawler-Content-Encoding, or, before May 2019, left standing
(commoncrawl/news-crawl issue 30): so the bytes themselves say whether they are packed. A status line may read HTTP/2
(issue 42).
"""

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from fastwarc import ArchiveIterator, WarcRecordType

from include.wirewatch.discover.history.ccnews_files import MAX_LIST_BYTES, DayFiles, files_of, lists_of
from include.wirewatch.discover.history.unpack import unpacked
from include.wirewatch.errors import StoreError, StoreRefusedError
from include.wirewatch.models import Archived, Capture, Outcome, Reason, ScanPosition
from include.wirewatch.store import Store

log = logging.getLogger(__name__)
HTML = ("text/html", "application/xhtml+xml")


class Hit(NamedTuple):
    """A wanted page, or why it could not be read."""

    url: str
    answer: Capture | Outcome


class Limits(NamedTuple):
    """max_bytes: read in one scan, compressed. max_body_bytes: of one page. is_over: asked between two records."""

    max_bytes: int
    max_body_bytes: int
    is_over: Callable[[], bool] = lambda: False


class DayScan:
    """The scan of one day's files from a position on; a position that names none of them is their beginning.

    position: where a next scan would begin; after a hit, at its own record. troubles: files that could not be read to
    their end, with the reason; the scan goes on behind them. Each scan gets at least one record further.
    """

    def __init__(self, store: Store, files: DayFiles, start: ScanPosition, limits: Limits, now: datetime) -> None:
        self.position = start
        self.troubles: list[str] = []
        self._store, self._files, self._limits, self._now = store, files, limits, now
        self._hosts = frozenset(start.hosts)
        self._read_before = start.bytes_read
        self._records = 0
        if not start.done and start.file not in files.keys:
            self._begin(files.keys[0] if files.keys else "")

    @property
    def files_left(self) -> int:
        """The file at the position and those behind it."""
        return 0 if self.position.done else len(self._files.keys) - self._files.keys.index(self.position.file)

    @property
    def has_more(self) -> bool:
        """Whether there is more to read and no limit is reached."""
        return not self.position.done and not (self._records and self._is_over())

    def next_file(self, is_wanted: Callable[[str, str], bool]) -> Iterator[Hit]:
        """The pages of the file at the position that were captured on the day and are wanted, in its order.

        is_wanted: asked with the host, one of the position's, and the URL. Ends behind the file, or where a limit is
        reached. Raises StoreError where the file breaks off again and again; the position is right then too.
        """
        key, offset, before = self.position.file, self.position.offset, self.position.bytes_read
        stream = self._store.open(key, offset)
        try:
            for record in ArchiveIterator(
                stream, record_types=WarcRecordType.response, parse_http=False, strict_mode=False
            ):
                self._move(offset=offset + record.stream_pos, bytes_read=before + stream.received)
                if not self.has_more:
                    return
                self._records += 1
                if (hit := self._hit(record, key, is_wanted)) is not None:
                    yield hit
        except OSError as error:  # what fastwarc raises for bytes that are no WARC; or the file is not there
            self.troubles.append(f"{key}: broken behind byte {self.position.offset}: {error}")
            log.warning("ccnews.broken file=%s offset=%d %s", key, self.position.offset, error)
        finally:
            stream.close()
        self._move(bytes_read=before + stream.received)
        following = self._files.keys[self._files.keys.index(key) + 1 :]
        self._begin(following[0] if following else "")

    def _hit(self, record: Any, key: str, is_wanted: Callable[[str, str], bool]) -> Hit | None:
        address = f"{self._store.url(key)}#{self.position.offset}"
        url = ""
        try:
            if not (url := self._url_of_day(record, is_wanted)):
                return None
            answer = self._answer(record, url, address)
        except Exception as error:  # hostile bytes: what the library makes of them is one record's trouble
            log.warning("ccnews.bad_record at=%s %r", address, error)
            answer = Outcome(reason=Reason.BAD_RESPONSE, detail=f"{address}: {error}"[:300]) if url else None
        return Hit(url, answer) if answer is not None else None

    def _url_of_day(self, record: Any, is_wanted: Callable[[str, str], bool]) -> str:
        url = record.headers.get("WARC-Target-URI") or ""
        host = host_of_hosts(url, self._hosts)
        captured_at = record.record_date if host else None  # None also where it is no date
        if captured_at is None or captured_at.astimezone(UTC).date() != self._files.day or not is_wanted(host, url):
            return ""
        return str(url)

    def _answer(self, record: Any, url: str, address: str) -> Capture | Outcome | None:
        """The page in a response record; None where it is no page: another status than 200, another type than HTML."""
        max_body_bytes = self._limits.max_body_bytes
        record.parse_http(strict_mode=False)
        headers = record.http_headers
        kind = headers.get("Content-Type") or record.headers.get("WARC-Identified-Payload-Type") or ""
        if headers.status_code != 200 or not kind.strip().lower().startswith(HTML):
            return None
        body = unpacked(record.reader.read(max_body_bytes + 1), max_body_bytes)
        if body is None:
            return Outcome(reason=Reason.TOO_LARGE, status=200, detail=f"{address}: more than {max_body_bytes:,} bytes")
        captured_at = record.record_date.astimezone(UTC)
        return Capture(url, url, captured_at, 200, headers.to_tuples(), body, Archived(address, self._now))

    def _is_over(self) -> bool:
        return self.position.bytes_read - self._read_before >= self._limits.max_bytes or self._limits.is_over()

    def _begin(self, key: str) -> None:
        """To the beginning of a file; "" is the end of the day."""
        self._move(file=key or self.position.file, offset=0, done=not key)

    def _move(self, **changes: object) -> None:
        self.position = self.position.model_copy(update=changes)


def list_files(store: Store, day: date) -> DayFiles | Outcome:
    """The day's files by Common Crawl's own lists, or why there are none: the next route is asked then."""
    paths: list[str] = []
    missing = ""
    for key in lists_of(day):
        try:
            stored = store.get(key)
            text = unpacked(stored.body, MAX_LIST_BYTES) if stored else b""
        except (StoreError, StoreRefusedError) as error:
            return Outcome(reason=Reason.CONNECTION, detail=str(error)[:300])
        except ValueError as error:
            return Outcome(reason=Reason.BAD_RESPONSE, detail=f"{store.url(key)}: {error}")
        if text is None:
            return Outcome(reason=Reason.TOO_LARGE, detail=f"{store.url(key)}: more than {MAX_LIST_BYTES:,} bytes")
        missing = missing if stored else key
        paths += text.decode("utf-8", "replace").splitlines()
    files = files_of(day, paths)
    if not files.keys and missing:
        return Outcome(reason=Reason.HTTP_ERROR, status=404, detail=f"{store.url(missing)} is not there")
    return files


def host_of_hosts(url: str, hosts: frozenset[str]) -> str:
    """Which of the hosts the URL's own is, or is below; "" for none."""
    name = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    while name and name not in hosts:
        name = name.partition(".")[2]
    return name
