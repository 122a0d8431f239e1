"""A stored object as a record, or an error that names the object.

One that a newer version wrote, or that is damaged, holds up what hangs on it and nothing else: whoever goes through
many catches UnreadableError for each.
"""

from collections.abc import Callable
from typing import TypeVar

from pydantic import ValidationError

from include.wirewatch.errors import PermanentError
from include.wirewatch.models import Failure

Read = TypeVar("Read")


class UnreadableError(PermanentError):
    """The object is no record that this version knows. It stays where it is, for the version that does."""

    def __init__(self, key: str, problem: str) -> None:
        says = f"{key} is not readable by this version ({problem})"
        self.failures = (Failure(f"unreadable {key}", says),)
        super().__init__(says)


def read_as(key: str, body: bytes, validate: Callable[[bytes], Read]) -> Read:
    """validate: a model's model_validate_json, or a type adapter's validate_json.

    Raises:
        UnreadableError: with the first thing that is wrong.
    """
    try:
        return validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise UnreadableError(key, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
