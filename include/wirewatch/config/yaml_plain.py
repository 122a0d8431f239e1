"""Plain YAML, read fast: a rules.yaml of ten thousand rules in 0.2 s, where the whole of YAML in Python takes 3 s.

In: a text. Out: what yaml.safe_load makes of it; or UNUSUAL for anything but mappings, lists and scalars: an error, a
key twice, an anchor, a tag, a merge, a second document. Those are left to the whole of YAML, which can also say where.
libyaml tells what comes, one after the other. It could build the tree too, but recurses to do so: a text that nests
deep enough ends the process.
"""

from functools import lru_cache
from typing import Any, Final

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

UNUSUAL: Final = object()
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_RESOLVER = Resolver()
_SCALARS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "timestamp")}
_MAX_DEPTH = 50  # the files have four levels


def read_plain(text: str) -> Any:
    if "\t" in text:  # libyaml takes some that YAML in Python refuses
        return UNUSUAL
    try:
        return _read(text)
    except (yaml.YAMLError, ValueError, TypeError, _Unusual):  # TypeError: a list as a key
        return UNUSUAL


class _Unusual(Exception):
    pass


def _read(text: str) -> Any:
    top: list[Any] = []
    waiting = [top]  # the containers that are open; a mapping as a list of its keys and values
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor is not None or event.tag is not None:
                raise _Unusual
            waiting[-1].append(_scalar(event.value) if event.implicit[0] else event.value)
        elif isinstance(event, yaml.CollectionStartEvent):
            if event.anchor is not None or event.tag is not None or len(waiting) > _MAX_DEPTH:
                raise _Unusual
            waiting.append([])
        elif isinstance(event, yaml.CollectionEndEvent):
            parts = waiting.pop()
            waiting[-1].append(_mapping(parts) if isinstance(event, yaml.MappingEndEvent) else parts)
        elif isinstance(event, yaml.AliasEvent):
            raise _Unusual
    if len(top) > 1:
        raise _Unusual
    return top[0] if top else None


def _mapping(parts: list[Any]) -> dict[Any, Any]:
    keys = parts[::2]
    found = dict(zip(keys, parts[1::2], strict=True))
    # 1 and "1" are two keys to YAML, and one to whoever reads the file
    if len(set(map(str, keys))) != len(keys):
        raise _Unusual
    return found


@lru_cache(maxsize=10_000)
def _scalar(text: str) -> Any:
    """What a scalar without quotes is: a text, a number, a date, true, false, null."""
    tag: str = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    if tag not in _SCALARS:
        raise _Unusual
    return text if tag.endswith(":str") else SafeConstructor().construct_object(yaml.ScalarNode(tag, text))
