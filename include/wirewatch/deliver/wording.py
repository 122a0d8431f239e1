"""Numbers and lists of names as a reader would say them. Pure."""

from collections.abc import Sequence


def number(count: int, one: str, many: str) -> str:
    """`1 copy`, `3 copies`."""
    return f"1 {one}" if count == 1 else f"{count} {many}"


def among(names: Sequence[str], limit: int) -> str:
    """`Harbour Courier, Northgate Press and 3 more`."""
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
