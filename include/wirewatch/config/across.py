"""What is right in each of the three files and wrong between them: names that nothing has. Pure.

Only warnings: a route to a rule of next week is no mistake. But a route whose rule is misspelt never fires, and nobody
would notice.
"""

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from include.wirewatch.config.receivers import ReceiversFile, Route, Silence
from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.sources import SourcesFile
from include.wirewatch.config.yaml_file import Path

SHOWN = 12


class Doubt(NamedTuple):
    """Something in receivers.yaml that has no effect as it is written."""

    path: Path
    message: str


class _Known(NamedTuple):
    rules: Collection[str]
    tags: Collection[str]
    publishers: Collection[str]


def doubts(receivers: ReceiversFile, rules: RulesFile, sources: SourcesFile) -> Iterator[Doubt]:
    """In the order of the file."""
    known = _Known(
        rules=dict.fromkeys(rule.name for rule in rules.rules),
        tags=dict.fromkeys(tag for rule in rules.rules for tag in rule.tags),
        publishers=dict.fromkeys(source.publisher for source in sources.sources),
    )
    if not receivers.routes:
        yield Doubt(("routes",), "there is no route: nobody is told of anything")
    led = {name for route in receivers.routes for name in route.to} | set(receivers.ops)
    for index, receiver in enumerate(receivers.receivers):
        if receiver.name not in led:
            yield Doubt(("receivers", index, "name"), f"no route leads to receiver {receiver.name!r}")
    for index, route in enumerate(receivers.routes):
        yield from _unknown(("routes", index), route, known)
        for place, language in enumerate(route.languages):
            if not re.fullmatch(r"[a-z]{2,3}", language):
                says = f"no article has the language {language!r}: it is two or three small letters, such as en"
                yield Doubt(("routes", index, "languages", place), says)
    for index, silence in enumerate(receivers.silences):
        yield from _unknown(("silences", index), silence, known)


def _unknown(path: Path, conditions: Route | Silence, known: _Known) -> Iterator[Doubt]:
    for field, what, whose in (
        ("rules", "rule", "rules.yaml"),
        ("tags", "tag", "the rules of rules.yaml"),
        ("publishers", "publisher", "sources.yaml"),
    ):
        names = getattr(known, field)
        for place, name in enumerate(getattr(conditions, field)):
            if name not in names:
                yield Doubt((*path, field, place), f"there is no {what} {name!r} in {whose}; known: {_listed(names)}")


def _listed(names: Collection[str]) -> str:
    shown = sorted(names)[:SHOWN]
    return ", ".join(shown + ["…"] * (len(names) > SHOWN)) or "none"
