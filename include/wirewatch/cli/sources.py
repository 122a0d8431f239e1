"""wirewatch sources: find a site's feeds, take over lists from other readers, and see how each source is doing."""

import asyncio
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import yaml

from include.wirewatch.cli.connections import open_config, open_store
from include.wirewatch.cli.options import Config, Json
from include.wirewatch.config.sources import Source
from include.wirewatch.discover.detect import Found, candidates, recognise
from include.wirewatch.discover.imports import Row, read_csv, read_opml, to_sources
from include.wirewatch.frontier.health import Health
from include.wirewatch.models import Capture, Outcome
from include.wirewatch.settings import load_settings
from include.wirewatch.stages.collect import open_client
from include.wirewatch.stages.health import IN_TROUBLE, read_health
from include.wirewatch.urls import absolute, host_of, redact, site_of

UNLISTED = "unlisted"

app = typer.Typer(no_args_is_help=True, help="Find, import and watch over sources.")


@app.command()
def detect(
    url: Annotated[str, typer.Argument(help="Any page of the site.")],
    allow_private: Annotated[bool, typer.Option(help="Let it be a host of the private network.")] = False,
    as_json: Json = False,
) -> None:
    """Find a site's feeds and sitemaps, and print them as sources.yaml has them. Exit 1 where there are none."""
    url = url if "://" in url else f"https://{url}"
    try:
        url = absolute(url, url)
    except ValueError as error:
        _refuse(str(error))
    found, troubles = asyncio.run(_detect(url, unlisted(url, allow_private=allow_private)))
    for trouble in troubles:
        print(trouble, file=sys.stderr)
    if as_json:
        print(json.dumps([_found_json(item) for item in found], ensure_ascii=False))
    elif found:
        rows = [Row(item.url, kind=item.kind) for item in found]
        notes = {item.url: _note(item) for item in found}
        print(_snippet(to_sources(rows).sources, notes), end="")
    raise typer.Exit(0 if found else 1)


@app.command(name="import")
def import_(
    file: Annotated[
        Path, typer.Argument(help="An OPML file, or CSV with the columns url, title, language, kind, tags.")
    ],
    config: Config = "",
    as_json: Json = False,
) -> None:
    """Print the feeds of a list as sources.yaml has them, less those that are sources already.

    Exit 1 where some rows cannot be taken over (they are on stderr), 2 where the file cannot be read.
    """
    try:
        body = file.read_bytes()
        is_csv = file.suffix.lower() == ".csv" or not body.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")
        rows = read_csv(body.decode("utf-8-sig")) if is_csv else read_opml(body)
    except OSError as error:
        _refuse(f"{file}: {error.strerror}")
    except ValueError as error:
        _refuse(f"{file}:{error}" if not isinstance(error, UnicodeError) else f"{file}:1:1: not UTF-8")
    known = open_config(config).sources().value.sources
    imported = to_sources(rows, [source.name for source in known], [source.url for source in known])
    for problem in imported.problems:
        print(f"{file}:{problem}", file=sys.stderr)
    if as_json:
        print(json.dumps(imported.sources, ensure_ascii=False))
    elif imported.sources:
        print(_snippet(imported.sources, {}), end="")
    raise typer.Exit(1 if imported.problems else 0)


@app.command()
def health(config: Config = "", as_json: Json = False) -> None:
    """Each source: last success, failures in a row, new entries a day, and whether its articles have changed.

    Exit 1 where one is failing, silent or drifting.
    """
    settings = load_settings()
    sources = open_config(config).sources().value.sources
    all_health = read_health(open_store(settings.place), sources, datetime.now(UTC))
    for item in all_health:
        print(json.dumps(item._asdict(), default=_iso) if as_json else _line(item))
    raise typer.Exit(1 if any(item.verdict in IN_TROUBLE for item in all_health) else 0)


def unlisted(url: str, *, allow_private: bool) -> Source:
    """A source that is in no file, for a few looks at the host of one URL."""
    facts = {"name": UNLISTED, "publisher": site_of(host_of(url)), "kind": "feed", "url": url, "delay_s": 0.2}
    return Source.model_validate({**facts, "allow_hosts": (host_of(url),) if allow_private else ()})


async def _detect(url: str, source: Source) -> tuple[list[Found], list[str]]:
    found: list[Found] = []
    troubles: list[str] = []
    async with open_client(load_settings()) as client:

        async def read(address: str) -> Capture | Outcome:
            return await client.get(address, source=source, accept="listing")

        page, robots_txt = await read(url), await read(absolute("/robots.txt", url))
        if isinstance(page, Outcome):
            troubles.append(f"{redact(url)}: {page.label} {page.detail}".strip())
        start = page.final_url if isinstance(page, Capture) else url
        bodies = [answer.body if isinstance(answer, Capture) else b"" for answer in (page, robots_txt)]
        for address in candidates(start, *bodies):
            answer = page if address == start else await read(address)
            if isinstance(answer, Capture):
                item = recognise(answer.final_url, answer.body, answer.header("Content-Type"))
                if item is not None and item.url not in {known.url for known in found}:
                    found.append(item)
    return found, troubles


def _snippet(sources: list[dict[str, object]], notes: dict[str, str]) -> str:
    """YAML items to paste under `sources:`, each with its note as a comment above it."""
    parts = []
    for source in sources:
        note = notes.get(str(source["url"]))
        text: str = yaml.safe_dump([source], sort_keys=False, allow_unicode=True, width=1000)
        indented = "".join(f"  {line}\n" for line in text.splitlines())
        parts.append((f"  # {note}\n" if note else "") + indented)
    return "".join(parts)


def _note(item: Found) -> str:
    dates = [entry.published for entry in item.entries if entry.published]
    newest = f", the newest of {max(dates):%Y-%m-%d %H:%M} UTC" if dates else ""
    files = f"an index of {item.files} files" if item.files else ""
    return " ".join(filter(None, [files, f"{len(item.entries)} entries{newest}" if item.entries else ""]))


def _found_json(item: Found) -> dict[str, object]:
    dates = [entry.published for entry in item.entries if entry.published]
    newest = max(dates).isoformat() if dates else None
    return {"kind": item.kind, "url": item.url, "entries": len(item.entries), "files": item.files, "newest": newest}


def _line(item: Health) -> str:
    parts = [f"{item.source:30} {item.verdict:12}"]
    if item.last_outcome:
        success = f"{item.last_success:%Y-%m-%d %H:%M}" if item.last_success else "never"
        usual = "?" if item.per_day is None else f"{item.per_day:g}"
        parts.append(
            f"last success {success:16}  failures {item.failures:2}  new {item.last_day} (usually {usual} a day)"
        )
        parts.append(f"to fetch {item.pending}  latest {item.last_outcome}")
    if item.drift:
        parts.append(f"drift: {item.drift}")
    return "  ".join(parts).rstrip()


def _iso(value: Any) -> str:
    return str(value.isoformat())


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
