import json
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.wirewatch.archive.parquet import (
    ARTICLE_COLUMNS,
    COLUMNS,
    FORMAT,
    Row,
    read_parquet,
    signature_of_row,
    write_parquet,
)
from include.wirewatch.match.forms import forms_of
from include.wirewatch.models import Article, RawRef
from include.wirewatch.stages.compact import derived
from include.wirewatch.stages.judge import text_signature
from tests.archive.samples import article, clean_key

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "",
        "\x00",
        "line\u2028separator",
        'a "quoted" \\ line\r\n',
        "перемир’я",
        "停火",
        "👩‍👩‍👧",
        "NaN",
        "null",
        "2026-11-24",
    ]
)
times = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))
raws = st.builds(RawRef, key=texts, offset=st.integers(0, 2**50), length=st.integers(0, 2**40), sha256=texts)
values = {
    "VARCHAR": texts,
    "VARCHAR[]": st.lists(texts, max_size=3).map(tuple),
    "TIMESTAMP": times | st.none(),
    "BOOLEAN": st.booleans() | st.none(),
    "BIGINT": st.integers(0, 2**40),
}
special = {
    "first_seen": times,
    "raw": raws | st.none(),
    "origins": st.dictionaries(texts, texts, max_size=3),
}
articles = st.builds(Article, **{name: special.get(name, values[kind]) for name, kind in ARTICLE_COLUMNS.items()})


def written(path, rows):
    return write_parquet([(row, derived(row.article)) for row in rows], path)


@settings(max_examples=8, deadline=None)
@given(found=st.lists(articles, max_size=12))
def test_a_row_gives_back_the_very_article(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("day") / "day.parquet"
    rows = [Row(f"clean/{number}", one) for number, one in enumerate(found)]
    assert written(path, rows) == len(rows)
    assert list(read_parquet(path)) == rows
    assert [entry.name for entry in path.parent.iterdir()] == ["day.parquet"], "the lines on the way are gone"


def test_every_field_of_an_article_is_a_column_of_its_own_name_and_type(tmp_path):
    assert list(ARTICLE_COLUMNS) == list(Article.model_fields)
    written(tmp_path / "day.parquet", [Row(clean_key("b1"), article("a"))])
    described = duckdb.sql(f"DESCRIBE SELECT * FROM '{tmp_path}/day.parquet'").fetchall()
    types = {name: kind for name, kind, *_ in described}
    assert types == COLUMNS


def test_forms_holds_every_folded_word_between_spaces(tmp_path):
    one = article("a", text="Ukraine's CEASEFIRE; перемир’я in Zürich. Ceasefire!")
    written(tmp_path / "day.parquet", [Row(clean_key("b1"), one)])
    ((forms,),) = duckdb.sql(f"SELECT forms FROM '{tmp_path}/day.parquet'").fetchall()
    assert forms == f" {' '.join(sorted(forms_of(one.title, one.text)))} "
    assert all(f" {word} " in forms for word in ("ceasefire", "ukraine", "ukraine's", "zürich", "title"))


def test_signature_is_that_by_which_the_live_run_knows_copies(tmp_path):
    long = article("a", text=" ".join(f"word{number}" for number in range(60)))
    written(tmp_path / "day.parquet", [Row(clean_key("b1"), long), Row(clean_key("b1"), article("b"))])
    found = duckdb.sql(f"SELECT signature FROM '{tmp_path}/day.parquet'").fetchall()
    assert [signature_of_row({"signature": one}) for (one,) in found] == [text_signature(long), ""]


WORDS = (
    "19 3 5 covid d'état fine istanbul n rock rock'n'roll roll strasse u x x's élan état ελλαδασ"
    " об об'єкт перемир перемир'я єкт น้ ํา 停 火"
)


# An archive that is months old was written with the folds of then. If this fails because folding was changed on
# purpose, raise archive.parquet.FORMAT together with the expectation: days are then compacted anew.
def test_the_words_in_forms_are_those_of_this_format():
    text = "Straße ÉLAN d'État Ελλάδας Перемир’я 停火 U.N. COVID-19 ﬁne İstanbul 3,5 rock'n'roll X's об`єкт น้ำ"
    assert (FORMAT, " ".join(sorted(forms_of(text, "")))) == (5, WORDS)


def test_a_field_that_an_older_file_lacks_is_at_its_default(tmp_path):
    written(tmp_path / "day.parquet", [Row(clean_key("b1"), article("a"))])
    older = tmp_path / "older.parquet"
    columns = "* EXCLUDE (archive_url, signature), 1 AS gone"
    duckdb.sql(f"COPY (SELECT {columns} FROM '{tmp_path}/day.parquet') TO '{older}'")
    assert list(read_parquet(older)) == [Row(clean_key("b1"), article("a"))]


def test_a_line_on_the_way_that_fails_leaves_no_file_behind(tmp_path):
    def rows():
        yield Row(clean_key("b1"), article("a")), derived(article("a"))
        raise RuntimeError("S3 broke")

    with pytest.raises(RuntimeError, match="S3 broke"):
        write_parquet(rows(), tmp_path / "day.parquet")
    assert list(tmp_path.iterdir()) == []


def test_times_have_their_microseconds(tmp_path):
    one = article("a").model_copy(update={"published": datetime(2026, 3, 29, 1, 30, 0, 123456, UTC)})
    written(tmp_path / "day.parquet", [Row(clean_key("b1"), one)])
    ((row,),) = [list(read_parquet(tmp_path / "day.parquet"))]
    assert row.article.published - one.published == timedelta(0)
    assert json.loads(row.article.model_dump_json()) == json.loads(one.model_dump_json())
