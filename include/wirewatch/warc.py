"""Captures as WARC 1.1 records, one gzip member each, so that any record can be read alone by (offset, length).

A record holds the response as decoded: Content-Encoding and Transfer-Encoding are dropped and Content-Length is that
of the stored body, so that every reader gives the same bytes without guessing.
What a web archive gave us is said as pywb's recorder says it: WARC-Date is the archive's own time of capture,
WARC-Source-URI where the archive keeps it, WARC-Creation-Date when we read it there.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from http import HTTPStatus

from fastwarc import ArchiveIterator, GzipWriter, WarcRecord, WarcRecordType

from include.wirewatch.models import Archived, Capture
from include.wirewatch.settings import version

# zlib 6 against 9: the same size within 1 % on news pages at half the CPU.
COMPRESSION_LEVEL = 6
DROPPED_HEADERS = {"content-encoding", "transfer-encoding", "content-length"}
ASKED_URL = "Wirewatch-Asked-URL"
SOURCE_URL, CREATED_AT = "WARC-Source-URI", "WARC-Creation-Date"


def encode_info(created_at: datetime) -> bytes:
    """The warcinfo record that opens a file."""
    fields = f"software: wirewatch/{version()}\r\nformat: WARC File Format 1.1\r\n"
    record = WarcRecord()
    record.init_headers(WarcRecordType.warcinfo)
    record.record_date = created_at
    record.headers["Content-Type"] = "application/warc-fields"
    record.set_bytes_content(fields.encode())
    return _gzip(record)


def encode_capture(capture: Capture) -> bytes:
    """One response record as a gzip member of its own."""
    record = WarcRecord()
    record.init_headers(WarcRecordType.response)
    record.record_date = capture.fetched_at
    record.headers["WARC-Target-URI"] = _one_line(capture.final_url)
    record.headers[ASKED_URL] = _one_line(capture.url)
    if capture.archived is not None:
        record.headers[SOURCE_URL] = _one_line(capture.archived.url)
        record.headers[CREATED_AT] = f"{capture.archived.retrieved_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    record.headers["Content-Type"] = "application/http; msgtype=response"
    record.set_bytes_content(_http_head(capture) + capture.body)
    return _gzip(record)


def decode_captures(data: bytes) -> Iterator[Capture]:
    """Every capture in the bytes of one or more records, in order."""
    for record in ArchiveIterator(io.BytesIO(data), record_types=WarcRecordType.response, strict_mode=False):
        url = record.headers.get("WARC-Target-URI") or ""
        yield Capture(
            url=record.headers.get(ASKED_URL) or url,
            final_url=url,
            fetched_at=record.record_date,
            status=record.http_headers.status_code or 0,
            headers=record.http_headers.astuples(),
            body=record.reader.read(),
            archived=_archived(record),
        )


def _archived(record: WarcRecord) -> Archived | None:
    url, created_at = record.headers.get(SOURCE_URL), record.headers.get(CREATED_AT)
    return Archived(url, datetime.fromisoformat(created_at)) if url and created_at else None


def _http_head(capture: Capture) -> bytes:
    kept = [(name, value) for name, value in capture.headers if name.lower() not in DROPPED_HEADERS]
    kept.append(("Content-Length", str(len(capture.body))))
    phrase = HTTPStatus(capture.status).phrase if capture.status in HTTPStatus.__members__.values() else ""
    lines = [f"HTTP/1.1 {capture.status} {phrase}", *(f"{_one_line(name)}: {_one_line(value)}" for name, value in kept)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _one_line(value: str) -> str:
    # A publisher's header must not be able to forge a header line of the record.
    return value.replace("\r", " ").replace("\n", " ")


def _gzip(record: WarcRecord) -> bytes:
    buffer = io.BytesIO()
    writer = GzipWriter(buffer, compression_level=COMPRESSION_LEVEL)
    record.write(writer, checksum_data=True)
    writer.finish()  # without it, all records are one gzip stream that other readers refuse
    writer.flush()
    return buffer.getvalue()
