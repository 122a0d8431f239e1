"""Quiet hours by the clock on the wall, through every change of the clocks; nothing is dropped or posted twice."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from include.wirewatch.config.receivers import DAYS, ConsoleReceiver, QuietHours
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.offer import offer
from include.wirewatch.deliver.quiet import ALWAYS_OPEN, Quiet, free_since, held_until
from include.wirewatch.deliver.receiver import BusyError, UnknownOutcomeError
from include.wirewatch.deliver.rollup import Gathering
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from tests.deliver.conftest import NOW, make_alert, make_bulletin, rule_match

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours.model_validate({"from": "22:00", "to": "07:00"})
WEEKEND = QuietHours.model_validate({"from": "00:00", "to": "00:00", "days": ["sat", "sun"]})
# The last is a day of which the whole was left out.
ZONES = {
    "Europe/Berlin": (2026, 3, 10, 29, 25),
    "America/Santiago": (2026, 4, 9, 4, 5),
    "Australia/Lord_Howe": (2026, 4, 10, 4, 3),
    "Asia/Kolkata": (2026, 1, 6, 1, 1),
    "Africa/Casablanca": (2026, 2, 3, 14, 21),
    "Pacific/Apia": (2011, 12, 12, 29, 29),
}


def quiet(*hours, timezone="Europe/Berlin"):
    return Quiet(hours or (NIGHT,), timezone)


def berlin(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def held(text, *hours, severity="normal"):
    until = held_until(quiet(*hours), severity, berlin(text))
    return f"{until.astimezone(BERLIN):%a %H:%M}"


@pytest.mark.parametrize(
    ("now", "hours", "until"),
    [
        pytest.param("2026-11-24 12:00", (NIGHT,), "Tue 12:00", id="by day"),
        pytest.param("2026-11-24 21:59", (NIGHT,), "Tue 21:59", id="a minute before"),
        pytest.param("2026-11-24 22:00", (NIGHT,), "Wed 07:00", id="at the first minute"),
        pytest.param("2026-11-25 02:00", (NIGHT,), "Wed 07:00", id="past midnight"),
        pytest.param("2026-11-25 06:59", (NIGHT,), "Wed 07:00", id="at the last minute"),
        pytest.param("2026-11-25 07:00", (NIGHT,), "Wed 07:00", id="at its end"),
        pytest.param("2026-11-28 12:00", (WEEKEND,), "Mon 00:00", id="two whole days, one after the other"),
        pytest.param("2026-11-27 23:00", (NIGHT, WEEKEND), "Mon 07:00", id="nights and weekends"),
        pytest.param("2026-11-27 23:00", (WEEKEND,), "Fri 23:00", id="a day on which none begin"),
        pytest.param("2026-03-29 01:00", (NIGHT,), "Sun 07:00", id="the night of 23 hours"),
        pytest.param("2026-10-25 01:00", (NIGHT,), "Sun 07:00", id="the night of 25 hours"),
    ],
)
def test_an_alert_waits_for_the_end_by_the_readers_clock(now, hours, until):
    assert held(now, *hours) == until


def test_what_is_severe_enough_does_not_wait():
    patient = NIGHT.model_copy(update={"let_through": "normal"})
    assert held("2026-11-24 23:00", severity="high") == "Tue 23:00"
    assert held("2026-11-24 23:00", severity="normal") == "Wed 07:00"
    assert held("2026-11-24 23:00", patient, severity="normal") == "Tue 23:00"
    assert held("2026-11-24 23:00", patient, severity="low") == "Wed 07:00"


def hours_that_end(text):
    return QuietHours.model_validate({"from": "23:00", "to": text})


def test_an_end_that_the_clock_skips_or_shows_twice_comes_once():
    skipped = held_until(quiet(hours_that_end("02:30")), "normal", berlin("2026-03-29 01:00"))
    assert skipped == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    first = held_until(quiet(hours_that_end("02:30")), "normal", berlin("2026-10-25 01:00"))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    again = held_until(quiet(hours_that_end("02:30")), "normal", first + timedelta(minutes=40))
    assert again == datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "the wall shows 02:10 once more"


def is_quiet_by_the_wall(hours, zone, moment):
    """The definition, as plain as can be: what the wall shows, and on which day the hours began."""
    wall = moment.astimezone(zone)
    minute, today = wall.hour * 60 + wall.minute, wall.weekday()
    start, end = (at.hour * 60 + at.minute for at in (hours.start, hours.end))
    begins_today = not hours.days or DAYS[today] in hours.days
    began_yesterday = not hours.days or DAYS[today - 1] in hours.days
    if start < end:
        return begins_today and start <= minute < end
    return (begins_today and minute >= start) or (began_yesterday and minute < end)


times = st.times().map(lambda at: f"{at:%H:%M}")
windows = st.builds(
    lambda start, end, days: QuietHours.model_validate({"from": start, "to": end, "days": sorted(days)}),
    times,
    times,
    st.sets(st.sampled_from(DAYS), min_size=1, max_size=6),
)


@settings(deadline=None)
@given(zone=st.sampled_from(sorted(ZONES)), hours=st.lists(windows, min_size=1, max_size=2), data=st.data())
def test_whatever_the_zone_the_clocks_and_the_hours_it_is_held_while_the_wall_says_so_and_not_after(zone, hours, data):
    try:
        receiver = ConsoleReceiver.model_validate({"name": "x", "kind": "console", "quiet_hours": hours})
    except ValidationError:
        return  # never anything but quiet
    year, *months_and_days = ZONES[zone]
    month, other, day, other_day = months_and_days
    around = datetime(year, *data.draw(st.sampled_from([(month, day), (other, other_day)])), tzinfo=UTC)
    now = around + timedelta(minutes=data.draw(st.integers(-3000, 3000)))

    def is_quiet(moment):
        return any(is_quiet_by_the_wall(one, ZoneInfo(zone), moment) for one in receiver.quiet_hours)

    until = held_until(Quiet(receiver.quiet_hours, zone), "low", now)
    assert (until > now) == is_quiet(now)
    assert not is_quiet(until)
    if is_quiet(now):
        minutes = itertools.takewhile(lambda at: at < until, (now + timedelta(minutes=n) for n in range(10_000)))
        open_ones = [minute for minute in minutes if not is_quiet(minute)]
        # Only an end within a skipped hour (or Samoa's day) is late, by what of it was skipped.
        assert len(open_ones) <= (24 * 60 if zone == "Pacific/Apia" else 60)


def test_since_when_it_could_go_out_is_counted_from_the_end_of_the_last_quiet_hours():
    evening, morning = berlin("2026-11-24 21:00"), berlin("2026-11-25 08:30")
    assert free_since(quiet(), "normal", evening, morning) == berlin("2026-11-25 07:00")
    assert free_since(quiet(), "high", evening, morning) == evening
    assert free_since(quiet(), "normal", morning, berlin("2026-11-25 09:00")) == morning
    assert free_since(ALWAYS_OPEN, "normal", evening, morning) == evening


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ({"from": 1320, "to": "07:00"}, 'in quotes, such as "22:00"'),
        ({"from": "24:00", "to": "07:00"}, 'in quotes, such as "22:00"'),
        ({"from": "22:00"}, "Field required"),
        ({"from": "22:00", "to": "07:00", "days": ["Monday"]}, "Input should be 'mon'"),
        ({"from": "00:00", "to": "00:00"}, "quiet at every hour of the week"),
        ([{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "00:00"}], "quiet at every hour of the week"),
    ],
)
def test_quiet_hours_that_cannot_be_meant_are_refused(hours, says):
    with pytest.raises(ValidationError, match=says):
        ConsoleReceiver.model_validate({"name": "x", "kind": "console", "quiet_hours": hours})


# ---- in the drain. NOW is 12:00 UTC, 13:00 in Berlin.

LUNCH = Quiet((QuietHours.model_validate({"from": "12:30", "to": "14:00"}),), "Europe/Berlin")
URGENT = (rule_match("ultimatum", severity="high"),)
TEXT = " ".join(f"word{number}" for number in range(200))


def drain(store, clock, channel, **options):
    return Drain(store, {"desk": channel}, "w", quiet={"desk": LUNCH}, now=clock, sleep=clock.sleep, **options)


def deliver(store, clock, channel, *alerts):
    for alert in alerts:
        outbox.enqueue(store, alert)
    return drain(store, clock, channel).run(90)


def test_in_quiet_hours_alerts_wait_severe_ones_and_bulletins_do_not_and_afterwards_each_is_posted_once(
    store, clock, channel
):
    urgent, bulletin = make_alert(9, matches=URGENT), make_bulletin()
    result = deliver(store, clock, channel, make_alert(1), make_alert(2), urgent, bulletin)
    assert result.counts == {"held": 2, "posted": 2}
    assert sorted(channel.posted) == sorted([urgent.alert_id, bulletin.alert_id])
    clock.sleep(3600)
    assert drain(store, clock, channel).run(90).counts == {"posted": 2}
    assert drain(store, clock, channel).run(90).counts == {}
    assert len(channel.posted) == len(set(channel.posted)) == 4


def test_another_receiver_is_not_held(store, clock, channel):
    outbox.enqueue(store, make_alert(receiver="night"))
    Drain(store, {"night": channel}, "w", quiet={"desk": LUNCH}, now=clock, sleep=clock.sleep).run(90)
    assert len(channel.posted) == 1


def test_what_waits_is_overdue_only_an_hour_after_its_quiet_hours(store, clock, channel):
    clock.now = NOW - timedelta(hours=1)
    outbox.enqueue(store, make_alert(not_before=clock.now))
    channel.faults = [BusyError(3000)] * 3
    assert drain(store, clock, channel).run(90).counts == {"left_for_next": 1}
    clock.sleep(3600)
    held = drain(store, clock, channel).run(90)
    assert (held.counts, held.failures) == ({"held": 1}, [])
    clock.sleep(3601)
    assert drain(store, clock, channel).run(90).failures == []
    clock.sleep(3600)
    assert "overdue, the oldest since 2026-11-24 13:00 UTC" in drain(store, clock, channel).run(90).failures[0].says


def test_a_post_whose_answer_was_lost_before_is_looked_for_afterwards(store, clock, channel):
    clock.now = NOW - timedelta(minutes=31)
    channel.after_accept.append(UnknownOutcomeError("no answer"))
    deliver(store, clock, channel, make_alert(not_before=clock.now))
    clock.sleep(600)
    assert drain(store, clock, channel).run(90).counts == {"held": 1}
    clock.sleep(2 * 3600)
    assert drain(store, clock, channel).run(90).counts == {"found": 1}
    assert len(channel.posted) == 1


def test_a_copy_waits_too_and_in_the_thread_of_what_waited_with_it(store, clock, channel):
    signature = signature_of(TEXT)
    deliver(store, clock, channel, *(make_alert(number, signature=signature) for number in (1, 2)))
    assert channel.posted == []
    clock.sleep(3600)
    drain(store, clock, channel).run(90)
    assert [place.parent for place in channel.places.values()] == ["", channel.posted[0]]


def addendum(rule, severity="normal"):
    return make_alert(matches=(rule_match(), rule_match(rule, severity=severity)), batch="later")


@pytest.mark.parametrize("reply_first", [False, True], ids=["it comes first", "its reply comes first"])
def test_a_severe_addendum_takes_the_alert_that_it_belongs_to_along(store, clock, channel, monkeypatch, reply_first):
    offer(store, make_alert())
    offer(store, addendum("ultimatum", "high"))
    offer(store, addendum("sanctions"))
    listed = sorted(outbox.waiting(store), key=lambda alert: bool(alert.parent), reverse=reply_first)
    with monkeypatch.context() as patch:
        patch.setattr(outbox, "waiting", lambda _: iter(listed))
        assert drain(store, clock, channel).run(90).counts == {"posted": 2, "held": 1}
    assert channel.posted[0] == make_alert().alert_id
    assert channel.places[channel.posted[1]] == Place(make_alert().alert_id, "1", broadcast=True)
    clock.sleep(3600)
    assert drain(store, clock, channel).run(90).counts == {"posted": 1}


def test_a_severe_copy_of_a_story_that_waits_leads_it(store, clock, channel):
    signature = signature_of(TEXT)
    waits, urgent = make_alert(1, signature=signature), make_alert(2, signature=signature, matches=URGENT)
    assert deliver(store, clock, channel, waits, urgent).counts == {"held": 1, "posted": 1}
    assert channel.places == {urgent.alert_id: BY_ITSELF}
    clock.sleep(3600)
    drain(store, clock, channel).run(90)
    assert channel.places[waits.alert_id].parent == urgent.alert_id


def test_a_severe_story_opens_its_group_in_quiet_hours(store, clock, channel):
    by_rule = {"desk": Gathering(group_by="publisher")}
    outbox.enqueue(store, make_alert(1, matches=URGENT))
    outbox.enqueue(store, make_alert(2))
    first = drain(store, clock, channel, gathering=by_rule).run(90)
    assert first.counts == {"posted": 2, "held": 1}
    clock.sleep(3600)
    drain(store, clock, channel, gathering=by_rule).run(90)
    assert len({place.parent for place in channel.places.values()} - {""}) == 1
