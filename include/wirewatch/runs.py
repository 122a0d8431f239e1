"""One run of a DAG, as the stages see it, and the one place that decides whether it may alert anybody."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from include.wirewatch.archive import BatchKey


class Run(NamedTuple):
    """dt: the UTC day its batches lie under, YYYY-MM-DD. interval_end: where freshness is measured from."""

    dag_id: str
    run_id: str
    dt: str
    interval_end: datetime
    quiet: bool

    def batch_key(self, shard: int) -> BatchKey:
        """The batch of one shard: equal on every rerun. The time is for people; the hash is the identity."""
        identity = hashlib.sha256(f"{self.dag_id}\n{self.run_id}\n{shard}".encode()).hexdigest()[:12]
        return BatchKey(self.dt, f"{self.dag_id}-{self.interval_end:%Y%m%dT%H%M}-{shard}-{identity}")


def run_of(
    dag_id: str,
    run_id: str,
    *,
    run_type: str,
    conf: Mapping[str, object],
    interval: tuple[datetime | None, datetime | None],
    run_after: datetime,
) -> Run:
    """A run from what Airflow says of it. interval: start and end of its data interval, if it has one.

    The day is that of the interval's start, never the clock's, so that a rerun lands where the first run did.
    """
    start, end = interval[0] or run_after, interval[1] or run_after
    return Run(dag_id, run_id, start.astimezone(UTC).date().isoformat(), end, is_quiet(run_type, conf))


def is_quiet(run_type: str, conf: Mapping[str, object]) -> bool:
    """True for a run that must not alert anybody: a backfill, by its type or by its conf; run ids are never read."""
    return run_type == "backfill" or "backfill" in conf
