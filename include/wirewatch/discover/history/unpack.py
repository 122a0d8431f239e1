"""A page's bytes as an archive keeps them → without gzip, whatever the headers say. Pure."""

import zlib

GZIP = b"\x1f\x8b"


def unpacked(body: bytes, max_bytes: int) -> bytes | None:
    """The bytes, unpacked where they are gzip; None where they are more than max_bytes.

    What is cut off is given as far as it goes. Raises ValueError where gzip is broken.
    """
    if not body.startswith(GZIP):
        return body if len(body) <= max_bytes else None
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise ValueError(f"gzip: {error}") from None
    return plain if len(plain) <= max_bytes else None
