"""A YAML file that remembers where each value stands, so that an error can say FILE:LINE:COL.

In: the text of one file and a pydantic model. Out: the validated model and the places of its values.
Refuses what YAML would silently accept: duplicate keys, and two documents in one file.
"""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from include.wirewatch.errors import ConfigError

Path = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Places:
    """Line and column (from 1) of every key and value of one YAML text, by path."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self._lines = text.splitlines()
        self._values: dict[Path, yaml.Node] = {}
        self._keys: dict[Path, yaml.Node] = {}
        self.problems: list[str] = []

    def add(self, path: Path, node: yaml.Node) -> None:
        self._values[path] = node
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                child = (*path, str(key.value))
                if child in self._keys:
                    first = self._keys[child].start_mark.line + 1
                    self.problems.append(self._at(key, f"duplicate key {key.value!r}; first on line {first}"))
                self._keys[child] = key
                self.add(child, value)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.add((*path, index), value)

    def path_to(self, path: Path) -> Path:
        """path without the steps that the file has not: pydantic names the kind of a union among them."""
        found: Path = ()
        for step in path[:-1]:
            if (*found, step) in self._values:
                found = (*found, step)
        return (*found, *path[-1:])

    def _at(self, node: yaml.Node, message: str) -> str:
        return f"{self.name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: {message}"

    def problem(self, path: Path, message: str) -> str:
        """`FILE:LINE:COL: message` at the value of path, or at its nearest ancestor that the file has."""
        while path and path not in self._values:
            path = path[:-1]
        node = self._values.get(path)
        return self._at(node, message) if node is not None else f"{self.name}:1:1: {message}"

    def key_problem(self, path: Path, message: str) -> str:
        """The same at the key itself: for a key that should not be there."""
        node = self._keys.get(path)
        return self._at(node, message) if node is not None else self.problem(path, message)

    def text_problem(self, path: Path, offset: int, message: str) -> str:
        """The same at a code point offset inside a text value.

        Exact for plain scalars on one line and for `|` blocks. In other styles the file's text is not the value
        letter by letter, so it gives the key's line and says the column within the value.
        """
        node = self._values.get(path)
        if not isinstance(node, yaml.ScalarNode):
            return self.problem(path, message)
        if node.style is None and node.start_mark.line == node.end_mark.line:
            line, column = node.start_mark.line, node.start_mark.column + offset
        elif node.style == "|":
            before = node.value[:offset]
            line = node.start_mark.line + 1 + before.count("\n")
            source = self._lines[line] if line < len(self._lines) else ""
            first = next((row for row in self._lines[node.start_mark.line + 1 :] if row.strip()), source)
            indent = len(first) - len(first.lstrip(" "))
            column = indent + offset - (before.rfind("\n") + 1)
        else:
            return self.key_problem(path, f"column {offset + 1} of the value: {message}")
        return f"{self.name}:{line + 1}:{column + 1}: {message}"


@dataclass(frozen=True)
class Loaded(Generic[Model]):
    """A validated file: its model and where each value stands."""

    value: Model
    places: Places


def load_yaml(name: str, text: str, model: type[Model]) -> "Loaded[Model]":
    """Parse and validate one file.

    Raises:
        ConfigError: with every problem of the file, each as FILE:LINE:COL.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data: Any = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise ConfigError([f"{name}:{where}: not valid YAML: {error.problem or error.context}"]) from None
    except yaml.YAMLError as error:
        raise ConfigError([f"{name}:1:1: not valid YAML: {error}"]) from None
    places = Places(name, text)
    if node is not None:
        places.add((), node)
    if places.problems:
        raise ConfigError(places.problems)
    try:
        return Loaded(model.model_validate(data if data is not None else {}), places)
    except ValidationError as error:
        details = [(places.path_to(tuple(item["loc"])), item) for item in error.errors(include_url=False)]
        raise ConfigError([_describe(places, path, item) for path, item in details]) from None


def _describe(places: Places, path: Path, item: ErrorDetails) -> str:
    if item["type"] == "extra_forbidden":
        return places.key_problem(path, f"unknown key {path[-1]!r}")
    if item["type"] == "missing":
        return places.problem(path, f"{path[-1]!r} is missing")
    message = item["msg"].removeprefix("Value error, ")
    shown = item["input"]
    got = f", got {shown!r}" if isinstance(shown, str | int | float | bool) or shown is None else ""
    return places.problem(path, f"{'.'.join(map(str, path)) or 'the file'}: {message}{got}")
