"""The short form of the chaos run, and that it would notice."""

import pytest

from tests.chaos.chaos import Plan, run


@pytest.mark.slow
def test_no_alert_is_lost_or_doubled_under_fire(tmp_path):
    report = run(Plan(alerts=40, workers=4, cuts_each=1, chance=0.5, limit_s=120), tmp_path)
    assert report.is_clean, str(report)
    assert report.kills >= 14, str(report)
