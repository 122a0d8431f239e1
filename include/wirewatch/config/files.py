"""Where the three files are read from: a directory, or an S3 prefix, inside the task that needs them."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from include.wirewatch.config import receivers, rules, sources
from include.wirewatch.config.yaml_file import Loaded, load_yaml
from include.wirewatch.errors import ConfigError
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store

Model = TypeVar("Model", bound=BaseModel)


def not_utf8(error: UnicodeDecodeError) -> str:
    """LINE:COL: what is wrong. The column counts code points, as in every message; a byte order mark is none."""
    before = error.object[: error.start].decode()
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"{line}:{column}: not UTF-8: byte {error.object[error.start]:#04x}"


class ConfigFiles:
    """The configuration of one deployment. place: a directory, or s3://bucket/prefix, for which open_store is asked."""

    def __init__(self, place: str, open_store: Callable[[S3Place], Store]) -> None:
        self._place = place
        self._open_store = open_store

    def sources(self) -> Loaded[sources.SourcesFile]:
        return self._load(sources.FILE, sources.SourcesFile)

    def rules(self) -> Loaded[rules.RulesFile]:
        return self._load(rules.FILE, rules.RulesFile)

    def receivers(self) -> Loaded[receivers.ReceiversFile]:
        return self._load(receivers.FILE, receivers.ReceiversFile)

    def _load(self, name: str, model: type[Model]) -> Loaded[Model]:
        return load_yaml(name, self._read(name), model)

    def _read(self, name: str) -> str:
        body = self._find(name)
        if body is None:
            raise ConfigError([f"{name}:1:1: not found in {self._place}; WIREWATCH_CONFIG names the place"])
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ConfigError([f"{name}:{not_utf8(error)}"]) from None

    def _find(self, name: str) -> bytes | None:
        if self._place.startswith("s3://"):
            stored = self._open_store(S3Place.parse(self._place)).get(name)
            return stored.body if stored else None
        path = Path(self._place) / name
        return path.read_bytes() if path.is_file() else None
