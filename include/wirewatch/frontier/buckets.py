"""Where a source's state lies: 64 fixed buckets by host, and which shard owns which."""

import hashlib
from collections.abc import Iterable

from include.wirewatch.config.sources import Source
from include.wirewatch.settings import BUCKETS
from include.wirewatch.urls import host_of


def bucket_of(source: Source) -> int:
    """0 to 63, by the host alone: sources of one host share a task, and with it the host's pace."""
    digest = hashlib.sha256(host_of(source.url).encode()).digest()
    return int.from_bytes(digest[:4], "big") % BUCKETS


def owned(sources: Iterable[Source], shard: int, shards: int) -> tuple[Source, ...]:
    """The enabled sources that shard `shard` (from 0) of `shards` polls."""
    return tuple(source for source in sources if source.enabled and bucket_of(source) % shards == shard)
