"""What each source has shown us, and when to poll it next.

buckets  where a source's state lies: 64 objects by host, so that a changed shard count moves buckets and nothing else
state    what is remembered of one source, and the merge that makes a delta safe to apply twice or in any order
decide   what to poll, what to fetch, when to stop trying: pure
delta    what one poll changes, as JSON that travels with the batch
stored   reading it, and merging deltas into it by compare-and-swap
"""

from include.wirewatch.frontier.buckets import bucket_of, owned
from include.wirewatch.frontier.decide import Unseen, is_due, is_final, unseen, validators_for
from include.wirewatch.frontier.delta import Handled, delta_of
from include.wirewatch.frontier.state import SourceState, merge
from include.wirewatch.frontier.stored import Frontier

__all__ = [
    "Frontier",
    "Handled",
    "SourceState",
    "Unseen",
    "bucket_of",
    "delta_of",
    "is_due",
    "is_final",
    "merge",
    "owned",
    "unseen",
    "validators_for",
]
