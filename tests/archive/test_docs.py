"""docs/archive.md: its query runs, on what the code writes, and gives each article once."""

import re
from pathlib import Path

import duckdb

from include.wirewatch import archive
from include.wirewatch.archive import compact_day
from tests.archive.samples import DAY, DERIVE, article, clean_key
from tests.fakes.memory_store import MemoryStore

PAGE = (Path(__file__).parents[2] / "docs" / "archive.md").read_text()
(SQL,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)


def test_the_query_of_the_page_counts_each_article_once(tmp_path, monkeypatch):
    store = MemoryStore()
    archive.write_articles(store, clean_key("b1"), [article("a"), article("b", text="Nothing of the kind.")])
    compact_day(store, DAY, derive=DERIVE)
    archive.write_articles(store, clean_key("b2"), [article("a", hour=13), article("c")])
    compact_day(store, DAY, derive=DERIVE)
    for key, (body, _) in store.objects.items():
        path = tmp_path / "archive" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    assert len(list(tmp_path.glob("archive/compact/*/*.parquet"))) == 2
    monkeypatch.chdir(tmp_path)
    connection = duckdb.connect()
    view, query = SQL.strip().removesuffix(";").split(";\n")
    connection.execute(view)
    assert connection.execute(query).fetchall() == [(DAY, "Harbour Courier", 2)]


def test_the_columns_that_the_page_names_are_there():
    (columns,) = re.findall(r"The columns are (.*?)\n\n", PAGE, re.DOTALL)
    named = set(re.findall(r"`([a-z_]+)`", columns))
    assert len(named) > 15
    assert named <= set(archive.COLUMNS)
