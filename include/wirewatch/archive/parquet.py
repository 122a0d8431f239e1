"""The file that a day's clean batches become, for DuckDB, Athena and pandas: one row an article, in Parquet.

Every field of Article is a column of its own name: times in UTC, `raw` and `origins` as JSON text. Three columns more:

    clean_key  the clean batch that the row came from
    forms      every folded word of title and text, sorted, each with a space before and behind: ` ceasefire talks `
    signature  by which copies of the text are known, as bytes (deliver/story.py); empty of a text that is too short

DuckDB writes and reads it. It is imported where it is used: its 0.15 s are not for tasks that only write batches.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from include.wirewatch.models import Article

if TYPE_CHECKING:
    import duckdb

# The version of the columns, of the words in `forms`, of their file (words.py) and of `signature`: who changes any of
# them, the folding of words too, raises it, and days are compacted anew.
FORMAT = 5
ARTICLE_COLUMNS = {
    "article_id": "VARCHAR",
    "source": "VARCHAR",
    "publisher": "VARCHAR",
    "title": "VARCHAR",
    "text": "VARCHAR",
    "summary": "VARCHAR",
    "published": "TIMESTAMP",
    "published_from": "VARCHAR",
    "modified": "TIMESTAMP",
    "first_seen": "TIMESTAMP",
    "authors": "VARCHAR[]",
    "language": "VARCHAR",
    "site_name": "VARCHAR",
    "section": "VARCHAR",
    "tags": "VARCHAR[]",
    "image": "VARCHAR",
    "paywalled": "BOOLEAN",
    "word_count": "BIGINT",
    "origins": "VARCHAR",
    "method": "VARCHAR",
    "method_detail": "VARCHAR",
    "extractor": "VARCHAR",
    "entry_url": "VARCHAR",
    "url": "VARCHAR",
    "canonical_url": "VARCHAR",
    "fetched_at": "TIMESTAMP",
    "raw": "VARCHAR",
    "history_route": "VARCHAR",
    "archive_url": "VARCHAR",
}
# Without a zone: with one, DuckDB needs an extension from the network for most of what can be asked of a time.
TIMES = {name for name, kind in ARTICLE_COLUMNS.items() if kind == "TIMESTAMP"}
COLUMNS = {**ARTICLE_COLUMNS, "clean_key": "VARCHAR", "forms": "VARCHAR", "signature": "BLOB"}
_IN_LINES = {**COLUMNS, "signature": "VARCHAR"}
FETCH_ROWS = 256
MEMORY = "384MB"
# DuckDB refuses a line that is longer. A page has 3 MB at most, unless a setting says otherwise.
MAX_LINE_BYTES = 64 << 20


class Row(NamedTuple):
    """An article of a day, and the clean batch that it came from. signature: None where it was not read."""

    clean_key: str
    article: Article
    signature: str | None = None


class Derived(NamedTuple):
    """What a file holds of an article beside its fields; the columns say what it is."""

    forms: Iterable[str]
    signature: str  # as deliver/story.py writes it


def write_parquet(rows: Iterable[tuple[Row, Derived]], path: Path) -> int:
    """Write rows, each with what is derived from it, to a file, and return their number.

    They pass through a temporary file beside it, so that memory is bounded however many there are.
    """
    lines = path.with_suffix(".ndjson")
    count = 0
    try:
        with lines.open("w", encoding="utf-8") as out:
            for row, derived in rows:
                out.write(json.dumps(_json_of(row, derived), ensure_ascii=False) + "\n")
                count += 1
        with connect() as connection:
            # A row group is what is read at least when one row of it is wanted: 4,096 articles are some 10 MB. Written
            # once, kept for years and read again and again: level 10 takes 0.15 ms an article more than the usual 3.
            connection.execute(
                "COPY (SELECT * REPLACE (from_base64(signature) AS signature) FROM read_json($lines, "
                "format = 'newline_delimited', columns = $columns, maximum_object_size = $longest)) "
                "TO $path (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 10, ROW_GROUP_SIZE 4096)",
                {"lines": str(lines), "columns": _IN_LINES, "longest": MAX_LINE_BYTES, "path": str(path)},
            )
    finally:
        lines.unlink(missing_ok=True)
    return count


def read_parquet(path: Path) -> Iterator[Row]:
    """Every row of a file, in its order; a few hundred in memory at once."""
    with connect() as connection:
        found = connection.execute("SELECT * EXCLUDE (forms) FROM read_parquet($path)", {"path": str(path)})
        names = [column[0] for column in found.description or ()]
        while chunk := found.fetchmany(FETCH_ROWS):
            for values in chunk:
                row = dict(zip(names, values, strict=True))
                yield Row(row["clean_key"], article_of_row(row))


def article_of_row(row: dict[str, Any]) -> Article:
    """The very article that was written, from a row by column names.

    Columns that are not an article's are passed over; a field that was added to Article since is at its default.
    """
    values = {name: row[name] for name in ARTICLE_COLUMNS if name in row}
    for name in TIMES & values.keys():
        values[name] = values[name].replace(tzinfo=UTC) if values[name] else None
    values["origins"] = json.loads(values["origins"])
    values["raw"] = json.loads(values["raw"]) if values["raw"] is not None else None
    return Article.model_validate(values)


def signature_of_row(row: dict[str, Any]) -> str:
    """The signature as deliver/story.py writes it."""
    return base64.b64encode(row["signature"] or b"").decode()


def connect() -> "duckdb.DuckDBPyConnection":
    """A DuckDB of its own: one thread, bounded memory, and never asking the network for an extension."""
    import duckdb

    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    return duckdb.connect(config={"threads": 1, "memory_limit": MEMORY, **offline})


def _json_of(row: Row, derived: Derived) -> dict[str, Any]:
    values = row.article.model_dump(mode="json")
    return {
        **values,
        "origins": json.dumps(values["origins"], ensure_ascii=False),
        "raw": json.dumps(values["raw"]) if values["raw"] is not None else None,
        "clean_key": row.clean_key,
        "forms": f" {' '.join(sorted(derived.forms))} ",
        "signature": derived.signature,
    }
