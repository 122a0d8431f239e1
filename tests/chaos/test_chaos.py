"""The short form of the chaos run, and that it notices what it is there to notice."""

import pytest

from tests.chaos.chaos import PROTOCOL, Plan, run

pytestmark = pytest.mark.slow


def test_no_alert_is_lost_or_doubled_under_fire(tmp_path):
    report = run(Plan(alerts=25, cuts_each=1, chance=1, limit_s=150), tmp_path)
    assert report.is_clean, str(report)
    assert report.kills >= len(PROTOCOL), str(report)
    assert str(report).endswith(f"25 alerts, {report.kills} kills, 0 lost, 0 doubled")


def test_a_worker_that_does_not_look_for_lost_posts_is_found_out(tmp_path):
    report = run(Plan(alerts=15, cuts_each=0, limit_s=15, settle_s=1, lease_s=1.5, sabotage="never_look"), tmp_path)
    assert report.doubled
    assert not report.is_clean
    assert "never killed at 'claim'" in str(report)


def test_a_worker_that_forgets_alerts_is_found_out(tmp_path):
    report = run(Plan(alerts=15, cuts_each=0, limit_s=10, settle_s=1, lease_s=1.5, sabotage="forget"), tmp_path)
    assert report.lost
    assert "were enqueued, expected 15" in str(report)
