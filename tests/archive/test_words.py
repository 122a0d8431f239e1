"""The words of a day's file: every one, in every row that has it, by the numbers by which DuckDB reads the file."""

import pytest

from include.wirewatch.archive import words
from include.wirewatch.archive.parquet import Derived, Row, connect, write_parquet
from include.wirewatch.archive.words import rows_with, words_in, write_words
from include.wirewatch.match.forms import forms_of
from tests.archive.samples import article, clean_key

TEXTS = ("Ceasefire talks.", "", "l'ultimatum — 停火, перемир’я", "Talks: CEASEFIRE", "'; DROP TABLE words; %_*?")


def write(folder, forms):
    rows = [(Row(clean_key("b"), article(f"a{number}")), Derived(one, "")) for number, one in enumerate(forms)]
    write_parquet(rows, folder / "day.parquet")
    write_words(folder / "day.parquet", folder / "words.sqlite")
    return folder / "words.sqlite"


# 5,000 rows are two row groups of the file, and their words are read in many parts.
@pytest.mark.parametrize(
    "forms",
    [
        pytest.param([forms_of(text) for text in TEXTS], id="texts"),
        pytest.param([{f"w{number}", f"w{number // 2}x", "in-all"} for number in range(5_000)], id="many"),
        pytest.param([], id="no article"),
        pytest.param([set(), set()], id="no word"),
    ],
)
def test_each_word_has_the_rows_in_which_it_stands(tmp_path, forms):
    expected: dict[str, list[int]] = {}
    for number, one in enumerate(forms):
        for form in one:
            expected.setdefault(form, []).append(number)
    path = write(tmp_path, forms)
    every = words_in(path)
    assert every == sorted(expected)
    assert dict(zip(every, rows_with(path, range(len(every))), strict=True)) == expected
    assert rows_with(path, reversed(range(len(every)))) == [expected[word] for word in reversed(every)]
    with connect() as connection:
        found = connection.execute(
            "SELECT article_id FROM read_parquet(?, file_row_number = true) WHERE file_row_number = 1",
            [str(tmp_path / "day.parquet")],
        ).fetchall()
    assert found == [("a1",)][: len(forms)]


def test_rows_far_from_each_other_are_told_apart(tmp_path):
    rows = [0, 1, 127, 128, 255, 256, 16_511, 16_512, 4_000_000_000]
    assert words._unpack(words._pack(rows)) == rows
    assert words._unpack(words._pack([])) == []
    assert len(words._pack(range(5_000))) == 5_000, "a byte for each row of a word that is everywhere"
