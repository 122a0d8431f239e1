"""In which rows of a day's Parquet file a word stands, for whoever wants few of its articles: a file beside it.

    word  a folded word, as `forms` has it; in order
    rows  the rows that have it, counted from 0, in order

DuckDB makes it from the file itself, so the numbers are those by which DuckDB reads the file (`file_row_number`).
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from include.wirewatch.archive.parquet import connect

if TYPE_CHECKING:
    import duckdb

_INDEX = """
SELECT word, list(number ORDER BY number) AS rows
FROM (SELECT file_row_number::INTEGER AS number, unnest(string_split(trim(forms), ' ')) AS word
      FROM read_parquet($parquet, file_row_number = true))
WHERE word <> '' GROUP BY word ORDER BY word
"""


def write_words(parquet: Path, path: Path) -> None:
    """The words of a file → another file. 20,000 articles of 500 words take 2 CPU seconds."""
    with connect() as connection:
        # 2,048 words are the least that DuckDB reads. V2 stores the steps between rows, which are small: with snappy it
        # is as large as V1 with zstd, and read in two thirds of its time.
        connection.execute(
            f"COPY ({_INDEX}) TO $path (FORMAT parquet, PARQUET_VERSION V2, COMPRESSION snappy, ROW_GROUP_SIZE 2048)",
            {"parquet": str(parquet), "path": str(path)},
        )


def words_in(connection: "duckdb.DuckDBPyConnection", path: Path) -> list[str]:
    """Every word of a file."""
    # as one text: a list of rows takes twice as long
    found = connection.execute("SELECT string_agg(word, ' ') FROM read_parquet(?)", [str(path)]).fetchone()
    return found[0].split(" ") if found and found[0] else []


def rows_with(connection: "duckdb.DuckDBPyConnection", path: Path, words: Sequence[str]) -> list[tuple[str, list[int]]]:
    """Of those words that the file has, the rows in which each stands."""
    asked = "SELECT word, rows FROM read_parquet(?) WHERE word IN (SELECT unnest(?))"
    return connection.execute(asked, [str(path), list(words)]).fetchall()
