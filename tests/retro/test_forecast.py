"""Alerts a day and receiver, decided as the live run decides them."""

from datetime import timedelta

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.retro.forecast import Forecast
from include.wirewatch.retro.tally import Tally
from include.wirewatch.stages.judge import text_signature
from tests.retro.samples import MONDAY, TUESDAY, WEDNESDAY, article, matched, rules

RULES = rules(truce="high: truce", oil="low: oil")
DESK = {"name": "desk", "kind": "console"}
STORY = (
    "Envoys of both sides met in the harbour on Monday night and agreed on a truce of thirty days, said the mediators, "
    "who had worked for weeks on a list of conditions that nobody outside the room has seen, and which they defend."
)


def forecast_of(*found, receivers=(DESK,), routes=({"to": ["desk"]},), max_ages=None, **more):
    """The same whether signatures come from the archive or are worked out."""
    file = ReceiversFile.model_validate({"receivers": receivers, "routes": routes, **more})
    forecasts, tally = [Forecast(file, max_ages or {}) for _ in range(2)], Tally(RULES)
    for day in (MONDAY, TUESDAY, WEDNESDAY):
        for on, one in found:
            if on == day:
                new = tally.add(day, one, matched(day, one, RULES).verdicts[0])
                for forecast, signature in zip(forecasts, (None, text_signature(one)), strict=True):
                    forecast.add(day, one, new, signature)
        for forecast in forecasts:
            forecast.end(day)
    assert all(counts(forecasts[0], name) == counts(forecasts[1], name) for name in forecasts[0].receivers)
    return forecasts[0]


def counts(forecast, name="desk"):
    counted = forecast.receivers[name]
    return dict(counted.alerts), dict(counted.replies), dict(counted.digest)


def test_an_article_is_one_alert_to_each_receiver_of_its_routes():
    found = (MONDAY, article("a", "A truce on oil."))
    routes = [{"to": ["desk"], "rules": ["truce"]}, {"to": ["desk", "wire"]}, {"to": ["none"], "rules": ["other"]}]
    names = [{"name": name, "kind": "console"} for name in ("desk", "wire", "none")]
    forecast = forecast_of(found, receivers=names, routes=routes)
    assert counts(forecast, "desk") == counts(forecast, "wire") == ({MONDAY: 1}, {}, {})
    assert counts(forecast, "none") == ({}, {}, {})


def test_a_copy_within_a_day_is_a_reply_and_later_an_alert():
    near, far = article("copy", STORY, TUESDAY, hour=11), article("late", STORY, TUESDAY, hour=13)
    assert counts(forecast_of((MONDAY, article("a", STORY)), (TUESDAY, near))) == ({MONDAY: 1}, {TUESDAY: 1}, {})
    assert counts(forecast_of((MONDAY, article("a", STORY)), (TUESDAY, far))) == ({MONDAY: 1, TUESDAY: 1}, {}, {})


def test_the_earlier_of_two_copies_is_the_alert_whatever_their_order_in_the_archive():
    late, early = article("a", STORY, hour=20, publisher="P"), article("b", STORY, hour=8)
    assert counts(forecast_of((MONDAY, late), (MONDAY, early))) == ({MONDAY: 1}, {MONDAY: 1}, {})


def test_a_further_rule_in_a_later_version_is_a_reply():
    found = [(MONDAY, article("a", "A truce.")), (TUESDAY, article("a", "A truce; oil.", TUESDAY))]
    assert counts(forecast_of(*found)) == ({MONDAY: 1}, {TUESDAY: 1}, {})


def test_what_waits_for_the_digest_is_no_alert():
    desk = {**DESK, "instant_from": "high", "digest": {"at": "08:00"}}
    found = [(MONDAY, article("a", "Oil.")), (MONDAY, article("b", "A truce."))]
    assert counts(forecast_of(*found, receivers=[desk])) == ({MONDAY: 1}, {}, {MONDAY: 1})


def test_an_article_that_was_too_old_when_it_was_found_alerts_nobody_and_is_counted():
    old = article("a", "A truce.", published="2026-11-20T00:00:00Z")
    forecast = forecast_of((MONDAY, old))
    assert counts(forecast) == ({}, {}, {})
    assert forecast.stale == {MONDAY: 1}
    assert counts(forecast_of((MONDAY, old), max_ages={"harbour": timedelta(days=9)})) == ({MONDAY: 1}, {}, {})


def test_what_history_fetched_months_later_counts_as_of_its_own_day():
    found = article("a", "A truce.", hour=2, fetched_at="2027-03-01T00:00:00Z", first_seen="2027-03-01T00:00:00Z")
    assert counts(forecast_of((MONDAY, found))) == ({MONDAY: 1}, {}, {})


def test_silences_do_not_count():
    silences = [{"rules": ["truce"], "until": "2027-01-01T00:00:00Z", "reason": "test"}]
    forecast = forecast_of((MONDAY, article("a", "A truce.")), silences=silences)
    assert counts(forecast) == ({MONDAY: 1}, {}, {})
