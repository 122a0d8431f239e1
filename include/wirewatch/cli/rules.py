"""wirewatch check, wirewatch match: the configuration and one query, tried before they go live."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from include.wirewatch import archive
from include.wirewatch.cli.connections import open_config, open_store
from include.wirewatch.cli.options import Config, Json
from include.wirewatch.cli.query import caret_under, rules_of_query
from include.wirewatch.config.across import doubts
from include.wirewatch.config.files import not_utf8
from include.wirewatch.config.yaml_file import Loaded
from include.wirewatch.errors import ConfigError
from include.wirewatch.match import (
    Document,
    RuleErrors,
    check_examples,
    compile_rules,
    excerpts,
    located,
    text_of,
    warnings,
    wide_wildcards,
)
from include.wirewatch.models import RuleMatch
from include.wirewatch.settings import load_settings

BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


def check(
    config: Config = "",
    archive_days: Annotated[
        int,
        typer.Option(
            "--archive",
            metavar="DAYS",
            min=0,
            show_default=False,
            help="Read the articles of the last DAYS days too: warn of a wildcard that is a thousand words of theirs.",
        ),
    ] = 0,
    as_json: Json = False,
) -> None:
    """Validate sources.yaml, rules.yaml and receivers.yaml, what they say of each other, and every rule's examples.

    Only --archive, and a configuration in S3, need S3. Exit 0: all is well. 1: an example fails. 2: a file is wrong.
    """
    files = open_config(config)
    wrong: list[str] = []
    failed: list[str] = []
    warned: list[str] = []
    done: list[str] = []
    carets: dict[str, str] = {}  # the lines to show below a problem

    def attempt(load: Callable[[], str]) -> None:
        try:
            done.append(load())
        except ConfigError as error:
            wrong.extend(error.problems)

    def rules() -> str:
        loaded = files.rules()
        try:
            compiled = compile_rules(loaded.value)
        except RuleErrors as error:
            for problem in error.problems:
                if problem.offset is not None:
                    query = text_of(loaded.value, problem.path)
                    carets[located(loaded, problem)] = caret_under(query, problem.offset)
            raise ConfigError([located(loaded, problem) for problem in error.problems]) from None
        failed.extend(located(loaded, problem) for problem in check_examples(loaded.value))
        problems = warnings(loaded.value)
        if archive_days:
            problems += wide_wildcards(loaded.value, _texts_of_archive(archive_days))
        warned.extend(located(loaded, problem) for problem in problems)
        examples = sum(len(rule.match) + len(rule.no_match) for rule in loaded.value.rules)
        return f"{loaded.places.name}: {len(compiled.rules)} rules, {examples} examples"

    attempt(lambda: _counted(files.sources(), "sources"))
    attempt(rules)
    attempt(lambda: f"{_counted(loaded := files.receivers(), 'receivers')}; {_told(loaded.value.ops)}")
    if not wrong:
        loaded = files.receivers()
        found = doubts(loaded.value, files.rules().value, files.sources().value)
        warned.extend(loaded.places.problem(*doubt) for doubt in found)
    if as_json:
        result = {"ok": not wrong and not failed, "problems": wrong, "failed": failed, "warnings": warned}
        print(json.dumps(result, ensure_ascii=False))
    else:
        for line in (*wrong, *failed, *(f"{line} (warning)" for line in warned)):
            print(line, *filter(None, [carets.get(line)]), sep="\n", file=sys.stderr)
        for line in done:
            print(line)
    raise typer.Exit(2 if wrong else 1 if failed else 0)


def match(
    query: Annotated[str, typer.Option(help="The query, e.g. 'ceasefire AND talks'.")],
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE]...", help="Text files; none or -: stdin.")
    ] = None,
    title: Annotated[str, typer.Option(help="The title that belongs to the text.")] = "",
    config: Config = "",
    as_json: Json = False,
) -> None:
    """Look for one query in texts, like grep. Exit 0: found. 1: not found. 2: the query or a file is wrong.

    A file that cannot be read is told of, and the others are searched all the same.

    --json: matched, score and hits (field, start, end, text, term); one object a line where there are several files.
    """
    rules = rules_of_query(query, config)
    found, all_read = False, True
    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    for name, text in _read(files or [Path("-")]):
        if text is None:
            all_read = False
            continue
        document = Document(title, text)
        result = next(iter(rules.match(document)), None)
        found = found or result is not None
        several = len(files or []) > 1
        if as_json:
            print(json.dumps(({"file": name} if several else {}) | _as_json(result), ensure_ascii=ascii_only))
        elif result is not None:
            for line in _lines(document, result):
                print(f"{name}: {line}" if several else line)
    raise typer.Exit((0 if found else 1) if all_read else 2)


def _texts_of_archive(days: int) -> Iterator[str]:
    """Title and text of every article of the last days, with a progress bar on a terminal."""
    store = open_store(load_settings().place)
    last_days = archive.days_back(datetime.now(UTC).date(), days)
    bar = Console(stderr=True)
    for day in track(last_days, "reading the archive", console=bar, transient=True, disable=not bar.is_terminal):
        for article in archive.read_day(store, archive.clean_day(store, day)):
            yield article.title
            yield article.text


def _counted(loaded: Loaded[Any], what: str) -> str:
    return f"{loaded.places.name}: {len(getattr(loaded.value, what))} {what}"


def _told(ops: tuple[str, ...]) -> str:
    return f"failures go to {', '.join(ops)}" if ops else "failures go to nobody (ops is not set)"


def _read(files: list[Path]) -> Iterator[tuple[str, str | None]]:
    """Name and text of each file; None for one that cannot be read as UTF-8, of which it says why."""
    for path in files:
        name = "<stdin>" if str(path) == "-" else str(path)
        try:
            body = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
            yield name, body.decode("utf-8-sig")
        except OSError as error:
            print(f"{name}:1:1: {error.strerror}", file=sys.stderr)
            yield name, None
        except UnicodeDecodeError as error:
            print(f"{name}:{not_utf8(error)}", file=sys.stderr)
            yield name, None


def _as_json(result: RuleMatch | None) -> dict[str, object]:
    if result is None:
        return {"matched": False, "score": 0, "hits": []}
    return {"matched": True, "score": result.score, "hits": [hit.model_dump() for hit in result.hits]}


def _lines(document: Document, result: RuleMatch) -> Iterator[str]:
    """Every hit in its sentence, in bold on a terminal."""
    bold, plain = (BOLD, PLAIN) if sys.stdout.isatty() else ("", "")
    for excerpt in excerpts(document, [result], limit=None):
        text, end = "", 0
        for start, stop in excerpt.marks:
            text += f"{excerpt.text[end:start]}{bold}{excerpt.text[start:stop]}{plain}"
            end = stop
        yield f"{excerpt.field}: {text}{excerpt.text[end:]}"
