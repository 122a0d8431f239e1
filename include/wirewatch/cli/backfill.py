"""wirewatch backfill plan: the command that backfills a range of days, and what that would fetch."""

import json
import shlex
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, NoReturn

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.progress import track

from include.wirewatch import archive
from include.wirewatch.cli.connections import open_config, open_store
from include.wirewatch.cli.options import Config, From, Json, To, days_of
from include.wirewatch.config.sources import Source
from include.wirewatch.config.values import Name
from include.wirewatch.coverage import page_of
from include.wirewatch.deliver.wording import number
from include.wirewatch.errors import WirewatchError
from include.wirewatch.models import Batch
from include.wirewatch.runs import Backfill, label_of
from include.wirewatch.settings import load_settings

DagId = Literal["ingest_history", "reprocess_archive"]

app = typer.Typer(no_args_is_help=True, help="Past days: fetched, matched, and told in one message.")


@app.callback()
def backfill() -> None:
    """Past days: fetched, matched, and told in one message."""


class Held(NamedTuple):
    """What the archive holds of some days. days, pages: by source. looked_up: days that ingest_history has had.

    why_not: why nothing is known; "" where it is.
    """

    days: Counter[str]
    pages: Counter[str]
    looked_up: int
    why_not: str = ""


@app.command()
def plan(
    first: From,
    last: To,
    label: Annotated[
        str, typer.Option(help="Names the backfill in its message and in S3; default: DAG and days.")
    ] = "",
    refetch: Annotated[bool, typer.Option("--refetch", help="Fetch also what the archive holds.")] = False,
    alert: Annotated[bool, typer.Option("--alert", help="Alert about single articles, as live runs do.")] = False,
    dag: Annotated[DagId, typer.Option(help="Fetch past days, or read stored copies again.")] = "ingest_history",
    config: Config = "",
    as_json: Json = False,
) -> None:
    """Print the command that backfills these days, ready to paste, and what it would fetch. Asks no publisher.

    Where WIREWATCH_STORE can be read, it says what the archive holds already. Exit 2: the days or the label are wrong.
    """
    days = _whole_days(first, last)
    if refetch and dag != "ingest_history":
        _refuse(f"--refetch: {dag} asks no publisher; leave it out")
    if alert and dag != "ingest_history":
        _refuse(f"--alert: {dag} alerts nobody; leave it out and read its message")
    options: dict[str, object] = {"from": str(first), "to": str(last), "refetch": refetch, "alert": alert}
    asked = Backfill.model_validate({"label": _label(label) or label_of(dag, first, last), **options})
    files = open_config(config)
    sources = [source for source in files.sources().value.sources if source.enabled]
    readers = sorted({name for route in files.receivers().value.routes for name in route.to})
    command, held = command_of(dag, asked), _held(days)
    if as_json:
        print(json.dumps(_as_json(command, asked, sources, held, readers), ensure_ascii=False))
        return
    print(shlex.join(command))
    print()
    for line in _lines(dag, days, sources, held, refetch=refetch):
        print(line)
    print(_told(asked, readers))


def command_of(dag_id: str, asked: Backfill) -> list[str]:
    """The command, word by word; what is as it would be anyway is left out of the conf."""
    conf = {
        name: value
        for name, value in asked.model_dump(mode="json", by_alias=True).items()
        if value not in (None, False)
    }
    days = ["--from-date", str(asked.first), "--to-date", str(asked.last)]
    options = ["--max-active-runs", "1", "--dag-run-conf", json.dumps({"backfill": conf})]
    # Every night has left a run, and Airflow leaves out a day that has one.
    again = ["--reprocess-behavior", "completed"] if asked.refetch or dag_id == "reprocess_archive" else []
    return ["airflow", "backfill", "create", "--dag-id", dag_id, *days, *options, *again]


def held_of(batches: Iterable[Batch]) -> Held:
    """From the commit records of the days; a page that was fetched twice counts once."""
    pages: set[tuple[str, str]] = set()
    days: set[tuple[str, str]] = set()
    looked_up: set[str] = set()
    for batch in batches:
        if batch.history is not None:
            looked_up.add(batch.dt)
        for item in batch.items:
            if item.raw is not None:
                pages.add((item.entry.source, page_of(item.final_url or item.entry.url)))
                days.add((item.entry.source, batch.dt))
    return Held(Counter(source for source, _ in days), Counter(source for source, _ in pages), len(looked_up))


def _held(days: list[date]) -> Held:
    """Read off the archive, with a progress bar on a terminal."""
    bar = Console(stderr=True)
    try:
        store = open_store(load_settings().place)
        shown = track(days, "reading the archive", console=bar, transient=True, disable=not bar.is_terminal)
        return held_of(batch for day in shown for batch in archive.read_batches(store, [day]))
    except WirewatchError as error:
        return Held(Counter(), Counter(), 0, str(error))


def _lines(dag_id: str, days: list[date], sources: list[Source], held: Held, *, refetch: bool) -> list[str]:
    asks = dag_id == "ingest_history"
    shown = [source for source in sources if source.history or not asks]
    without = [source.name for source in sources if asks and not source.history]
    over = f"{days[0]} to {days[-1]}" if len(days) > 1 else f"{days[0]}"
    lines = [f"{number(len(days), 'day', 'days')}, {over}, of {number(len(shown), 'source', 'sources')}:"]
    width = max((len(source.name) for source in shown), default=0)
    for source in shown:
        routes = f"  {', '.join(route.kind for route in source.history):<24}" if asks else ""
        lines.append(f"  {source.name:<{width}}{routes}  {_holds(source.name, held)}".rstrip())
    if without:
        lines.append(f"Not looked up, for they have no history: {', '.join(without)}")
    if held.why_not:
        lines.append(f"What the archive holds is not known: {held.why_not}")
    if asks and held.looked_up:
        before = f"{number(held.looked_up, 'day was', 'days were')} looked up before"
        if refetch:
            lines.append(
                f"{before}, and will be fetched anew, unless this label has done so: for another time, another --label"
            )
        else:
            lines.append(
                f"{before}. Airflow leaves out days that have a run; to tell of them too, add --reprocess-behavior "
                "completed"
            )
    return lines


def _holds(source: str, held: Held) -> str:
    if held.why_not:
        return ""
    if not held.pages[source]:
        return "nothing held"
    pages = number(held.pages[source], "article", "articles")
    return f"{pages} of {number(held.days[source], 'day', 'days')} held"


def _told(asked: Backfill, readers: list[str]) -> str:
    if asked.alert:
        return "Alerts on what is within each source's alert_max_age, as live runs do; no summary"
    return f"Alerts nobody; one message, edited as days are done, for each of: {', '.join(readers) or 'nobody'}"


def _as_json(
    command: list[str], asked: Backfill, sources: list[Source], held: Held, readers: list[str]
) -> dict[str, Any]:
    routes = {source.name: [route.kind for route in source.history] for source in sources}
    known = not held.why_not
    return {
        "command": command,
        "label": asked.label,
        "from": str(asked.first),
        "to": str(asked.last),
        "quiet": not asked.alert,
        "receivers": readers,
        "sources": [
            {
                "name": name,
                "routes": kinds,
                "days_held": held.days[name] if known else None,
                "articles_held": held.pages[name] if known else None,
            }
            for name, kinds in routes.items()
        ],
        "without_history": [name for name, kinds in routes.items() if not kinds],
        "days_looked_up": held.looked_up if known else None,
        "archive": held.why_not or "read",
    }


def _whole_days(first: date, last: date) -> list[date]:
    """Every day of the range. Exits with 2 where one is not over."""
    days = days_of(first, last)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    if last > yesterday:
        _refuse(f"--to: {last} is not over yet (UTC); the last whole day is {yesterday}")
    return days


def _label(text: str) -> str:
    try:
        return TypeAdapter(Name).validate_python(text) if text else ""
    except ValidationError:
        _refuse(f"--label: expected small letters, digits, - and _, at most 63, got {text!r}")


def _refuse(message: str) -> NoReturn:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
