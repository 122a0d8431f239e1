"""Value types that the three files share."""

import re
from collections.abc import Iterable, Iterator
from datetime import time, timedelta
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_duration(value: object) -> object:
    """`90s`, `15m`, `24h`, `7d` → timedelta; anything else is refused, a bare number too (of what?)."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"(\d+)([smhd])", value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("expected a duration such as 90s, 15m, 24h or 7d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _is_time_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected the name of a time zone such as Europe/Berlin or UTC") from None
    return value


def parse_time_of_day(value: object) -> object:
    """`"22:00"` → time. YAML reads 22:00 without quotes as a number, in base 60."""
    if isinstance(value, time):
        return value
    if not (isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value)):
        raise ValueError('expected a time of day in quotes, such as "22:00" or "07:30"')
    return time.fromisoformat(value)


TimeZone = Annotated[str, AfterValidator(_is_time_zone)]
Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration, json_schema_input_type=str),
    # written as it is read
    PlainSerializer(lambda value: f"{int(value.total_seconds())}s", return_type=str, when_used="json"),
]
TimeOfDay = Annotated[
    time,
    BeforeValidator(parse_time_of_day, json_schema_input_type=str),
    PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str, when_used="json"),
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class ConfigModel(BaseModel):
    """Part of a configuration file: unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Mistake(NamedTuple):
    """Something wrong at a path below the validated value."""

    path: tuple[str | int, ...]
    message: str
    given: object


def refuse(mistakes: Iterable[Mistake]) -> None:
    """For validators that see more than one value: raises ValidationError, each mistake at its own place."""
    details = [
        InitErrorDetails(type=PydanticCustomError("mistake", "{says}", {"says": says}), loc=path, input=given)
        for path, says, given in mistakes
    ]
    if details:
        raise ValidationError.from_exception_data("file", details)


def duplicates(kind: str, names: Iterable[str], under: tuple[str | int, ...] = ()) -> Iterator[Mistake]:
    """A mistake for every name that an earlier item of the list at `under` has already."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            yield Mistake((*under, index, "name"), f"{kind} {name!r} defined twice", name)
