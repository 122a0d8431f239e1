"""Every command of docs/backtest.md runs as it stands there."""

import re
import shlex
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.wirewatch.cli import app
from include.wirewatch.settings import DEFAULT_CONFIG
from tests.retro.samples import article, write_archive

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "backtest.md").read_text()
LINES = [line for block in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
COMMANDS = [line for line in LINES if line.startswith("wirewatch ")]
DAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A project with the shipped configuration, in git, and an archive of a day with something for each command."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(DEFAULT_CONFIG, folder / "include/config")
    shutil.copy(folder / "include/config/rules.yaml", folder / "old-rules.yaml")
    for command in ("init", "add .", "-c user.name=t -c user.email=t@example.org commit -m rules"):
        subprocess.run(["git", *command.split()], cwd=folder, check=True, capture_output=True)
    texts = {
        "a": "Ceasefire talks go on; the envoys left.",
        "b": "An ultimatum with a deadline on Friday.",
        "c": "The Treasury sanctioned two banks; more sanctions follow.",
    }
    articles = [article(name, text, DAY, language="en") for name, text in texts.items()]
    write_archive(folder / "archive", (DAY, articles))
    return folder


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_of_the_page_finds_what_is_there(line, place, monkeypatch):
    monkeypatch.chdir(place)
    arguments = shlex.split(line)[1:]
    extra = [] if "--archive" in arguments else ["--archive", "archive"]
    done = CliRunner().invoke(app, [*arguments, *extra], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "matched" in done.stdout or "match" in done.stdout or "https://h.example/" in done.stdout


def test_every_line_is_a_command_that_some_test_runs():
    others = [line for line in LINES if line not in COMMANDS]
    # the target is run in test_past.py; copying an archive is the work of the AWS command line
    assert [line.split()[:2] for line in others] == [["make", "rules-diff"], ["make", "rules-diff"], ["aws", "s3"]]
    assert len(COMMANDS) >= 8


def test_it_is_one_page():
    assert len(PAGE.splitlines()) <= 90
