"""wirewatch alerts: see how messages look, and try again what a receiver refused."""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.console import Console

from include.wirewatch.cli.connections import open_store
from include.wirewatch.cli.show_message import panel_of
from include.wirewatch.deliver.render import render_message
from include.wirewatch.deliver.revive import dead, revive
from include.wirewatch.deliver.rollup import Gathering, Rollup, rollup_alert
from include.wirewatch.deliver.safe_text import Message
from include.wirewatch.deliver.thread import Place
from include.wirewatch.models import Alert, Excerpt, Hit, RuleMatch
from include.wirewatch.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="How alerts look, and dead alerts tried again.")
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]


@app.command()
def preview(as_json: Json = False) -> None:
    """Show each kind of message with made-up contents. --json: the blocks, as Slack's Block Kit Builder takes them."""
    console = Console()
    for kind, message in samples(datetime.now(UTC)).items():
        blocks = [block.to_dict() for block in message.blocks]
        if as_json:
            print(json.dumps({"kind": kind, "text": message.text, "blocks": blocks}, ensure_ascii=False))
        else:
            console.print(panel_of(kind, blocks, is_reply=kind in {"copy", "addendum"}))


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


def samples(now: datetime) -> dict[str, Message]:
    """One message of each kind, made up."""
    alert = sample_alert(now)
    copy = alert.model_copy(update={"publisher": "Northgate Press", "authors": ()})
    addendum = alert.model_copy(update={"parent": "first", "matches": alert.matches[1:]})
    storm = Rollup(alert_id="rollup", by="storm", key="ceasefire", until=now, publishers={})
    rollup = rollup_alert(storm, alert, Gathering())
    below = Place("first", "1764000000.000100")
    return {
        "alert": render_message(alert, copies=("Northgate Press", "Continental Dispatch", "Northgate Press")),
        "copy": render_message(copy, below),
        "addendum": render_message(addendum, below),
        "rollup": render_message(rollup, copies=("Harbour Courier", "Northgate Press")),
    }


def sample_alert(now: datetime) -> Alert:
    text = "Both delegations said that a ceasefire could begin on Friday, and that no sanctions would be lifted before."
    marks = tuple((text.index(word), text.index(word) + len(word)) for word in ("ceasefire", "sanctions"))
    parts = [{"title": 30, "lead": 20, "hits": 5, "density": 4, "terms": 5}, {"hits": 5, "density": 4, "terms": 5}]
    matches = tuple(
        RuleMatch(
            rule=text[start:end],
            severity="normal",
            score=sum(part.values()),
            score_parts=part,
            hits=(Hit(field="body", start=start, end=end, text=text[start:end], term=text[start:end]),),
        )
        for (start, end), part in zip(marks, parts, strict=True)
    )
    return Alert(
        alert_id="first",
        receiver="news-desk",
        article_id="sample",
        title="Ceasefire within reach, say both delegations at Port Tremayne",
        url="https://harbour-courier.example/world/talks",
        publisher="Harbour Courier",
        authors=("Ada Lindqvist",),
        published=now - timedelta(minutes=19),
        first_seen=now - timedelta(minutes=2),
        enqueued_at=now,
        not_before=now,
        method="precision",
        matches=matches,
        excerpts=(Excerpt(field="body", text=text, marks=marks),),
        batch="sample",
    )
