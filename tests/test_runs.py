from datetime import UTC, datetime

import pytest

from include.wirewatch.archive import BatchKey
from include.wirewatch.runs import is_quiet, run_of

START, END = datetime(2026, 11, 23, 23, 55, tzinfo=UTC), datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def a_run(**changes):
    facts = {"run_type": "scheduled", "conf": {}, "interval": (START, END), "run_after": END, **changes}
    return run_of("ingest_live", facts.pop("run_id", "scheduled__x"), **facts)


def test_the_day_is_that_of_the_interval_start_not_of_the_clock():
    assert a_run().dt == "2026-11-23"
    assert a_run().interval_end == END


def test_a_run_without_an_interval_counts_from_run_after():
    run = a_run(interval=(None, None))
    assert (run.dt, run.interval_end) == ("2026-11-24", END)


def test_the_batch_key_is_equal_on_every_rerun_and_differs_by_run_and_shard():
    assert a_run().batch_key(0) == a_run().batch_key(0)
    assert len({a_run().batch_key(0), a_run().batch_key(1), a_run(run_id="scheduled__y").batch_key(0)}) == 3


def test_batch_keys_are_read_back_from_every_object_name():
    key = a_run().batch_key(3)
    names = [key.record, key.warc("a1"), key.clean("trafilatura-2.3.1-w1"), key.matches("trafilatura-2.3.1-w1", "ab12")]
    assert {BatchKey.parse(name) for name in names} == {key}
    with pytest.raises(ValueError, match="not the key of a batch"):
        BatchKey.parse("delivery/abc.json")


@pytest.mark.parametrize(
    ("run_type", "conf", "quiet"),
    [
        ("scheduled", {}, False),
        ("manual", {}, False),
        ("asset_triggered", {}, False),
        ("backfill", {}, True),
        ("manual", {"backfill": {"label": "may"}}, True),
    ],
)
def test_backfills_are_quiet_by_type_or_by_conf(run_type, conf, quiet):
    assert is_quiet(run_type, conf) is quiet
