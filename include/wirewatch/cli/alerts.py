"""wirewatch alerts: see how messages look, and try again what a receiver refused."""

import io
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from include.wirewatch.cli.connections import open_store
from include.wirewatch.cli.options import Json
from include.wirewatch.cli.samples import REPLIES, samples
from include.wirewatch.cli.show_message import panel_of, picture_of
from include.wirewatch.deliver.revive import dead, revive
from include.wirewatch.settings import load_settings

SVG_WIDTH = 100

app = typer.Typer(no_args_is_help=True, help="How alerts look, and dead alerts tried again.")


@app.command()
def preview(
    svg: Annotated[Path | None, typer.Option(help="Write them as a picture that loads nothing from elsewhere.")] = None,
    as_json: Json = False,
) -> None:
    """Show each kind of message with made-up contents. --json: the blocks, as Slack's Block Kit Builder takes them."""
    blocks = {kind: [block.to_dict() for block in message.blocks] for kind, message in samples().items()}
    if as_json:
        for kind, message in samples().items():
            print(json.dumps({"kind": kind, "text": message.text, "blocks": blocks[kind]}, ensure_ascii=False))
        return
    console = Console(record=True, width=SVG_WIDTH, file=io.StringIO()) if svg else Console()
    for kind, shown in blocks.items():
        console.print(panel_of(kind, shown, is_reply=kind in REPLIES, zone=UTC))
    if svg:
        svg.write_text(picture_of(console, "wirewatch alerts preview"), "utf-8")


@app.command()
def retry(
    alert_ids: Annotated[list[str] | None, typer.Argument(help="Ids from the failure's message; none: all.")] = None,
    as_json: Json = False,
) -> None:
    """Put dead alerts back into the outbox; the next delivery posts them. Exit 1 where there is none."""
    store = open_store(load_settings().place)
    now = datetime.now(UTC)
    chosen = alert_ids or [entry.alert_id for entry in dead(store)]
    done = {alert_id: revive(store, alert_id, now) for alert_id in chosen}
    if as_json:
        print(json.dumps({"revived": [alert_id for alert_id, revived in done.items() if revived]}))
    for alert_id, revived in done.items():
        if not revived:
            print(f"{alert_id}: there is no dead alert of that id", file=sys.stderr)
        elif not as_json:
            print(f"{alert_id}: back in the outbox")
    raise typer.Exit(0 if any(done.values()) else 1)
