import io
from datetime import UTC, date, datetime, timedelta

import duckdb
import pytest
from warcio.archiveiterator import ArchiveIterator

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Archived, Article, Batch, BatchItem, Capture, Entry, Outcome, Reason, SourceReport

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
KEY = BatchKey("2026-11-24", "ingest_live-20261124T1200-0-abc")


def capture(number: int, body: bytes = b"", **headers: str) -> Capture:
    shown = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip", "Content-Length": "7", **headers}
    return Capture(
        url=f"https://h.example/{number}?utm_source=feed",
        final_url=f"https://h.example/{number}",
        fetched_at=NOW,
        status=200,
        headers=tuple(shown.items()),
        body=body or f"<html><p>Талks № {number} — перемир’я</p></html>".encode(),
    )


def batch_of(captures: list[Capture], writer: RawWriter) -> Batch:
    items = tuple(
        BatchItem(
            entry=Entry(url=page.url, source="harbour"),
            first_seen=NOW,
            outcome=Outcome(reason=Reason.FETCHED, status=200),
            final_url=page.final_url,
            fetched_at=page.fetched_at,
            raw=writer.add(page),
        )
        for page in captures
    )
    report = SourceReport(publisher="Harbour Courier", alert_max_age_s=86400, poll=Outcome(reason=Reason.FETCHED))
    return Batch(
        batch=KEY.batch, dt=KEY.dt, quiet=False, interval_end=NOW, warc=writer.key, items=items,
        sources={"harbour": report},
    )  # fmt: skip


def article(number: int, text: str = "A ceasefire.") -> Article:
    return Article(
        article_id=f"{number:032x}", source="harbour", publisher="Harbour Courier", title=f"Title {number}", text=text,
        first_seen=NOW, published=NOW - timedelta(hours=1), method="precision", extractor="e-1",
        entry_url=f"https://h.example/{number}", url=f"https://h.example/{number}",
        canonical_url=f"https://h.example/{number}", word_count=2,
    )  # fmt: skip


@pytest.fixture
def stored(store):
    writer = RawWriter(KEY.warc("a1"), NOW)
    captures = [capture(number) for number in range(3)]
    batch = batch_of(captures, writer)
    writer.save(store)
    archive.commit_batch(store, batch)
    return batch, captures


def test_raw_copies_are_read_back_whole_and_one_by_one(store, stored):
    batch, captures = stored
    read = [page for _, page in archive.read_captures(store, batch)]
    assert [page.body for page in read] == [page.body for page in captures]
    assert [(page.url, page.final_url, page.status, page.fetched_at) for page in read] == [
        (page.url, page.final_url, 200, NOW) for page in captures
    ]
    assert archive.read_capture(store, batch.items[1].raw).body == captures[1].body


def test_another_warc_reader_sees_the_same_records(store, stored):
    batch, captures = stored
    records = list(ArchiveIterator(io.BytesIO(store.get(batch.warc).body), check_digests="raise"))
    assert [record.rec_type for record in records] == ["warcinfo", "response", "response", "response"]
    data = store.get(batch.warc).body
    for item, page in zip(batch.items, captures, strict=True):
        member = data[item.raw.offset : item.raw.offset + item.raw.length]
        record = next(iter(ArchiveIterator(io.BytesIO(member))))
        assert record.rec_headers.get_header("WARC-Target-URI") == page.final_url
        assert record.http_headers.get_header("Content-Encoding") is None, "the stored body is decoded"
        assert int(record.http_headers.get_header("Content-Length")) == len(page.body)
        assert record.content_stream().read() == page.body


def test_a_publishers_header_cannot_forge_a_record(store):
    writer = RawWriter(KEY.warc("a1"), NOW)
    hostile = capture(1, b"x", **{"X-Evil": "a\r\n\r\nWARC/1.1\r\nWARC-Type: response"})
    ref = writer.add(hostile)
    writer.save(store)
    read = archive.read_capture(store, ref)
    assert read.body == b"x"
    assert "WARC/1.1" in read.header("X-Evil")


def test_nothing_captured_writes_no_file(store):
    assert RawWriter(KEY.warc("a1"), NOW).save(store) == ""
    assert list(store.list("raw/")) == []


def test_the_first_commit_holds(store, stored):
    batch, _ = stored
    later = batch.model_copy(update={"warc": KEY.warc("a2")})
    assert archive.commit_batch(store, later) == batch
    assert archive.find_batch(store, KEY) == batch


def test_a_batch_that_was_never_committed_is_none_or_an_error(store):
    assert archive.find_batch(store, KEY) is None
    with pytest.raises(StoreError, match="never committed"):
        archive.read_batch(store, KEY)


def test_clean_copies_are_read_back_and_by_duckdb(store, tmp_path):
    key = KEY.clean("e-1")
    texts = ["A ceasefire.", "line\u2028separator\nand “quotes” \\ перемир’я", "x" * 100_000]
    articles = [article(number, text) for number, text in enumerate(texts)]
    archive.write_articles(store, key, articles)
    assert archive.read_articles(store, key) == articles
    local = tmp_path / "clean.jsonl.zst"
    local.write_bytes(store.get(key).body)
    rows = duckdb.sql(f"SELECT publisher, text, published FROM read_json('{local}') ORDER BY title").fetchall()
    assert [row[:2] for row in rows] == [("Harbour Courier", text) for text in texts]


def test_what_an_archive_gave_us_says_where_from_and_when_to_every_warc_reader(store):
    taken_at = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
    source = "https://web.archive.org/web/20261124120000id_/https://h.example/1"
    page = capture(1)._replace(archived=Archived(source, taken_at))
    writer = RawWriter(KEY.warc("a1"), taken_at)
    ref = writer.add(page)
    writer.save(store)
    read_back = archive.read_capture(store, ref)
    assert (read_back.archived, read_back.fetched_at) == (page.archived, NOW)
    body = io.BytesIO(store.get(writer.key).body)
    (record,) = [found for found in ArchiveIterator(body) if found.rec_type == "response"]
    headers = record.rec_headers
    assert headers.get_header("WARC-Source-URI") == source
    assert headers.get_header("WARC-Creation-Date") == "2026-12-01T08:30:00Z"
    assert headers.get_header("WARC-Date").startswith("2026-11-24T12:00:00")


def test_what_the_publisher_gave_us_names_no_archive(store, stored):
    batch, _ = stored
    assert archive.read_capture(store, batch.items[0].raw).archived is None


def test_a_batch_is_unfinished_until_its_matches_are_stored(store, stored):
    days = [date(2026, 11, 24)]
    soon = datetime.now(UTC) + timedelta(minutes=1)
    assert archive.unfinished(store, days, soon) == [KEY]
    assert archive.unfinished(store, days, soon - timedelta(hours=1)) == [], "too young: its own run is at it"
    assert archive.unfinished(store, [date(2026, 11, 23)], soon) == []
    archive.write_matches(store, KEY.matches("e-1", "r1"), [])
    assert archive.unfinished(store, days, soon) == []


def test_the_batches_of_some_days_are_read_but_those_that_are_left_out(store, stored):
    days = [date(2026, 11, 23), date(2026, 11, 24)]
    assert [batch.batch for batch in archive.read_batches(store, days)] == [KEY.batch]
    assert list(archive.read_batches(store, days, leave_out={KEY.batch})) == []


@pytest.mark.parametrize("reason", Reason)
def test_what_failed_is_not_held_but_what_is_refused_for_good_is(reason):
    item = BatchItem(
        entry=Entry(url="https://h.example/a", source="harbour"), first_seen=NOW, outcome=Outcome(reason=reason)
    )
    assert archive.is_held(item) is (reason in {"robots", "too_large", "not_html"})


def test_the_newest_batches_come_first(store, stored):
    batch, _ = stored
    later = batch.model_copy(update={"batch": "ingest_live-20261124T1205-0-def"})
    archive.commit_batch(store, later)
    newest = archive.latest_batches(store, [date(2026, 11, 24)], limit=5)
    assert {found.batch for _, found in newest} == {batch.batch, later.batch}
    assert [item.modified for item, _ in newest] == sorted((item.modified for item, _ in newest), reverse=True)
    assert len(archive.latest_batches(store, [date(2026, 11, 24)], limit=1)) == 1
