"""A YAML file that remembers where each value stands, so that an error can say FILE:LINE:COL.

In: the text of one file and a pydantic model. Out: the validated model and the places of its values.
Refuses what YAML would silently accept: duplicate keys, and two documents in one file.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from yaml.constructor import SafeConstructor

from include.wirewatch.config.yaml_plain import UNUSUAL, read_plain
from include.wirewatch.errors import ConfigError
from include.wirewatch.gc_pause import gc_paused

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Places:
    """Line and column (from 1) of every key and value of one YAML text, by path. Read when first asked."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._text = text

    @cached_property
    def root(self) -> yaml.Node | None:
        """None for an empty text. Raises yaml.YAMLError, RecursionError."""
        root: yaml.Node | None = yaml.compose(self._text, Loader=yaml.SafeLoader)
        return root

    @cached_property
    def _root(self) -> yaml.Node | None:
        """None as well where libyaml has read what YAML in Python refuses: then all is in line 1."""
        try:
            return self.root
        except (yaml.YAMLError, RecursionError):
            return None

    @cached_property
    def _lines(self) -> list[str]:
        return self._text.splitlines()

    def duplicates(self) -> list[str]:
        """Every key that its mapping has already."""
        found: list[str] = []
        waiting = [self.root] if self.root is not None else []
        seen: set[int] = set()  # what an anchor names is looked at once, however often it is used, within itself even
        while waiting:
            node = waiting.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                first: dict[str, yaml.Node] = {}
                for key, _ in node.value:
                    if (earlier := first.setdefault(str(key.value), key)) is not key:
                        line = earlier.start_mark.line + 1
                        found.append(self._at(key, f"duplicate key {key.value!r}; first on line {line}"))
                waiting += [value for _, value in reversed(node.value)]
            elif isinstance(node, yaml.SequenceNode):
                waiting += reversed(node.value)
        return found

    def _find(self, path: Path) -> tuple[yaml.Node | None, yaml.Node] | None:
        """The key (None in a list) and the value of a path; None where the file has no such path."""
        key, node = None, self._root
        for step in path:
            if isinstance(node, yaml.MappingNode):
                key, node = next((pair for pair in node.value if str(pair[0].value) == step), (None, None))
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                key, node = None, node.value[step]
            else:
                return None
        return (key, node) if node is not None else None

    def path_to(self, path: Path) -> Path:
        """path without the steps that the file has not: pydantic names the kind of a union among them."""
        found: Path = ()
        for step in path[:-1]:
            if self._find((*found, step)) is not None:
                found = (*found, step)
        return (*found, *path[-1:])

    def _at(self, node: yaml.Node, message: str) -> str:
        return f"{self.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: {message}"

    def problem(self, path: Path, message: str) -> str:
        """`FILE:LINE:COL: message` at the value of path, or at its nearest ancestor that the file has."""
        while path and self._find(path) is None:
            path = path[:-1]
        found = self._find(path)
        return self._at(found[1], message) if found is not None else f"{self.name}:1:1: {message}"

    def key_problem(self, path: Path, message: str) -> str:
        """The same at the key itself: for a key that should not be there."""
        found = self._find(path)
        return self._at(found[0], message) if found is not None and found[0] else self.problem(path, message)

    def text_problem(self, path: Path, offset: int, message: str, text: str = "") -> str:
        """The same at a code point offset inside a text value, or inside text, where that is the value stripped.

        Exact for plain scalars on one line and for `|` blocks. In other styles the file's text is not the value
        letter by letter, so it gives the key's line and says the column within the value.
        """
        found = self._find(path)
        if found is None or not isinstance(node := found[1], yaml.ScalarNode):
            return self.problem(path, message)
        offset += max(node.value.find(text), 0)
        if node.style is None and node.start_mark.line == node.end_mark.line:
            line, column = node.start_mark.line, node.start_mark.column + offset
        elif node.style == "|":
            before = node.value[:offset]
            line = node.start_mark.line + 1 + before.count("\n")
            below = map(self._lines.__getitem__, range(node.start_mark.line + 1, len(self._lines)))
            # the first line with something in it, in the file and in the value, where it begins with spaces after |2
            first = next(filter(str.strip, below), "")
            own = next(filter(str.strip, node.value.splitlines()), "")
            indent = len(first) - len(first.lstrip(" ")) - (len(own) - len(own.lstrip(" ")))
            column = indent + offset - (before.rfind("\n") + 1)
        else:
            return self.key_problem(path, f"column {offset + 1} of the value: {message}")
        return f"{self.name}:{line + 1}:{column + 1}: {message}"


@dataclass(frozen=True, eq=False)
class Loaded(Generic[Model]):
    """A validated file: its model and where each value stands. Equal to itself alone: what it leads to is cached."""

    value: Model
    places: Places


def load_yaml(name: str, text: str, model: type[Model]) -> Loaded[Model]:
    """Parse and validate one file; the same Loaded again for the same text.

    Raises:
        ConfigError: with every problem of the file, each as FILE:LINE:COL.
    """
    return _load(name, text, model)


@lru_cache(maxsize=4)  # the sweeper matches many batches in one process; the three files are read for each
def _load(name: str, text: str, model: type[Any]) -> Loaded[Any]:
    places = Places(name, text)
    with gc_paused():
        data = read_plain(text)
        if data is UNUSUAL:
            data = _read(places)
        try:
            return Loaded(model.model_validate(data if data is not None else {}), places)
        except ValidationError as error:
            details = [(places.path_to(tuple(item["loc"])), item) for item in error.errors(include_url=False)]
            raise ConfigError([_describe(places, path, item) for path, item in details]) from None


def _read(places: Places) -> Any:
    """What the text says, by the whole of YAML. Raises ConfigError."""
    try:
        if duplicates := places.duplicates():
            raise ConfigError(duplicates)
        return SafeConstructor().construct_document(places.root) if places.root is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise ConfigError([f"{places.name}:{where}: not valid YAML: {error.problem or error.context}"]) from None
    except (yaml.YAMLError, ValueError) as error:  # a date of a month 13 is a ValueError
        raise ConfigError([f"{places.name}:1:1: not valid YAML: {error}"]) from None
    except RecursionError:
        raise ConfigError([f"{places.name}:1:1: nested too deep to be read"]) from None


def _describe(places: Places, path: Path, item: ErrorDetails) -> str:
    if item["type"] == "extra_forbidden":
        return places.key_problem(path, f"unknown key {path[-1]!r}")
    if item["type"] == "missing":
        return places.problem(path, f"{path[-1]!r} is missing")
    message = item["msg"].removeprefix("Value error, ")
    shown = item["input"]
    is_shown = item["type"] != "mistake" and (isinstance(shown, str | int | float | bool) or shown is None)
    got = f", got {shown!r}" if is_shown else ""
    return places.problem(path, f"{'.'.join(map(str, path)) or 'the file'}: {message}{got}")
