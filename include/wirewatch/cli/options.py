"""Options that several commands have."""

from datetime import date, timedelta
from typing import Annotated

import typer

from include.wirewatch.runs import parse_day


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}, got {text!r}") from None


Config = Annotated[str, typer.Option(help="Directory or s3:// prefix of the YAML files.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="JSON instead of text.")]
From = Annotated[date, typer.Option("--from", metavar="DAY", parser=_day, help="The first day, YYYY-MM-DD, UTC.")]
To = Annotated[date, typer.Option("--to", metavar="DAY", parser=_day, help="The last day; it is included.")]


def days_of(first: date, last: date) -> list[date]:
    """Every day from the first to the last. Raises BadParameter where there is none."""
    if first > last:
        raise typer.BadParameter(f"--from {first} is after --to {last}; exchange them")
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]
