"""Work that is counted, not timed: the same on a slow machine, and beside other work."""

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

Work = Callable[[], object]


def steps(work: Work) -> int:
    """How many lines Python executes in this thread while it works, each turn of a loop and each call for itself.

    A call into C counts as nothing, however long it takes. Lines, not bytecodes: those, Python 3.12 leaves out.
    """
    count = 0

    def trace(frame: FrameType, event: str, arg: object) -> Any:
        nonlocal count
        count += event in ("call", "line")
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def peak_bytes(work: Work) -> int:
    """The most memory that Python's objects of this process take while it works, above what they take before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def assert_linear(work_of: Callable[[int], Work], size: int) -> None:
    """Four times the size takes about four times the steps; of n², it would be sixteen times.

    work_of(size) prepares the work of that size, outside what is counted.
    """
    work_of(size + 1)()  # what is imported and compiled on first use
    small, large = steps(work_of(size)), steps(work_of(4 * size))
    assert large < 6 * small, f"size {size}: {small} steps, size {4 * size}: {large}"
