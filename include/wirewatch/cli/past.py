"""What the commands on the archive share: where the archive is read, and an end in plain words."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from include.wirewatch.cli.connections import open_store
from include.wirewatch.errors import ConfigError, WirewatchError
from include.wirewatch.match import RuleSet
from include.wirewatch.retro.files import ArchiveFiles, default_cache, local_copy, through_cache
from include.wirewatch.retro.scan import Scan, read_whole
from include.wirewatch.settings import load_settings

INTERRUPTED = 130

Archive = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="A local copy of the archive (aws s3 sync) instead of S3.", show_default=False),
]
Cache = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where files of S3 are kept, else ~/.cache/wirewatch.", show_default=False),
]


def open_files(folder: Path | None, cache: Path | None) -> ArchiveFiles:
    """Raises ConfigError where there is no such folder, or no place in S3 is set."""
    if folder is None:
        return through_cache(open_store(load_settings().place), cache or default_cache())
    if not (folder / "clean").is_dir() and not (folder / "compact").is_dir():
        raise ConfigError([f"--archive {folder}: expected a folder with clean/ or compact/ in it, as the archive has"])
    return local_copy(folder)


def with_progress(days: list[date], what: str) -> Iterator[date]:
    """The days, with a bar and an estimate on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("days"))
    with Progress(
        *columns, TimeRemainingColumn(), console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        yield from bar.track(days, description=what)


def warn_of_whole_reading(rules: RuleSet) -> None:
    for name in read_whole(rules):
        print(
            f"{name}: every article is read, for no word must stand in what it matches (a regular expression "
            "alone); with AND and a plain word it is faster (warning)",
            file=sys.stderr,
        )


def is_anything_there(scan: Scan, days: list[date], without: list[date]) -> bool:
    """Says on stderr which days hold no article. False where none does."""
    if not scan.articles:
        print(f"the archive has no article from {days[0]} to {days[-1]}", file=sys.stderr)
    elif without:
        shown = ", ".join(map(str, sorted(without)[:5])) + ", …" * (len(without) > 5)
        print(f"no article in the archive on {len(without)} of {len(days)} days: {shown}", file=sys.stderr)
    return scan.articles > 0


@contextmanager
def in_plain_words() -> Iterator[None]:
    """An archive that cannot be read is 2, with the reason; Ctrl-C is 130, with one line."""
    try:
        yield
    except KeyboardInterrupt:
        print("interrupted: no result, and nothing is left half-written", file=sys.stderr, flush=True)
        os._exit(INTERRUPTED)  # readers may hang on S3, and Python would wait for them; they write nothing
    except ConfigError:
        raise
    except WirewatchError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
