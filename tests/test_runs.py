import re
from datetime import UTC, date, datetime

import pytest

from include.wirewatch.archive import BatchKey
from include.wirewatch.errors import PermanentError
from include.wirewatch.runs import backfill_of, is_quiet, run_of

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


def test_a_run_that_fetches_anew_has_batches_of_its_own_for_each_label():
    runs = [
        a_run(conf={"backfill": conf}) for conf in ({"refetch": True, "label": "a"}, {"refetch": True, "label": "b"})
    ]
    assert len({run.batch_key(0) for run in (*runs, a_run(), a_run(conf={"backfill": {"label": "a"}}))}) == 3
    assert runs[0].batch_key(0) == a_run(conf={"backfill": {"refetch": True, "label": "a"}}).batch_key(0)


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
        ("manual", {"backfill": {}}, True),
        ("backfill", {"backfill": {"alert": True}}, False),
        ("manual", {"backfill": {"alert": True}}, False),
    ],
)
def test_backfills_are_quiet_by_type_or_by_conf_unless_they_ask_for_alerts(run_type, conf, quiet):
    assert is_quiet(run_type, backfill_of(conf)) is quiet
    assert a_run(run_type=run_type, conf=conf).quiet is quiet


def test_a_backfills_conf_travels_with_the_run():
    conf = {"backfill": {"label": "may", "from": "2026-11-01", "to": "2026-11-07", "refetch": True}}
    given = a_run(conf=conf).backfill
    assert (given.label, given.first, given.last) == ("may", date(2026, 11, 1), date(2026, 11, 7))
    assert (given.refetch, given.alert) == (True, False)
    assert a_run().backfill is None


@pytest.mark.parametrize(
    ("backfill", "key"),
    [
        ("may", "backfill: "),
        (None, "backfill: "),
        ({"label": "../other"}, "backfill.label: "),
        ({"from": "yesterday"}, "backfill.from: expected a day, YYYY-MM-DD, got 'yesterday'"),
        ({"to": "2026-02-31"}, "backfill.to: expected a day"),
        ({"from": 20261101}, "backfill.from: expected a day"),
        ({"from": "2026-11-07", "to": "2026-11-01"}, "backfill: from 2026-11-07 is after to 2026-11-01"),
        ({"refetch": "yes"}, "backfill.refetch: "),
        ({"alert": 1}, "backfill.alert: "),
        ({"refecth": True}, "backfill.refecth: "),
        ({"first": "2026-11-01"}, "backfill.first: "),
    ],
    ids=repr,
)
def test_a_wrong_conf_is_refused_for_good_and_names_its_key(backfill, key):
    with pytest.raises(PermanentError, match=re.escape(key)):
        a_run(conf={"backfill": backfill})
