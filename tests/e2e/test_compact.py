"""compact_archive on a real S3: which days a run looks at, what it writes, and that it may be run again at any time."""

from datetime import UTC, date, datetime, timedelta

import pytest

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.runs import Backfill, Run
from include.wirewatch.stages.compact import CompactionError, compact, compact_days, days_due
from tests.archive.samples import article

DAY = date(2026, 11, 24)
END = datetime(2026, 11, 27, 4, 30, tzinfo=UTC)


def night(*, quiet=False, backfill=None, dt="2026-11-26"):
    return Run("compact_archive", "scheduled__x", dt, END, quiet, backfill)


def put(store, day, batch, *names):
    archive.write_articles(store, BatchKey(str(day), batch).clean("e1"), [article(name) for name in names])


def names_of(store, day):
    return sorted(one.article_id for one in archive.read_day(store, archive.clean_day(store, day)))


def test_a_night_looks_at_settled_days_and_a_month_back():
    days = days_due(night(), 3, 31)
    assert (days[0], days[-1], len(days)) == (DAY, date(2026, 10, 25), 31)


@pytest.mark.parametrize(
    "run",
    [night(quiet=True, dt="2020-01-05"), night(backfill=Backfill(label="old"), dt="2020-01-05")],
    ids=["by its type", "by its conf"],
)
def test_a_backfills_run_compacts_the_day_of_its_own(run):
    assert days_due(run, 3, 31) == [date(2020, 1, 5)]


def test_a_night_compacts_what_has_settled_and_what_came_since(deployment):
    store = deployment.store
    put(store, DAY, "b1", "a", "b")
    put(store, DAY - timedelta(days=9), "b1", "c")
    put(store, DAY + timedelta(days=1), "b1", "too-young")
    done = compact(deployment.services, night(), settled_days=3, look_back_days=31)
    assert done == {"compacted": 2, "nothing_new": 29, "failed": 0}
    assert compact(deployment.services, night(), settled_days=3, look_back_days=31)["compacted"] == 0
    assert archive.clean_day(store, DAY + timedelta(days=1)).parquet == ""
    put(store, DAY - timedelta(days=9), "b2", "d")
    assert compact(deployment.services, night(), settled_days=3, look_back_days=31)["compacted"] == 1
    assert names_of(store, DAY - timedelta(days=9)) == ["c", "d"]


def test_a_day_that_cannot_be_read_is_named_and_holds_up_no_other(deployment):
    store = deployment.store
    put(store, DAY, "b1", "a")
    store.put(BatchKey("2026-11-23", "b1").clean("e1"), b"not a batch")
    with pytest.raises(CompactionError, match="could not compact 2026-11-23: ZstdError"):
        compact_days(deployment.services, [date(2026, 11, 23), DAY])
    assert archive.clean_day(store, DAY).parquet
