"""Answers that are remembered, within a bounded memory."""

from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(dict[str, Answer], Generic[Answer]):
    """find(text) for every text that is asked for; it is called once while the text is remembered.

    A dict, because what is known is then answered in C: map(remembered.__getitem__, texts) runs no line of Python.
    """

    LIMIT = 3_000_000  # characters, and 24 for each text: about 100,000 words of news

    def __init__(self, find: Callable[[str], Answer]) -> None:
        self._find = find
        self._weight = 0

    def __missing__(self, text: str) -> Answer:
        answer = self._find(text)
        self._weight += len(text) + 24
        if self._weight > self.LIMIT:
            self.clear()
            self._weight = len(text) + 24
        self[text] = answer
        return answer
