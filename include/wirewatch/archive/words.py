"""In which rows of a day's Parquet file a word stands, for whoever wants few of its articles: an SQLite file beside it.

    words     one row, `list`: every folded word, as `forms` has it, in order, with a space between two
    postings  by a word's `place` among these, from 0: the `rows` that have it, each as its distance from the one before
              in a variable-length integer (7 bits a byte, the lowest first, the highest bit set where more follow)

Rows are counted from 0, as DuckDB counts them (`file_row_number`), which has found the words in the file itself.
Parquet is read by columns: to look up 20 words of 20,000 in such a file took ten times as long.
"""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from include.wirewatch.archive.parquet import FETCH_ROWS, connect

Value = TypeVar("Value")

_INDEX = """
SELECT word, list(number ORDER BY number)
FROM (SELECT file_row_number::INTEGER AS number, unnest(string_split(trim(forms), ' ')) AS word
      FROM read_parquet($parquet, file_row_number = true))
WHERE word <> '' GROUP BY word ORDER BY word
"""
_SCHEMA = """
CREATE TABLE words (list TEXT NOT NULL);
CREATE TABLE postings (place INTEGER PRIMARY KEY, rows BLOB NOT NULL);
"""


def write_words(parquet: Path, path: Path) -> None:
    """The words of a file → another file, which is not there yet."""
    with connect() as connection, closing(sqlite3.connect(path)) as file:
        file.executescript(_SCHEMA)
        words: list[str] = []
        found = connection.execute(_INDEX, {"parquet": str(parquet)})
        while chunk := found.fetchmany(FETCH_ROWS):
            packed = ((place, _pack(rows)) for place, (_, rows) in enumerate(chunk, len(words)))
            file.executemany("INSERT INTO postings VALUES (?, ?)", packed)
            words += [word for word, _ in chunk]
        file.execute("INSERT INTO words VALUES (?)", [" ".join(words)])
        file.commit()


def words_in(path: Path) -> list[str]:
    """Every word of a file. Raises sqlite3.Error where it is damaged."""
    with closing(_open(path)) as file:
        words = _only(file.execute("SELECT list FROM words"), str)
    return words.split(" ") if words else []


def rows_with(path: Path, places: Iterable[int]) -> list[list[int]]:
    """For each of those words, by its place in words_in(), the rows in which it stands, in order. Raises as above."""
    with closing(_open(path)) as file:
        asked = (file.execute("SELECT rows FROM postings WHERE place = ?", [place]) for place in places)
        return [_unpack(_only(found, bytes)) for found in asked]


def _open(path: Path) -> sqlite3.Connection:
    # immutable: no lock and no journal, so that it can lie where nobody may write
    return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)


def _only(found: sqlite3.Cursor, kind: type[Value]) -> Value:
    """The value that every whole file has there."""
    rows = found.fetchall()
    if len(rows) != 1 or not isinstance(rows[0][0], kind):
        raise sqlite3.DatabaseError("it is not whole")
    return rows[0][0]


def _pack(rows: Iterable[int]) -> bytes:
    packed, before = bytearray(), 0
    for row in rows:
        distance, before = row - before, row
        while distance > 0x7F:
            packed.append(distance & 0x7F | 0x80)
            distance >>= 7
        packed.append(distance)
    return bytes(packed)


def _unpack(packed: bytes) -> list[int]:
    rows, row, distance, shift = [], 0, 0, 0
    for byte in packed:
        distance |= (byte & 0x7F) << shift
        shift += 7
        if byte <= 0x7F:
            row += distance
            rows.append(row)
            distance = shift = 0
    if shift:
        raise sqlite3.DatabaseError("it is not whole")
    return rows
