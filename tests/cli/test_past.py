"""wirewatch search and wirewatch backtest, run as commands."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from click.testing import Result
from typer.testing import CliRunner

from include.wirewatch.archive import BatchKey, compact_day, write_articles
from include.wirewatch.cli import app, main
from include.wirewatch.errors import ConfigError
from include.wirewatch.settings import S3Place
from include.wirewatch.stages.compact import derived
from include.wirewatch.store import Store
from tests.fakes.s3_server import LockedS3
from tests.retro.samples import MONDAY, TUESDAY, WEDNESDAY, article, write_archive

PROJECT = Path(__file__).parents[2]
RULES = """\
rules:
  - {name: truce, query: truce OR armistice, severity: high}
  - {name: oil, query: oil AND tanker*}
"""
OLD = RULES.replace("truce OR armistice", "truce OR ceasefire")
SOURCES = "sources: [{name: harbour, publisher: P, kind: feed, url: 'https://news.example/feed'}]\n"
RECEIVERS = "receivers: [{kind: console, name: desk}]\nroutes: [{to: [desk]}]\n"
RANGE = ("--from", MONDAY, "--to", WEDNESDAY)


def wirewatch(*arguments: object) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture
def command(monkeypatch, capsys) -> Callable[..., tuple[object, str, str]]:
    """The command as its entry point runs it: exit code, stdout, stderr."""

    def run(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["wirewatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as done:
            main()
        return done.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def config(tmp_path) -> Path:
    for name, text in (("rules", RULES), ("old", OLD), ("sources", SOURCES), ("receivers", RECEIVERS)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Monday and Tuesday are there, Wednesday is not. Only to be read."""
    place = tmp_path_factory.mktemp("archive")
    monday = [
        article("a", "Nothing at first. An armistice, and a truce."),
        article("b", "A ceasefire on the [bold]river[/bold]."),
        article("c", "Weather."),
    ]
    tuesday = [article("a", "The truce again.", TUESDAY), article("d", "Oil: two tankers left.", TUESDAY)]
    write_archive(place, (MONDAY, monday), (TUESDAY, tuesday))
    return place


# -- search --------------------------------------------------------------------------------------------------------


def test_search_shows_the_newest_first_with_sentence_and_link(folder):
    done = wirewatch("search", "truce OR oil OR ceasefire", *RANGE, "--archive", folder)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:8] == [
        "Title of d",
        "  2026-11-24 11:00 · Harbour Courier · score 45",
        "  Oil: two tankers left.",
        "  https://h.example/d",
        "Title of a",
        "  2026-11-24 11:00 · Harbour Courier · score 45",
        "  The truce again.",
        "  https://h.example/a",
    ]
    assert "  A ceasefire on the [bold]river[/bold]." in done.stdout.splitlines(), "text is never markup"
    assert done.stdout.splitlines()[-1] == "3 articles of 5, 2026-11-23 to 2026-11-25"
    assert done.stderr == "no article in the archive on 1 of 3 days: 2026-11-25\n"


def test_search_says_that_more_was_found_than_is_shown(folder):
    done = wirewatch("search", "truce OR oil OR ceasefire", *RANGE, "--archive", folder, "--limit", 1)
    assert done.stdout.splitlines()[-1].endswith("; the newest 1 are shown, --limit says how many")


def test_search_as_json_is_one_object_a_line(folder):
    done = wirewatch("search", "truce", *RANGE, "--archive", folder, "--json")
    (row,) = map(json.loads, done.stdout.splitlines())
    assert row.pop("sentence") == {"field": "body", "text": "The truce again.", "marks": [[4, 9]]}
    assert row == {
        "article_id": "a",
        "day": "2026-11-24",
        "title": "Title of a",
        "publisher": "Harbour Courier",
        "published": "2026-11-24T11:00:00+00:00",
        "language": "",
        "url": "https://h.example/a",
        "score": 45,
        "words": ["truce"],
    }


def test_search_without_a_hit_is_1(folder):
    done = wirewatch("search", "armistice AND oil", *RANGE, "--archive", folder)
    assert (done.exit_code, done.stdout) == (1, "0 articles of 5, 2026-11-23 to 2026-11-25\n")


def test_search_takes_lists_of_the_rules_file(folder, config):
    (config / "rules.yaml").write_text("lists: {ends: [armistice, ceasefire]}\nrules: []\n")
    done = wirewatch("search", "@ends", *RANGE, "--archive", folder, "--config", config, "--json")
    assert [json.loads(line)["article_id"] for line in done.stdout.splitlines()] == ["b", "a"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(("truce AND", *RANGE), "<query>:1:7: ", id="the query"),
        pytest.param(
            ("truce", "--from", TUESDAY, "--to", MONDAY), "--from 2026-11-24 is after --to 2026-11-23", id="to"
        ),
        pytest.param(("truce", "--from", "monday", "--to", MONDAY), "Invalid value for '--from'", id="no day"),
        pytest.param(("truce", *RANGE, "--archive", "/nowhere"), "--archive /nowhere: expected a folder", id="folder"),
    ],
)
def test_what_is_wrong_is_2_and_said(arguments, message, folder, command):
    extra = () if "--archive" in arguments else ("--archive", folder)
    code, out, errors = command("search", *arguments, *extra)
    assert (code, out) == (2, "")
    assert message in errors


def test_a_query_without_a_word_is_warned_of(folder):
    done = wirewatch("search", "/tr.ce/", *RANGE, "--archive", folder)
    assert done.exit_code == 0
    assert done.stderr.startswith("query: every article is read, for no word must stand in what it matches")


def test_an_archive_without_these_days_is_1_and_said(folder):
    done = wirewatch("search", "truce", "--from", "2020-01-01", "--to", "2020-01-31", "--archive", folder)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "the archive has no article from 2020-01-01 to 2020-01-31\n"


def test_an_archive_that_cannot_be_read_is_2_and_said(folder, command, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    (broken,) = (copy / "compact/dt=2026-11-24").iterdir()
    broken.write_bytes(b"PAR1 and no more")
    code, out, errors = command("search", "truce", *RANGE, "--archive", copy)
    assert (code, out) == (2, "")
    assert errors.startswith(f"{broken}: ")
    assert errors.endswith("; if the file is damaged, delete it and fetch it again\n")


# -- backtest ------------------------------------------------------------------------------------------------------


def backtest(config, folder, *arguments):
    return wirewatch(
        "backtest", config / "rules.yaml", *RANGE, "--archive", folder, "--config", config, *arguments
    )  # fmt: skip


def test_backtest_shows_days_rules_alerts_and_words(config, folder):
    done = backtest(config, folder)
    assert done.exit_code == 0
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[:2] == ["2 articles of 5 match", "2026-11-23 to 2026-11-25; 3 could have matched and were read"]
    assert f"Mon 2026-11-23  {'█' * 40} 1" in lines
    assert "Wed 2026-11-25  0" in lines
    assert any(line.startswith("truce  1 article  mean score ") for line in lines)
    assert "desk  0.7 a day  2 alerts, at most 1 on 2026-11-23" in lines
    assert any(line.startswith("oil: oil, tankers  1 article, mean score ") for line in lines)
    assert "    Oil: two tankers left." in lines


def test_backtest_against_another_file_shows_what_is_gained_and_lost(config, folder):
    lines = backtest(config, folder, "--against", config / "old.yaml").stdout.splitlines()
    at = lines.index("Gained and lost")
    assert [line.rstrip() for line in lines[at + 1 :]] == [
        "truce: +0 −1",
        "  − Title of b · Harbour Courier · 2026-11-23",
        "    A ceasefire on the [bold]river[/bold].",
    ]
    assert any(line.startswith("desk  0.7 a day  was 1.0") for line in lines)


def test_backtest_as_json_is_one_object_with_every_day(config, folder):
    found = json.loads(backtest(config, folder, "--against", config / "old.yaml", "--json").stdout)
    assert found["matches_a_day"] == {"2026-11-23": 1, "2026-11-24": 1, "2026-11-25": 0}
    assert (found["articles"], found["read"], found["matched"]) == (5, 4, 2)
    assert found["days_without_articles"] == ["2026-11-25"]
    assert [(one["rule"], one["articles"]) for one in found["rules"]] == [("truce", 1), ("oil", 1)]
    assert found["receivers"][0]["by_day"] == {"2026-11-23": 1, "2026-11-24": 1, "2026-11-25": 0}
    assert found["against"]["matched"] == 3
    assert [(one["rule"], one["gained"], one["lost"]) for one in found["changes"]] == [("truce", 0, 1)]
    assert found["changes"][0]["lost_examples"][0]["sentence"]["text"] == "A ceasefire on the [bold]river[/bold]."
    assert {one["rule"] for one in found["words"]} == {"truce", "oil"}


def test_backtest_of_one_rule_alone(config, folder):
    found = json.loads(backtest(config, folder, "--rule", "oil", "--json").stdout)
    assert [one["rule"] for one in found["rules"]] == ["oil"]
    assert found["matched"] == 1


@pytest.fixture
def committed(config) -> Path:
    """rules.yaml in git as OLD has it, and changed since."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *identity, *arguments], cwd=config, check=True, capture_output=True)

    git("init")
    (config / "rules.yaml").write_text(OLD)
    git("add", "rules.yaml")
    git("commit", "-m", "rules")
    (config / "rules.yaml").write_text(RULES)
    return config / "rules.yaml"


def test_backtest_against_a_revision_of_git(committed, config, folder):
    found = json.loads(backtest(config, folder, "--against", "git:HEAD", "--json").stdout)
    assert [(one["rule"], one["gained"], one["lost"]) for one in found["changes"]] == [("truce", 0, 1)]
    with pytest.raises(ConfigError, match=r"rules\.yaml:1:1: git has no 'nosuch' of it: "):
        backtest(config, folder, "--against", "git:nosuch")


@pytest.mark.slow
def test_make_rules_diff_is_the_change_that_is_not_committed(committed, tmp_path):
    today = datetime.now(UTC).date()
    write_archive(
        tmp_path / "recent", (today, [article("a", "A ceasefire.", today), article("b", "Armistice.", today)])
    )
    command = ["make", "--silent", "rules-diff", f"RULES={committed}", f"ARCHIVE={tmp_path / 'recent'}", "DAYS=2"]
    own = f"BIN={Path(sys.executable).parent}"
    done = subprocess.run([*command, own, "READY="], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert f"{today - timedelta(days=1)} to {today}; 2 could have matched and were read" in done.stdout
    assert "\ntruce: +1 −1\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        pytest.param("rules: [{name: r, query: a AND}]\n", (), "rules.yaml:1:28: rule 'r': ", id="a wrong query"),
        pytest.param("rules: [{nam: r, query: a}]\n", (), "rules.yaml:1:10: unknown key 'nam'", id="a wrong key"),
        pytest.param(RULES, ("--rule", "gas"), "rules.yaml:1:1: no rule 'gas'; known: truce, oil", id="a wrong name"),
        pytest.param(RULES, ("--against", "no.yaml"), "no.yaml:1:1: No such file or directory", id="no such file"),
    ],
)
def test_wrong_rules_are_2_with_their_place(text, arguments, message, config, folder, command):
    (config / "rules.yaml").write_text(text)
    place = ("--archive", folder, "--config", config)
    code, out, errors = command("backtest", config / "rules.yaml", *RANGE, *place, *arguments)
    assert (code, out) == (2, "")
    assert message in errors


@pytest.mark.slow
@pytest.mark.parametrize("where", ["compact", "clean"])
def test_ctrl_c_is_130_with_one_line_and_leaves_nothing_half_written(where, config, tmp_path):
    """While S3 hangs: in the middle of a file that goes into the cache, and of batches that are read by several."""
    stalled, go_on = Event(), Event()

    def stall(method: str, path: str) -> None:
        if method == "GET" and f"/{where}/dt=" in path:
            stalled.set()
            go_on.wait(120)

    with LockedS3() as s3:
        s3.create_bucket(f"ctrl-c-{where}")
        store = Store(s3.client(), S3Place(f"ctrl-c-{where}", ""))
        write_articles(store, BatchKey(str(MONDAY), "b").clean("e1"), [article("a", "A truce.")])
        if where == "compact":
            compact_day(store, MONDAY, derive=derived)
        s3.faults = stall
        # Whoever starts the suite in the background has SIGINT ignored, and so would this process.
        heeded = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        command = [sys.executable, "-c", f"{heeded}; from include.wirewatch.cli import main; main()", "backtest"]
        arguments = [config / "rules.yaml", *RANGE, "--config", config, "--cache", tmp_path / "cache"]
        places = {"WIREWATCH_STORE": f"s3://ctrl-c-{where}", "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection()}
        with subprocess.Popen(
            [*command, *map(str, arguments)],
            cwd=PROJECT, env=os.environ | places, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                assert stalled.wait(120)
                assert list((tmp_path / "cache").rglob("*.part")) or where == "clean"
                process.send_signal(signal.SIGINT)
                out, errors = process.communicate(timeout=30)
            finally:
                go_on.set()
                process.kill()
    assert (process.returncode, out) == (130, "")
    assert errors == "interrupted: no result, and nothing is left half-written\n"
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []
