"""wirewatch backtest: what a rules file would have matched and alerted, and what it gains and loses against another."""

import json
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from include.wirewatch.cli.backtest_json import as_json as result_json
from include.wirewatch.cli.connections import open_config
from include.wirewatch.cli.options import Config, From, Json, To, days_of
from include.wirewatch.cli.past import (
    Archive,
    Cache,
    in_plain_words,
    is_anything_there,
    open_files,
    warn_of_whole_reading,
    with_progress,
)
from include.wirewatch.cli.show_backtest import show
from include.wirewatch.config.files import ConfigFiles, not_utf8
from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.errors import ConfigError
from include.wirewatch.match import RuleSet, load_rules
from include.wirewatch.retro.backtest import Backtest
from include.wirewatch.retro.forecast import Forecast
from include.wirewatch.retro.scan import Scan

GIT = "git:"


def backtest(
    rules: Annotated[Path, typer.Argument(metavar="RULES", help="A rules.yaml.")],
    first: From,
    last: To,
    against: Annotated[
        str,
        typer.Option(
            metavar="OLD",
            show_default=False,
            help="Another rules.yaml, or git:REVISION of the same file: shows what is gained and lost against it.",
        ),
    ] = "",
    rule: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this rule; may be given several times.")
    ] = None,
    archive: Archive = None,
    cache: Cache = None,
    config: Config = "",
    as_json: Json = False,
) -> None:
    """Run a rules file over the archive: matches a day, alerts a day and receiver, words to look at.

    Nothing is sent. receivers.yaml and sources.yaml of --config say who would have been alerted.
    Exit 0: done. 1: the archive has no article of these days. 2: a file is wrong.
    """
    with in_plain_words():
        days = days_of(first, last)
        rule_sets = _rule_sets(rules, against, rule or [])
        files = open_files(archive, cache)
        result = Backtest(rule_sets, _forecasts(open_config(config)))
        warn_of_whole_reading(rule_sets[0])
        scan = Scan(files, rule_sets)
        without = _run(result, scan, days)
        if not is_anything_there(scan, days, without):
            raise typer.Exit(1)
        if as_json:
            print(json.dumps(result_json(result, scan, days, without), ensure_ascii=False))
        else:
            show(Console(), result, scan, days)


def _run(result: Backtest, scan: Scan, days: list[date]) -> list[date]:
    """Every day in its order. Returns those that hold no article."""
    without = []
    for day in with_progress(days, "backtest"):
        before = scan.articles
        for matched in scan.of_day(day):
            result.add(matched)
        result.end(day)
        if scan.articles == before:
            without.append(day)
    return without


def _rule_sets(rules: Path, against: str, names: Sequence[str]) -> list[RuleSet]:
    """The compiled files. Raises ConfigError with FILE:LINE:COL of each mistake, or for a rule that neither has."""
    texts = [(str(rules), _read(rules))]
    if against.startswith(GIT):
        texts.append((f"{rules}@{against.removeprefix(GIT)}", _of_git(rules, against.removeprefix(GIT))))
    elif against:
        texts.append((against, _read(Path(against))))
    compiled = [load_rules(load_yaml(name, text, RulesFile)) for name, text in texts]
    known = dict.fromkeys(one.rule.name for rule_set in compiled for one in rule_set.rules)
    if unknown := [name for name in names if name not in known]:
        raise ConfigError([f"{rules}:1:1: no rule {', '.join(map(repr, unknown))}; known: {', '.join(known)}"])
    return [RuleSet([one for one in rule_set.rules if not names or one.rule.name in names]) for rule_set in compiled]


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise ConfigError([f"{path}:1:1: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}:{not_utf8(error)}"]) from None


def _of_git(path: Path, revision: str) -> str:
    """The file as it was at that revision, by git itself."""
    command = ["git", "show", "--end-of-options", f"{revision}:./{path.name}"]
    try:
        done = subprocess.run(command, cwd=path.parent, capture_output=True, check=True, timeout=30)  # noqa: S603
        return done.stdout.decode("utf-8-sig")
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip().removeprefix("fatal: ")
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        reason = str(error)
    raise ConfigError([f"{path}:1:1: git has no {revision!r} of it: {reason}"])


def _forecasts(config: ConfigFiles) -> Callable[[], Forecast]:
    receivers = config.receivers().value
    max_ages = {source.name: source.alert_max_age for source in config.sources().value.sources}
    return lambda: Forecast(receivers, max_ages)
