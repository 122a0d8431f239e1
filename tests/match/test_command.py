"""wirewatch match and wirewatch check, run as commands."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from include.wirewatch.archive import BatchKey, write_articles
from include.wirewatch.cli import app
from tests.test_archive import article

PROJECT = Path(__file__).parents[2]
SOURCES = "sources: [{name: s, publisher: P, kind: feed, url: 'https://news.example/feed'}]\n"
RECEIVERS = "receivers: [{kind: console, name: log}]\nroutes: [{to: [log]}]\n"


def wirewatch(*arguments: str | Path | int, text: str = "") -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=text.encode())


def test_it_is_a_command():
    done = subprocess.run(
        [sys.executable, "-c", "from include.wirewatch.cli import main; main()", "match", "--query", "a b"],
        cwd=PROJECT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("<query>:1:3: ")


def test_found_is_0_and_the_sentence_is_shown():
    done = wirewatch("match", "--query", '"cease fire" AND talks', text="Nothing. Talks on a cease-fire resume.")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "body: Talks on a cease-fire resume.\n", "")


def test_not_found_is_1():
    done = wirewatch("match", "--query", "armistice", "--json", text="Talks resume.")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {"matched": False, "score": 0, "hits": []}


def test_json_has_every_hit_in_code_points():
    done = wirewatch("match", "--query", "truce OR talks", "--title", "Talks?", "--json", text="𝐚 — truce")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found.keys() == {"matched", "score", "hits"}
    assert found["hits"] == [
        {"field": "title", "start": 0, "end": 5, "text": "Talks", "term": "talks"},
        {"field": "body", "start": 4, "end": 9, "text": "truce", "term": "truce"},
    ]


def test_a_wrong_query_is_2_with_a_caret_under_the_mistake():
    done = wirewatch("match", "--query", "ceasefire talks", text="x")
    assert (done.exit_code, done.stdout) == (2, "")
    place, query, caret = done.stderr.splitlines()
    assert place.startswith("<query>:1:11: ceasefire and talks side by side")
    assert query[caret.index("^") :].startswith("talks")


def test_files_are_read_like_grep_does(tmp_path):
    (tmp_path / "a.txt").write_text("a truce", encoding="utf-8")
    (tmp_path / "b.txt").write_text("\ufeffnothing", encoding="utf-8")
    done = wirewatch("match", "--query", "truce", tmp_path / "a.txt", tmp_path / "b.txt", "--json")
    assert done.exit_code == 0
    assert [json.loads(line)["matched"] for line in done.stdout.splitlines()] == [True, False]


@pytest.mark.parametrize(("body", "place"), [(None, ":1:1: "), (b"ok\nab\xff", ":2:3: not UTF-8")])
def test_a_file_that_cannot_be_read_is_2(tmp_path, body, place):
    if body is not None:
        (tmp_path / "x.txt").write_bytes(body)
    done = wirewatch("match", "--query", "truce", tmp_path / "x.txt")
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{tmp_path}/x.txt{place}")


def test_a_file_that_cannot_be_read_does_not_hide_the_others(tmp_path):
    (tmp_path / "a.txt").write_text("a truce")
    done = wirewatch("match", "--query", "truce", tmp_path / "missing.txt", tmp_path / "a.txt")
    assert (done.exit_code, done.stdout) == (2, f"{tmp_path}/a.txt: body: a truce\n")
    assert done.stderr.startswith(f"{tmp_path}/missing.txt:1:1: ")


def test_a_wrong_byte_is_at_its_code_point(tmp_path):
    (tmp_path / "x.txt").write_bytes("\ufeffок\nжж".encode() + b"\xff")
    assert wirewatch("match", "--query", "truce", tmp_path / "x.txt").stderr.startswith(f"{tmp_path}/x.txt:2:3: not")


@pytest.mark.parametrize(
    ("options", "out"), [((), "body: truce \\u2014 now\n"), (("--json",), None)], ids=["text", "JSON"]
)
def test_a_terminal_that_knows_ascii_alone_shows_what_it_can(options, out):
    done = subprocess.run(
        [sys.executable, "-c", "from include.wirewatch.cli import main; main()", "match", "--query", "truce", *options],
        cwd=PROJECT,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "ascii"},
        input="truce — now".encode(),
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout)["matched"] if out is None else done.stdout.decode("ascii") == out


def test_a_query_may_name_the_lists_of_the_configuration(tmp_path):
    (tmp_path / "rules.yaml").write_text("lists: {calm: [truce]}\nrules: []\n")
    assert wirewatch("match", "--query", "@calm", "--config", tmp_path, text="a truce").exit_code == 0
    done = wirewatch("match", "--query", "a AND @storm", "--config", tmp_path, text="a truce")
    assert done.exit_code == 2
    assert done.stderr.startswith("<query>:1:7: unknown list @storm; known: @calm")


def test_the_configuration_may_lie_where_airflows_own_connection_leads(store, s3, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.airflow_connection())
    store.put("rules.yaml", b"lists: {calm: [truce]}\nrules: []\n")
    place = store.url("").rstrip("/")
    assert wirewatch("match", "--query", "@calm", "--config", place, text="a truce").exit_code == 0
    assert "rules.yaml: 0 rules, 0 examples" in wirewatch("check", "--config", place).stdout


def write(place: Path, rules: str, sources: str = SOURCES) -> Path:
    for name, text in (("sources.yaml", sources), ("rules.yaml", rules), ("receivers.yaml", RECEIVERS)):
        (place / name).write_text(text)
    return place


def test_check_says_one_line_a_file_when_all_is_well(tmp_path):
    done = wirewatch("check", "--config", write(tmp_path, "rules: [{name: r, query: truce, match: [truce]}]\n"))
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "sources.yaml: 1 sources",
        "rules.yaml: 1 rules, 1 examples",
        "receivers.yaml: 1 receivers; failures go to nobody (ops is not set)",
    ]


def test_check_says_who_is_told_of_failures(tmp_path):
    place = write(tmp_path, "rules: [{name: r, query: truce}]\n")
    ops = "receivers: [{kind: console, name: log}, {kind: console, name: ops}]\nroutes: [{to: [log]}]\nops: [ops]\n"
    (place / "receivers.yaml").write_text(ops)
    assert wirewatch("check", "--config", place).stdout.splitlines()[-1] == (
        "receivers.yaml: 2 receivers; failures go to ops"
    )


def test_check_of_an_example_that_fails_is_1(tmp_path):
    done = wirewatch("check", "--config", write(tmp_path, "rules: [{name: r, query: truce, match: [war]}]\n"))
    assert done.exit_code == 1
    assert done.stderr == "rules.yaml:1:41: rule 'r' does not match its match example 'war'\n"


RULES = """\
lists:
  calm: [truce, peace ab*]
rules:
  - {name: inline, query: "a b"}
  - name: block
    query: |
      ceasefire AND
      (talks OR
"""


def test_check_shows_the_line_of_a_wrong_query_with_a_caret_under_the_mistake(tmp_path):
    done = wirewatch("check", "--config", write(tmp_path, RULES))
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    places = [line.split(": ")[0] for line in lines[::3]]
    assert places == ["rules.yaml:2:23", "rules.yaml:4:20", "rules.yaml:8:14"]
    shown = [(line, under.index("^")) for line, under in zip(lines[1::3], lines[2::3], strict=True)]
    assert shown == [("  peace ab*", 8), ("  a b", 4), ("  (talks OR", 9)]


def test_check_reports_every_mistake_of_every_file(tmp_path):
    config = write(
        tmp_path, "rules: [{name: r, query: a b}, {name: s, query: c d}]\n", sources="sources: [{name: s}]\n"
    )
    done = wirewatch("check", "--config", config, "--json")
    assert done.exit_code == 2
    result = json.loads(done.stdout)
    assert result["ok"] is False
    places = [problem.split(": ")[0] for problem in result["problems"]]
    assert places[-2:] == ["rules.yaml:1:28", "rules.yaml:1:51"]
    assert len([place for place in places if place.startswith("sources.yaml")]) == 3


@pytest.fixture
def archived(store, s3, monkeypatch):
    """A deployment that has read a thousand words with con- today, and other words last week."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.airflow_connection())
    monkeypatch.setenv("WIREWATCH_STORE", store.url("").rstrip("/"))
    today = datetime.now(UTC).date()
    for back, beginning in ((0, "con"), (6, "pro")):
        key = BatchKey(str(today - timedelta(days=back)), f"batch-{beginning}")
        text = " ".join(f"{beginning}{number}" for number in range(999))
        write_articles(store, key.clean("e-1"), [article(1, text), article(2, f"{beginning}tract")])
    return store


@pytest.mark.parametrize(("days", "warned"), [(2, ["con*"]), (8, ["con*", "pro*"])])
def test_check_warns_of_a_wildcard_that_is_a_thousand_words_of_the_archive(tmp_path, archived, days, warned):
    config = write(tmp_path, "rules: [{name: r, query: con* OR pro* OR truce*}]\n")
    done = wirewatch("check", "--config", config, "--archive", days)
    assert done.exit_code == 0, "a warning is no mistake"
    assert [line.split(": ")[2].split()[0] for line in done.stderr.splitlines()] == warned
    assert done.stderr.splitlines()[0].startswith("rules.yaml:1:26: rule 'r': con* stands for 1,000 or more")
    as_json = json.loads(wirewatch("check", "--config", config, "--archive", days, "--json").stdout)
    assert as_json["ok"]
    assert len(as_json["warnings"]) == len(warned)


def test_check_reads_no_archive_unless_asked(tmp_path, monkeypatch):
    config = write(tmp_path, "rules: [{name: r, query: con*}]\n")
    monkeypatch.setenv("WIREWATCH_STORE", "s3://nowhere-at-all/x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert wirewatch("check", "--config", config).exit_code == 0


def test_check_of_an_archive_that_no_setting_names_is_2(tmp_path, monkeypatch):
    monkeypatch.delenv("WIREWATCH_STORE", raising=False)
    done = wirewatch("check", "--config", write(tmp_path, "rules: [{name: r, query: con*}]\n"), "--archive", 1)
    assert done.exit_code == 2
    assert "WIREWATCH_STORE" in done.stderr
