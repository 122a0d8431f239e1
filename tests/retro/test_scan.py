"""What rules match in the archive: what the engine matches of read_day, however a day is stored, and nothing twice."""

import random
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import duckdb
import pytest

from include.wirewatch.archive import FORMAT, Derived, clean_day, compact_day, read_day, write_articles
from include.wirewatch.archive.days import manifest_key
from include.wirewatch.errors import StoreError
from include.wirewatch.match import RuleSet, query_rules
from include.wirewatch.retro.files import ArchiveFiles, local_copy
from include.wirewatch.retro.scan import Scan, read_whole
from include.wirewatch.stages.judge import document_of
from tests.archive.samples import DAY, DERIVE, article, clean_key
from tests.fakes.memory_store import MemoryStore

CEASEFIRE = query_rules("ceasefire NOT sport")
SANCTIONS = query_rules("sanction* AND bank")
REGEX = query_rules("/ceasef.re/")
TEXTS = (
    "Ceasefire talks.",
    "A ceasefire in sport.",
    "Banks: sanctions. A bank.",
    "A sanctioned bank; CEASEFIRE",
    "Nothing.",
)


@pytest.fixture
def files(tmp_path) -> ArchiveFiles:
    store = MemoryStore()

    def path_of(key: str) -> Path:
        path = tmp_path / key.replace("/", "_")
        path.write_bytes(store.objects[key][0])
        return path

    return ArchiveFiles(store, path_of)  # type: ignore[arg-type]  # a dict that behaves as the store


def answers(files: ArchiveFiles, *rule_sets: RuleSet, day: date = DAY) -> list:
    scan = Scan(files, rule_sets)
    found = [(matched.article, matched.verdicts) for matched in scan.of_day(day)]
    return sorted(found, key=lambda item: item[0].article_id)


def expected(files: ArchiveFiles, *rule_sets: RuleSet, day: date = DAY) -> list:
    every = list(read_day(files.store, clean_day(files.store, day)))
    found = [(one, tuple(rules.match(document_of(one)) for rules in rule_sets)) for one in every]
    return sorted((item for item in found if any(item[1])), key=lambda item: item[0].article_id)


@pytest.mark.parametrize("seed", range(3))
def test_a_day_gives_what_the_engine_matches_of_its_current_articles(files, seed):
    """Batches, revisits, new extractions and compactions in any order."""
    chooser = random.Random(seed)
    for step in range(6):
        if chooser.random() < 0.3:
            compact_day(files.store, DAY, derive=DERIVE)
        names = chooser.sample("abcdef", 3)
        key = clean_key(f"b{chooser.randrange(4)}", f"e{step}")
        rows = [article(name, hour=chooser.choice([None, 9, 12, 15]), text=chooser.choice(TEXTS)) for name in names]
        write_articles(files.store, key, rows)
        assert answers(files, CEASEFIRE, SANCTIONS) == expected(files, CEASEFIRE, SANCTIONS)
    assert answers(files, REGEX, CEASEFIRE) == expected(files, REGEX, CEASEFIRE)


def test_of_a_compacted_day_only_what_may_match_is_read(files):
    rows = [article(f"a{number}", text="Ceasefire." if number < 3 else "Nothing.") for number in range(50)]
    write_articles(files.store, clean_key("b"), rows)
    compact_day(files.store, DAY, derive=DERIVE)
    scan = Scan(files, [CEASEFIRE])
    assert len(list(scan.of_day(DAY))) == 3
    assert (scan.articles, scan.judged) == (50, 3)


def test_a_file_with_words_folded_otherwise_is_read_whole(files):
    write_articles(files.store, clean_key("b"), [article("a"), article("b", text="Nothing.")])
    compact_day(files.store, DAY, derive=lambda one: Derived({"another", "folding"}, "else"))
    assert answers(files, CEASEFIRE) == []
    key = manifest_key(DAY)
    body, tick = files.store.objects[key]
    files.store.objects[key] = (body.replace(f'"format":{FORMAT}'.encode(), b'"format":0'), tick)
    scan = Scan(files, [CEASEFIRE])
    assert [(found.article.article_id, found.signature) for found in scan.of_day(DAY)] == [("a", None)]
    assert scan.judged == 2


def test_signatures_come_from_the_file_and_a_batch_has_none(files):
    write_articles(files.store, clean_key("b"), [article("a"), article("b", text="Nothing.")])
    compact_day(files.store, DAY, derive=lambda one: DERIVE(one)._replace(signature=f"{one.article_id}A=="))
    write_articles(files.store, clean_key("c"), [article("c")])
    scan = Scan(files, [CEASEFIRE])
    assert {found.article.article_id: found.signature for found in scan.of_day(DAY)} == {"a": "aA==", "c": None}


def test_a_day_without_anything_is_empty(files):
    assert answers(files, CEASEFIRE) == []


@pytest.mark.parametrize(
    ("kind", "body"), [("parquet", b"PAR1 and no more"), ("sqlite", b"SQLite format 3\0"), ("sqlite", b"")]
)
def test_a_broken_file_is_named_with_what_to_do(files, kind, body):
    write_articles(files.store, clean_key("b"), [article("a")])
    compact_day(files.store, DAY, derive=DERIVE)
    (key,) = (key for key in files.store.objects if key.endswith(f".{kind}"))
    files.store.objects[key] = (body, 1)
    with pytest.raises(StoreError, match=rf"\.{kind}: .*; if the file is damaged, delete it and fetch it again"):
        answers(files, CEASEFIRE)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM words",
        "UPDATE words SET list = x'00'",
        "DELETE FROM postings",
        "UPDATE postings SET rows = x'ff'",
        "UPDATE postings SET rows = 'text'",
    ],
)
def test_words_that_are_not_whole_are_no_answer(files, damage):
    write_articles(files.store, clean_key("b"), [article("a")])
    compact_day(files.store, DAY, derive=DERIVE)
    (key,) = (key for key in files.store.objects if key.startswith("words/"))
    with closing(sqlite3.connect(":memory:")) as file:
        file.deserialize(files.store.objects[key][0])
        file.execute(damage)
        file.commit()
        files.store.objects[key] = (file.serialize(), 1)
    with pytest.raises(StoreError, match=r"\.sqlite: it is not whole; if the file is damaged, delete it"):
        answers(files, CEASEFIRE)


def test_rules_that_name_no_word_are_told(files):
    assert read_whole(REGEX) == ["query"]
    assert read_whole(CEASEFIRE) == []


def test_duckdb_never_has_more_than_its_share(files):
    write_articles(files.store, clean_key("b"), [article("a")])
    compact_day(files.store, DAY, derive=DERIVE)
    seen: list[tuple[str, ...]] = []
    real = duckdb.connect

    def connect(**options):
        connection = real(**options)
        seen.append(connection.execute("SELECT current_setting('threads'), current_setting('memory_limit')").fetchone())
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect)
        answers(files, CEASEFIRE)
    assert seen == [(1, "366.2 MiB")]


def test_a_local_copy_is_read_like_s3(files, tmp_path):
    write_articles(files.store, clean_key("b"), [article("a"), article("b", text="Nothing.")])
    compact_day(files.store, DAY, derive=DERIVE)
    write_articles(files.store, clean_key("c"), [article("c")])
    for key, (body, _) in files.store.objects.items():
        path = tmp_path / "copy" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    assert answers(local_copy(tmp_path / "copy"), CEASEFIRE) == answers(files, CEASEFIRE) != []
    (words,) = (tmp_path / "copy" / "words").rglob("*.sqlite")
    words.unlink()
    with pytest.raises(StoreError, match=r"words/.*\.sqlite is not there, but a manifest names it; copy it"):
        answers(local_copy(tmp_path / "copy"), CEASEFIRE)
