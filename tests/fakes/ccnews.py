"""Common Crawl's news files in a bucket of the stand-in S3, written by warcio as the crawler writes them.

`<prefix>/YYYY/MM/CC-NEWS-YYYYMMDDHHMMSS-NNNNN.warc.gz` with warcinfo, request and response records, the publisher's
Content-Encoding masked; and the month's `warc.paths.gz`.
"""

import gzip
import io
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from include.wirewatch.store import Store


class Page(NamedTuple):
    """One response record. date: as WARC-Date writes it."""

    url: str
    date: str = "2026-11-23T10:00:00Z"
    body: bytes = b"<html><h1>Talks resume</h1><p>Both delegations are back at the table in the harbour town.</p>"
    status: str = "200 OK"
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/html"),)
    protocol: str = "HTTP/1.1"


class Written(NamedTuple):
    """A file's bytes, and where each response record begins in them."""

    data: bytes
    offsets: tuple[int, ...]


def write_file(pages: Iterable[Page]) -> Written:
    buffer, offsets = io.BytesIO(), []
    writer = WARCWriter(buffer, gzip=True, warc_version="1.0")
    fields = {"software": "StormCrawler", "format": "WARC File Format 1.0"}
    _write(writer, writer.create_warcinfo_record("CC-NEWS.warc.gz", fields))
    for page in pages:
        dated = {"WARC-Date": page.date, "WARC-IP-Address": "192.0.2.1"}
        asked = StatusAndHeaders("GET / HTTP/1.1", [("User-Agent", "CCBot/2.0")], is_http_request=True)
        _write(writer, writer.create_warc_record(page.url, "request", http_headers=asked, warc_headers_dict=dated))
        offsets.append(buffer.tell())
        headers = [*page.headers, ("X-Crawler-Content-Encoding", "gzip"), ("Content-Length", str(len(page.body)))]
        answer = StatusAndHeaders(page.status, headers, protocol=page.protocol)
        record = writer.create_warc_record(
            page.url, "response", payload=io.BytesIO(page.body), http_headers=answer, warc_headers_dict=dated
        )
        _write(writer, record)
    return Written(buffer.getvalue(), tuple(offsets))


def put_month(store: Store, month: str, files: Mapping[str, bytes]) -> None:
    """The files of a month ("2026/11"), by the time and number in their names, and the list of them."""
    keys = [f"{month}/CC-NEWS-{name}.warc.gz" for name in files]
    for key, data in zip(keys, files.values(), strict=True):
        store.put(key, data)
    listed = "".join(f"crawl-data/CC-NEWS/{key}\n" for key in keys)
    store.put(f"{month}/warc.paths.gz", gzip.compress(listed.encode()))


def _write(writer: WARCWriter, record: ArcWarcRecord) -> None:
    writer.write_record(record)
    record.raw_stream.close()
