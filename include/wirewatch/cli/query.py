"""A query given on the command line: compiled, or refused with its place in it."""

import sys

import typer

from include.wirewatch.cli.connections import open_config
from include.wirewatch.match import QueryError, RuleSet, parse, query_rules
from include.wirewatch.match.parse import uses_lists, warnings_of


def rules_of_query(query: str, config: str) -> RuleSet:
    """The query as a rule of its own. Exits with 2 where it is wrong; what is only doubtful is said on stderr.

    config: as given on the command line; only a query that names a list needs it.
    """
    try:
        rules = query_rules(query, open_config(config).rules().value if uses_lists(parse(query)) else None)
    except QueryError as error:
        print(f"{_place(query, error.offset)}: {error}", caret_under(query, error.offset), sep="\n", file=sys.stderr)
        raise typer.Exit(2) from None
    for offset, message in warnings_of(query, parse(query)):
        print(f"{_place(query, offset)}: {message} (warning)", file=sys.stderr)
    return rules


def _place(query: str, offset: int) -> str:
    before = query[:offset]
    return f"<query>:{before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"


def caret_under(query: str, offset: int) -> str:
    """The line of the query, and one with a caret under the place."""
    start = query.rfind("\n", 0, offset) + 1
    end = query.find("\n", offset)
    line = query[start : end if end >= 0 else len(query)].replace("\t", " ")
    shown_from = max(0, offset - start - 60)
    shown = line[shown_from : shown_from + 120]
    return f"  {shown}\n  {' ' * (offset - start - shown_from)}^"
