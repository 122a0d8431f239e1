"""The `wirewatch` command: one module per group of commands.

Exit codes: 0 done or found, 1 not found or a check failed, 2 the input is wrong (the reason is on stderr).
"""

import io
import sys

import typer

from include.wirewatch.cli.alerts import app as alerts
from include.wirewatch.cli.backfill import app as backfill
from include.wirewatch.cli.backtest import backtest
from include.wirewatch.cli.doctor import doctor
from include.wirewatch.cli.extract import extract
from include.wirewatch.cli.rules import check, match
from include.wirewatch.cli.search import search
from include.wirewatch.cli.sources import app as sources
from include.wirewatch.cli.try_page import try_page
from include.wirewatch.errors import ConfigError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Wirewatch: try rules and extraction, and check the configuration, before they go live.",
)
app.command()(check)
app.command()(match)
app.command()(extract)
app.command(name="try")(try_page)
app.command()(search)
app.command()(backtest)
app.command()(doctor)
app.add_typer(sources, name="sources")
app.add_typer(alerts, name="alerts")
app.add_typer(backfill, name="backfill")


def main() -> None:
    """The entry point. Wrong configuration ends in its own words, not in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal shows what it can of an article
    try:
        app()
    except ConfigError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
