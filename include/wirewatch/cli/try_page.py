"""wirewatch try: one page through the whole pipeline, and why it would (not) alert."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from include.wirewatch.cli.connections import open_config
from include.wirewatch.cli.extract import read_html
from include.wirewatch.cli.options import Config
from include.wirewatch.cli.show_trial import show
from include.wirewatch.cli.sources import unlisted
from include.wirewatch.cli.trial import Page, fetch_page, only, page_of_file, trial_of
from include.wirewatch.cli.trial_json import to_json
from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.config.sources import Source
from include.wirewatch.match import load_rules
from include.wirewatch.settings import Settings, load_settings
from include.wirewatch.urls import absolute, host_of

Json = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def try_page(
    page: Annotated[
        str, typer.Argument(metavar="URL|FILE", help="A page, or an HTML file, plain or gzipped; -: stdin.")
    ],
    url: Annotated[str, typer.Option(help="A file: where it came from.")] = "",
    source: Annotated[str, typer.Option(help="Take it for one of this source of sources.yaml.")] = "",
    rules: Annotated[list[str] | None, typer.Option(help="Only these rules; again, or with commas, for more.")] = None,
    allow_private: Annotated[bool, typer.Option(help="Let it be a host of the private network.")] = False,
    config: Config = "",
    as_json: Json = False,
) -> None:
    """Show what becomes of one page: robots.txt, text, each rule's verdict and why, who would be told what and when.

    Fetches at most this page and its robots.txt, posts and stores nothing. Exit 0: a rule matches. 1: none does, or the
    page cannot be had. 2: wrong input.
    """
    settings, files, now = load_settings(), open_config(config), datetime.now(UTC)
    receivers = files.receivers().value
    taken_for = _source(files, source) if source else None
    names = [name for given in rules or [] for name in given.split(",") if name]
    try:
        chosen = only(load_rules(files.rules()), names)
    except ValueError as error:
        _refuse(str(error))
    had = _page(page, url, taken_for, settings, allow_private=allow_private)
    trial = trial_of(had, taken_for, chosen, receivers, settings, now)
    if as_json:
        print(json.dumps(to_json(trial), ensure_ascii=False))
    else:
        show(Console(), trial, receivers.routes)
    raise typer.Exit(0 if trial.matched else 1)


def _page(page: str, url: str, source: Source | None, settings: Settings, *, allow_private: bool) -> Page:
    is_file = "://" not in page
    if is_file and page != "-" and not Path(page).is_file():
        _refuse(f"{page}: no such file; an address begins with https://")
    address = url if is_file else page
    try:
        address = absolute(address, address) if address else ""
    except ValueError as error:
        _refuse(str(error))
    if is_file:
        return page_of_file(read_html(Path(page), settings.max_body_bytes), address, datetime.now(UTC))
    asked = source or unlisted(address, allow_private=False)
    if allow_private:
        asked = asked.model_copy(update={"allow_hosts": (*asked.allow_hosts, host_of(address))})
    with Console(stderr=True).status("Fetching …"):
        return asyncio.run(fetch_page(address, asked, settings))


def _source(files: ConfigFiles, name: str) -> Source:
    sources: Sequence[Source] = files.sources().value.sources
    found = next((source for source in sources if source.name == name), None)
    if found is None:
        _refuse(f"sources.yaml has no source {name!r}; known: {', '.join(source.name for source in sources)}")
    return found


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
