"""What ops read when something fails: once a day, with what to do, and nothing that is secret."""

from datetime import timedelta
from pathlib import Path

import pytest

from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.failure import FEW, KINDS, Where, bulletins_of, redacted
from include.wirewatch.deliver.receiver import MessageFaultError, ReceiverFaultError
from include.wirewatch.deliver.render import render_message
from include.wirewatch.deliver.thread import severity_of
from include.wirewatch.models import Failure
from tests.deliver.conftest import NOW, FakeChannel, make_alert
from tests.deliver.test_drain import drain
from tests.fakes.slack_limits import message_error

PROJECT = Path(__file__).resolve().parents[2]
PARKED = Failure("parked desk", "receiver 'desk' is parked: not_in_channel: invite the bot", about="desk")
WHERE = Where("ingest_live · deliver · 2026-11-24 11:55 to 12:00 UTC", "https://airflow.example/dags/ingest_live?try=1")


def told(*failures, receiver="ops-team", now=NOW):
    return list(bulletins_of(failures, receiver, WHERE, now))


def shown(bulletin):
    return [(section.heading, [line.text for line in section.lines]) for section in bulletin.sections]


def test_a_failure_says_what_failed_where_why_and_what_to_do():
    (bulletin,) = told(PARKED)
    assert bulletin.title == "Receiver desk is parked"
    assert bulletin.notes == (WHERE.task,)
    assert shown(bulletin) == [
        ("What it says", ["receiver 'desk' is parked: not_in_channel: invite the bot"]),
        ("What to do", [KINDS["parked"].todo, "Log of the task"]),
    ]
    assert bulletin.sections[1].lines[1].url == WHERE.log_url
    assert severity_of(bulletin) == "high"


def test_without_an_address_of_airflows_there_is_no_link():
    (bulletin,) = bulletins_of([PARKED], "ops-team", Where("finish_work · deliver_open"), NOW)
    assert shown(bulletin)[1] == ("What to do", [KINDS["parked"].todo])


def test_the_same_subject_is_one_message_a_day_and_receiver():
    ids = {told(PARKED, now=NOW + timedelta(minutes=five))[0].alert_id for five in range(0, 700, 5)}
    assert len(ids) == 1
    assert told(PARKED, now=NOW + timedelta(hours=12))[0].alert_id not in ids, "the next day it is told again"
    assert told(PARKED, receiver="night")[0].alert_id not in ids
    assert told(PARKED._replace(subject="parked night"))[0].alert_id not in ids


def test_a_receiver_is_not_told_that_it_is_parked_itself():
    assert told(PARKED, receiver="desk") == []


def test_many_of_a_kind_are_one_message_that_lists_them():
    many = [Failure(f"parked desk-{number}", f"desk-{number} is parked") for number in range(30)]
    (bulletin,) = told(*many)
    assert bulletin.title == "30 receivers are parked"
    assert [line.text for line in bulletin.sections[0].lines] == [failure.says for failure in many]
    assert len(told(*many[:FEW])) == FEW, "a few are told one by one"


def test_what_stays_is_told_once_a_day_in_bulk_and_what_passes_each_time():
    parked = [Failure(f"parked {number}", "…") for number in range(10)]
    assert told(*parked[1:])[0].alert_id == told(*parked)[0].alert_id
    dead = [Failure(f"dead {number}", "…") for number in range(10)]
    assert told(*dead[:5])[0].alert_id != told(*dead[5:])[0].alert_id
    assert told(*dead[:5])[0].alert_id == told(*reversed(dead[:5]))[0].alert_id


def test_sources_are_one_message_a_day_whose_later_editions_take_its_place():
    morning, noon = (told(Failure("sources", "a: timeout\nb: silent"), now=NOW.replace(hour=hour)) for hour in (6, 12))
    assert morning[0].alert_id == noon[0].alert_id
    assert 0 < morning[0].edition < noon[0].edition
    assert shown(noon[0])[0] == ("What it says", ["a: timeout", "b: silent"])


def test_a_failure_of_a_kind_that_nobody_knows_is_told_all_the_same():
    (bulletin,) = told(Failure("flood cellar", "water"))
    assert (bulletin.title, shown(bulletin)[0][1]) == ("cellar", ["water"])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_page_on_failures_has_every_title(kind):
    page = (PROJECT / "docs" / "failures.md").read_text()
    assert KINDS[kind].one.format(which="…").replace("… brings", "ingest_live brings") in page


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_of_failure_stays_under_slacks_limits_however_long_it_is(kind):
    says = "\n".join(["<&>" * 500] * 300)
    for bulletin in told(*[Failure(f"{kind} {'which' * 99}{number}", says) for number in range(FEW + 1)]):
        message = render_message(bulletin)
        blocks = [block.to_dict() for block in message.blocks]
        assert message_error({"text": message.text, "blocks": blocks}) == ""
        assert KINDS[kind].todo in str(blocks), "what to do is always there"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("GET https://u:p@x.example/feed?api_key=12345678#a: 403", "GET https://x.example/feed: 403"),
        ("postgresql://scott:tiger@db.example/news is down", "postgresql://db.example/news is down"),
        ("https://s3.example/b/k?X-Amz-Signature=abcdef0123456789", "https://s3.example/b/k"),
        ("invalid_auth: xoxb-12-34-abcDEF", "invalid_auth: …"),
        ("the key AKIAIOSFODNN7EXAMPLE is unknown", "the key … is unknown"),
        ("Authorization: Bearer abcdef.0123456789", "Authorization: Bearer …"),
        ("password='hunter2hunter2', port=1", "password='…', port=1"),
        ("https://a.example/feed?filter[lang]=en&key=SECRET: 403", "https://a.example/feed: 403"),
        ("GET (https://a.example/feed?q='x'&key=SECRET) failed", "GET (https://a.example/feed) failed"),
        ("no answer from /feed?key=SECRET, again", "no answer from /feed again"),
        ("//user:pass@db.example/news is down", "//db.example/news is down"),
        ("wss://a.example/live?ticket=SECRET", "wss://a.example/live"),
        ("postgres://u:p@ss@db.example/x", "postgres://db.example/x"),
        ("the key whsec_MfKQ9r8GKYqrTwjU is old", "the key … is old"),
        ('{"token": "0123456789abcdef"}', '{"token": "…"}'),
        # and what people need to read stays
        ("invalid_auth: put a valid bot token into the connection 'slack_api_default'", ""),
        ("S3 bucket 'news': cannot read frontier/07.json.zst: AccessDenied", ""),
        ("rules.yaml:14:22: rule 'ports': NEAR needs a distance, e.g. NEAR/5", ""),
        ("s3://news/wirewatch/outbox/1.json is not readable", ""),
    ],
)
def test_nothing_secret_leaves_with_a_failure(text, expected):
    assert redacted(text) == (expected or text)


def test_the_text_of_an_error_is_bounded_in_size_and_time():
    (bulletin,) = told(Failure("task ingest_live fetch KeyError", ("token" * 200_000 + "\n") * 1_000))
    assert len(bulletin.model_dump_json()) < 1_000_000


def test_a_bulletin_holds_no_secret_either():
    (bulletin,) = told(Failure("task ingest_live fetch https://x.example/?key=12345678", "token=0123456789abcdef"))
    assert "12345678" not in bulletin.model_dump_json()


def test_a_parked_ops_receiver_and_a_refused_failure_make_no_further_failures(store, clock):
    ops, broken = FakeChannel(), ReceiverFaultError("not_in_channel: invite the bot")
    for _ in range(3):
        ops.faults = [broken]
        for failure in drain(store, clock, {"ops-team": ops}).run(90).failures:
            for bulletin in bulletins_of([failure], "ops-team", WHERE, clock()):
                outbox.enqueue(store, bulletin)
        outbox.enqueue(store, next(bulletins_of([PARKED], "ops-team", WHERE, clock())))
    assert len(list(outbox.waiting(store))) == 1
    ops.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]
    (dead,) = drain(store, clock, {"ops-team": ops}).run(90).failures
    assert dead.subject.startswith("untold ")
    assert list(bulletins_of([dead], "ops-team", WHERE, clock())) == []
    assert list(bulletins_of([dead], "ops-night", WHERE, clock())) == []


def test_a_dead_alert_is_told_to_ops(store, clock, channel):
    alert = make_alert()
    outbox.enqueue(store, alert)
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("msg_too_long")]
    (bulletin,) = told(*drain(store, clock, channel).run(90).failures)
    assert bulletin.title == "A message was refused for good"
    assert alert.alert_id in bulletin.sections[0].lines[0].text
    assert "wirewatch alerts retry" in bulletin.sections[1].lines[0].text
