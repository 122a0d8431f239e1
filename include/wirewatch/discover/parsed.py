"""What every kind's parser answers."""

from typing import NamedTuple

from include.wirewatch.models import Entry


class Parsed(NamedTuple):
    """One body, read. trouble: what is wrong with it and where, or ""; the entries that could be read are there anyway.

    more: URLs of further files that belong to the same listing, the most promising first.
    """

    entries: list[Entry]
    trouble: str = ""
    more: tuple[str, ...] = ()
