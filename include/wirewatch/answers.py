"""What an HTTP answer says beside its status: a bounded body, and when to come back."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp

# Longer than any task runs; keeps a typing error of the other side from meaning years.
MAX_PAUSE_S = 86_400.0


async def read_body(response: "aiohttp.ClientResponse", max_body_bytes: int) -> tuple[bytes, bool]:
    """The decoded body up to max_body_bytes, and whether that is all of it: a bomb is left, not swallowed."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > max_body_bytes:
            response.close()
            return b"".join(chunks)[:max_body_bytes], False
    return b"".join(chunks), True


def retry_after_s(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number or an HTTP date. None where it says neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:9]), MAX_PAUSE_S)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), MAX_PAUSE_S)
