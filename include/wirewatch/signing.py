"""Sign a message as Standard Webhooks 1.0 says, so that its ready-made libraries in many languages verify ours.

Signed is `id.timestamp.body` with HMAC-SHA256; the signature's header is `v1,` and base64. A key is `whsec_` and base64
of 24 to 64 bytes. Two keys with a space between them both sign: that is how one is exchanged without losing a message.
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
# For people, in errors.
HOW = "make one with: python3 -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""


def keys_of(secret: str) -> tuple[bytes, ...]:
    """The keys of a connection's password. Raises ValueError, which never shows any part of it."""
    keys = []
    for part in secret.split():
        try:
            key = base64.b64decode(part.removeprefix(PREFIX), validate=True) if part.startswith(PREFIX) else b""
        except binascii.Error:
            key = b""
        if len(key) not in KEY_BYTES:
            raise ValueError(f"expected {PREFIX} and base64 of 24 to 64 random bytes; {HOW}")
        keys.append(key)
    if not keys:
        raise ValueError(f"it is empty; {HOW}")
    return tuple(keys)


def signed_headers(message_id: str, at: datetime, body: bytes, keys: tuple[bytes, ...]) -> dict[str, str]:
    """webhook-id, webhook-timestamp and webhook-signature. message_id must hold no full stop."""
    timestamp = str(int(at.timestamp()))
    signed = b".".join((message_id.encode(), timestamp.encode(), body))
    digests = (hmac.new(key, signed, hashlib.sha256).digest() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests),
    }
