from datetime import timedelta

import pytest

from include.wirewatch.deliver.decide import LEASE, SETTLE, Decision, decide
from include.wirewatch.deliver.log import LogEntry
from tests.deliver.conftest import NOW, make_alert


def entry(**changes: object) -> LogEntry:
    facts = {
        "alert_id": "a",
        "article_id": "article-1",
        "receiver": "desk",
        "rules": ("ceasefire",),
        "state": "posting",
        "owner": "worker-1",
        "nonce": "n",
        "lease_until": NOW,
        **changes,
    }
    return LogEntry.model_validate(facts)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(None, Decision.FIRST, id="nobody has tried"),
        pytest.param(entry(lease_until=NOW + LEASE), Decision.OWNED, id="claimed a moment ago"),
        pytest.param(entry(), Decision.RESUME, id="the lease has run out and nothing was posted"),
        pytest.param(entry(last_try=NOW), Decision.SETTLING, id="a post was begun just now"),
        pytest.param(entry(last_try=NOW - SETTLE), Decision.RECONCILE, id="a post was begun long enough ago"),
        pytest.param(
            entry(last_try=NOW - SETTLE, lease_until=NOW + LEASE), Decision.OWNED, id="another worker is looking for it"
        ),
        pytest.param(entry(state="sent"), Decision.ALREADY_SENT, id="sent"),
        pytest.param(entry(state="dead"), Decision.DEAD, id="refused for good"),
    ],
)
def test_decision_follows_from_the_log_entry(known, expected):
    assert decide(make_alert(), known, NOW) is expected


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        pytest.param(None, Decision.HELD, id="nobody has tried"),
        pytest.param(entry(), Decision.HELD, id="claimed and never posted"),
        pytest.param(entry(last_try=NOW - SETTLE), Decision.HELD, id="begun: looking for it could end in a post"),
        pytest.param(entry(lease_until=NOW + LEASE), Decision.OWNED, id="another worker is at it"),
        pytest.param(entry(state="sent"), Decision.ALREADY_SENT, id="sent"),
        pytest.param(entry(state="dead"), Decision.DEAD, id="refused for good"),
    ],
)
def test_quiet_hours_hold_whatever_could_be_posted(known, expected):
    assert decide(make_alert(), known, NOW, held=True) is expected


def test_an_alert_is_not_posted_before_its_time():
    alert = make_alert(not_before=NOW + timedelta(seconds=1))
    assert decide(alert, None, NOW) is Decision.NOT_YET
    assert decide(alert, None, NOW + timedelta(seconds=1)) is Decision.FIRST
