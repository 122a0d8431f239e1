"""Whose digest is due: every date of a receiver's calendar has one, at its own local time, whatever clocks do."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from include.wirewatch.config.receivers import ConsoleReceiver
from include.wirewatch.deliver.due import HISTORY_DAYS, SETTLE, day_of, days_before, due, edition_at, of_date

STEP = timedelta(minutes=15)
# The DAG's minutes: 4, 19, 34, 49.
FIRST_RUN = datetime(2026, 3, 27, 0, 4, tzinfo=UTC)


def receiver(at="08:00", zone="UTC", name="desk"):
    return ConsoleReceiver.model_validate({"name": name, "kind": "console", "timezone": zone, "digest": {"at": at}})


class Sent:
    """The delivery log, as far as due() asks it. A receiver had its digests before the test begins."""

    def __init__(self, before: datetime) -> None:
        self.editions: dict[str, int] = {}
        self.posts: list[tuple[str, date, datetime]] = []
        self._before = before

    def edition_of(self, day):
        return self.editions.get(day.digest_id, edition_at(day.end) if day.end <= self._before else 0)

    def send(self, day, now):
        if not self.edition_of(day):
            self.posts.append((day.receiver, day.day, now))
        self.editions[day.digest_id] = edition_at(now)


def run_all(receivers, start, runs, sent, *, down=(None, None)):
    """Every run of the schedule, but for those while the scheduler is down; the first one after it comes at once."""
    for number in range(runs):
        end = start + number * STEP
        if down[0] and down[0] <= end < down[1]:
            continue
        now = end + timedelta(seconds=5)
        for day in due(receivers, (end - STEP, end), now, sent.edition_of):
            sent.send(day, now)


@pytest.mark.parametrize("at", ["00:00", "01:59", "02:00", "02:30", "03:00", "08:00", "12:07", "23:59"])
@pytest.mark.parametrize(
    ("zone", "first"),
    [
        ("UTC", date(2026, 3, 28)),
        ("Europe/Berlin", date(2026, 3, 28)),  # forward on 29 March, at 02:00
        ("Europe/Berlin", date(2026, 10, 24)),  # back on 25 October, at 03:00
        ("America/New_York", date(2026, 3, 7)),
        ("America/New_York", date(2026, 10, 31)),
        ("Africa/Cairo", date(2026, 4, 23)),  # forward at midnight
        ("Africa/Cairo", date(2026, 10, 28)),
        ("Asia/Kathmandu", date(2026, 3, 28)),  # +05:45
        ("Australia/Lord_Howe", date(2026, 4, 4)),  # half an hour back
        ("Pacific/Kiritimati", date(2026, 3, 28)),  # +14:00
        ("Pacific/Pago_Pago", date(2026, 3, 28)),  # -11:00
    ],
)
def test_every_date_has_one_digest_within_a_step_of_its_local_time(zone, first, at):
    desk = receiver(at, zone)
    start = datetime(first.year, first.month, first.day, 0, 4, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start -= timedelta(minutes=(start.minute - 4) % 15)
    sent = Sent(start)
    run_all([desk], start, 4 * 24 * 4, sent)
    days = [day for _, day, _ in sent.posts]
    assert days == sorted(set(days)), "none twice, none out of order"
    assert {first + timedelta(days=number) for number in range(1, 3)} <= set(days)
    for _, day, now in sent.posts:
        assert timedelta(0) <= now - day_of(desk, day).end <= STEP + SETTLE + timedelta(seconds=5)
        assert now.astimezone(ZoneInfo(zone)).date() - day in (timedelta(0), timedelta(days=1))


def test_an_at_on_the_quarter_is_met_four_minutes_later():
    for at, zone in (("08:00", "UTC"), ("07:45", "Asia/Kathmandu"), ("08:30", "Asia/Kolkata")):
        sent = Sent(FIRST_RUN)
        run_all([receiver(at, zone)], FIRST_RUN, 96, sent)
        ((_, day, now),) = sent.posts
        assert now - day_of(receiver(at, zone), day).end == timedelta(minutes=4, seconds=5)


@pytest.mark.parametrize(("at", "minutes"), [("08:01", 3), ("08:02", 17), ("08:14", 5), ("08:16", 3)])
def test_any_at_is_met_by_the_first_run_after_it_has_settled(at, minutes):
    sent = Sent(FIRST_RUN)
    run_all([receiver(at)], FIRST_RUN, 96, sent)
    ((_, day, now),) = sent.posts
    assert now - day_of(receiver(at), day).end == timedelta(minutes=minutes, seconds=5)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 6, 1), 24),
        ("Asia/Kathmandu", date(2026, 3, 29), 24),
    ],
)
def test_days_follow_one_another_without_a_gap(zone, day, hours):
    desk = receiver("08:00", zone)
    one = day_of(desk, day)
    assert one.end - one.start == timedelta(hours=hours)
    assert next(before.end for before in days_before(desk, day)) == one.start
    assert len(list(days_before(desk, day))) == HISTORY_DAYS
    assert one.end.astimezone(ZoneInfo(zone)).strftime("%H:%M") == "08:00"


def test_a_digest_that_was_missed_is_sent_by_the_next_run_once():
    desk, sent = receiver("08:00"), Sent(FIRST_RUN)
    down = datetime(2026, 3, 27, 7, 50, tzinfo=UTC), datetime(2026, 3, 27, 13, 4, tzinfo=UTC)
    run_all([desk], FIRST_RUN, 200, sent, down=down)
    assert [(day, now) for _, day, now in sent.posts] == [
        (date(2026, 3, 27), down[1] + timedelta(seconds=5)),
        (date(2026, 3, 28), datetime(2026, 3, 28, 8, 4, 5, tzinfo=UTC)),
    ]


def test_what_was_missed_for_more_than_a_day_is_left_to_the_next_digest():
    desk, sent = receiver("08:00"), Sent(FIRST_RUN)
    down = datetime(2026, 3, 27, 7, 50, tzinfo=UTC), datetime(2026, 3, 29, 7, 49, tzinfo=UTC)
    run_all([desk], FIRST_RUN, 330, sent, down=down)
    assert [day for _, day, _ in sent.posts] == [date(2026, 3, 28), date(2026, 3, 29), date(2026, 3, 30)]


def test_a_rerun_of_a_past_run_edits_its_own_day_and_no_other():
    desk, sent = receiver("08:00"), Sent(FIRST_RUN)
    run_all([desk], FIRST_RUN, 800, sent)
    end = datetime(2026, 3, 28, 8, 4, tzinfo=UTC)
    later = datetime(2026, 4, 2, 15, 0, tzinfo=UTC)
    (again,) = due([desk], (end - STEP, end), later, sent.edition_of)
    assert again.day == date(2026, 3, 28)
    assert sent.edition_of(again), "it is there: this one edits it"
    assert due([desk], (end, end + STEP), later, sent.edition_of) == []


def test_a_rerun_posts_no_digest_of_long_ago():
    end = datetime(2026, 3, 28, 8, 4, tzinfo=UTC)
    never = Sent(datetime(2026, 1, 1, tzinfo=UTC))
    assert due([receiver("08:00")], (end - STEP, end), end + timedelta(days=5), never.edition_of) == []


def test_a_receiver_without_digests_begins_at_its_next_at():
    sent = Sent(datetime(2026, 1, 1, tzinfo=UTC))
    run_all([receiver("08:00")], datetime(2026, 3, 27, 15, 4, tzinfo=UTC), 96, sent)
    assert [day for _, day, _ in sent.posts] == [date(2026, 3, 28)]


def test_a_digest_asked_for_before_its_day_was_over_is_completed_at_its_time():
    desk, sent = receiver("08:00"), Sent(FIRST_RUN)
    early = datetime(2026, 3, 27, 6, 0, tzinfo=UTC)
    (day,) = of_date([desk], date(2026, 3, 27), early)
    sent.send(day, early)
    down = datetime(2026, 3, 27, 7, 0, tzinfo=UTC), datetime(2026, 3, 27, 9, 4, tzinfo=UTC)
    run_all([desk], FIRST_RUN, 60, sent, down=down)
    assert sent.editions[day.digest_id] == edition_at(down[1] + timedelta(seconds=5))
    assert len(sent.posts) == 1


def test_a_date_asked_for_by_hand_is_everybodys_who_has_a_digest_and_has_begun():
    none = ConsoleReceiver(name="quiet", kind="console")
    now = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
    found = of_date([receiver(), receiver(name="nepal", zone="Asia/Kathmandu"), none], date(2026, 3, 27), now)
    assert [day.receiver for day in found] == ["desk", "nepal"]
    assert of_date([receiver("08:00")], date(2026, 3, 29), now) == [], "it begins tomorrow"


def test_few_questions_are_asked_when_nothing_is_due():
    asked = []

    def edition_of(day):
        asked.append(day)
        return edition_at(day.end)

    many = [receiver(name=f"desk-{number}") for number in range(5)] + [ConsoleReceiver(name="quiet", kind="console")]
    now = datetime(2026, 3, 27, 15, 4, tzinfo=UTC)
    assert due(many, (now - STEP, now), now, edition_of) == []
    assert len(asked) == 5, "one object of the delivery log for each"


def test_the_identity_is_the_receiver_and_its_local_date():
    assert day_of(receiver("08:00"), date(2026, 3, 27)).digest_id == (
        day_of(receiver("17:00", "Asia/Kathmandu"), date(2026, 3, 27)).digest_id
    )
    assert len({day_of(receiver(name=name), date(2026, 3, 27)).digest_id for name in ("desk", "night")}) == 2
