"""Where everything that is kept of the news lies in S3, and how to write and read it.

    raw/dt=…/<batch>.<attempt>.warc.gz            captures
    raw/dt=…/<batch>.json                         the commit record: what was fetched, and what was not and why
    clean/dt=…/<batch>.<extractor>.jsonl.zst      one article a line
    compact/dt=…/<sha256>.parquet                 a day's articles in one file, each once
    words/dt=…/<sha256>.sqlite                    in which rows of that file each word stands
    manifest/dt=….json                            which of those files are the day's, and which clean batches are in it
    matches/dt=…/<batch>.<extractor>.<rules>.jsonl.zst

batches  one batch's raw copies, clean copies and matches
days     a day's articles, each exactly once, wherever they lie
parquet  the file that many clean batches become: its columns, its rows
words    the file of its words, for whoever wants few of its articles
compact  a day's clean batches → these two files

A batch with a commit record and without any matches object is unfinished work; nothing else marks it.
Nothing here is ever deleted, so what a reader has found stays readable while others write.
"""

from include.wirewatch.archive.batches import (
    SETTLED,
    BatchKey,
    RawWriter,
    commit_batch,
    days_back,
    find_batch,
    find_matches,
    has_matches,
    is_held,
    latest_batches,
    latest_matches,
    matches_since,
    read_articles,
    read_batch,
    read_batches,
    read_capture,
    read_captures,
    read_matches,
    unfinished,
    write_articles,
    write_matches,
)
from include.wirewatch.archive.compact import Compaction, compact_day
from include.wirewatch.archive.days import CleanDay, clean_day, newest_copies, read_day
from include.wirewatch.archive.parquet import COLUMNS, FORMAT, Derived, article_of_row

__all__ = [
    "COLUMNS",
    "FORMAT",
    "SETTLED",
    "BatchKey",
    "CleanDay",
    "Compaction",
    "Derived",
    "RawWriter",
    "article_of_row",
    "clean_day",
    "commit_batch",
    "compact_day",
    "days_back",
    "find_batch",
    "find_matches",
    "has_matches",
    "is_held",
    "latest_batches",
    "latest_matches",
    "matches_since",
    "newest_copies",
    "read_articles",
    "read_batch",
    "read_batches",
    "read_capture",
    "read_captures",
    "read_day",
    "read_matches",
    "unfinished",
    "write_articles",
    "write_matches",
]
