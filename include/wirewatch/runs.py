"""One run of a DAG, as the stages see it, and the one place that decides whether it may alert anybody.

A run's conf may hold `{"backfill": {…}}`, see Backfill: `airflow backfill create --dag-run-conf '{"backfill": {…}}'`.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from include.wirewatch.archive import BatchKey
from include.wirewatch.config.values import Name
from include.wirewatch.errors import PermanentError


def parse_day(value: object) -> date:
    """`2026-11-01` → date. Raises ValueError for anything else."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("expected a day, YYYY-MM-DD")


Day = Annotated[date, BeforeValidator(parse_day)]


class Backfill(BaseModel):
    """What a backfill's conf says. All of it may be left out; a key that is not known is a mistake.

    label: names what the backfill finds, see Run.label. first, last: its days, both included, written `from` and `to`.
    refetch: fetch also what the archive holds, once for each label. alert: alert about single articles, as live runs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    label: Name | None = None
    first: Day | None = Field(None, alias="from")
    last: Day | None = Field(None, alias="to")
    refetch: bool = False
    alert: bool = False

    @model_validator(mode="after")
    def _days_are_in_order(self) -> "Backfill":
        if self.first and self.last and self.first > self.last:
            raise ValueError(f"from {self.first} is after to {self.last}")
        return self


NOTHING_ASKED = Backfill.model_validate({})


class Run(NamedTuple):
    """dt: the UTC day its batches lie under, YYYY-MM-DD. interval_end: where freshness is measured from.

    backfill: None for a run whose conf names none, whatever its type.
    """

    dag_id: str
    run_id: str
    dt: str
    interval_end: datetime
    quiet: bool
    backfill: Backfill | None = None

    @property
    def label(self) -> str:
        """What a quiet run finds lies under backfills/<label>/: the conf's, else the DAG with its range, or its month.

        Runs of one label are one backfill, and have one message for each receiver.
        """
        asked = self.asked
        return asked.label or label_of(self.dag_id, asked.first, asked.last) or f"{self.dag_id}-{self.dt[:7]}"

    @property
    def asked(self) -> Backfill:
        """What its conf asks for; nothing special where it names no backfill."""
        return self.backfill or NOTHING_ASKED

    def batch_key(self, number: int) -> BatchKey:
        """The batch of one shard or slice: equal on every rerun. The time is for people; the hash is the identity.

        Airflow keeps a day's run, and its id, when the day is backfilled again: of a run that is to fetch anew, the
        label is part of the identity, so that what the run fetched before is not taken for its work.
        """
        parts = [self.dag_id, self.run_id, str(number), *([self.label] if self.asked.refetch else [])]
        identity = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        return BatchKey(self.dt, f"{self.dag_id}-{self.interval_end:%Y%m%dT%H%M}-{number}-{identity}")


def label_of(dag_id: str, first: date | None, last: date | None) -> str:
    """The label of a backfill that nobody has named; "" where its days are not known."""
    return f"{dag_id}-{first}-{last}" if first and last else ""


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

    Raises:
        PermanentError: the conf's `backfill` is not what it may be; names the key.
    """
    start, end = interval[0] or run_after, interval[1] or run_after
    backfill = backfill_of(conf)
    day = start.astimezone(UTC).date().isoformat()
    return Run(dag_id, run_id, day, end, is_quiet(run_type, backfill), backfill)


def backfill_of(conf: Mapping[str, object]) -> Backfill | None:
    """The conf's `backfill`, or None where there is none. Raises PermanentError as above."""
    if "backfill" not in conf:
        return None
    try:
        return Backfill.model_validate(conf["backfill"])
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, ('backfill', *item['loc'])))}: {item['msg'].removeprefix('Value error, ')}, "
            f"got {item['input']!r}"
            for item in error.errors(include_url=False)
        ]
        raise PermanentError(f"the run's conf: {'; '.join(problems)}") from None


def is_quiet(run_type: str, backfill: Backfill | None) -> bool:
    """True for a run that must not alert anybody: a backfill, by its type or by its conf, unless it asks for alerts.

    Run ids are never read: `--reprocess-behavior completed` keeps the old ones.
    """
    if backfill is not None:
        return not backfill.alert
    return run_type == "backfill"
