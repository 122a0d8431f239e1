"""The short form of the chaos run, and that it notices what it is there to notice."""

import pytest

from tests.chaos.chaos import PROTOCOL, Plan, run
from tests.chaos.news import SHORT

pytestmark = pytest.mark.slow


def test_no_message_is_lost_or_doubled_under_fire_and_every_thread_count_and_edition_is_right(tmp_path):
    # Each lost answer costs its settling: with as many as in the long form this would take twice as long.
    report = run(Plan(SHORT, cuts_each=1, cuts_most=1, chance=1, slack_faults=0.25, limit_s=150), tmp_path)
    assert report.is_clean, str(report)
    assert report.kills >= len(PROTOCOL), str(report)
    assert str(report).endswith(f"{SHORT.alerts} alerts, {report.kills} kills, 0 lost, 0 doubled")


def sabotaged(tmp_path, sabotage, limit_s, slack_faults=0.0):
    waits = {"settle_s": 1, "lease_s": 1.5}
    plan = Plan(SHORT, cuts_each=0, limit_s=limit_s, slack_faults=slack_faults, sabotage=sabotage, **waits)
    report = run(plan, tmp_path)
    assert not report.is_clean
    assert "never killed at 'claim'" in str(report)
    return report


def test_a_worker_that_does_not_look_for_lost_posts_is_found_out(tmp_path):
    assert sabotaged(tmp_path, "never_look", 12, 0.6).doubled


def test_a_worker_that_forgets_alerts_is_found_out(tmp_path):
    assert sabotaged(tmp_path, "forget", 8).lost


def test_a_worker_that_minds_no_thread_no_count_and_no_edition_is_found_out(tmp_path):
    report = sabotaged(tmp_path, "show_no_context", 20)
    assert (report.lost, report.doubled) == (0, 0)
    problems = "\n".join(report.problems)
    assert "text 0 at desk-0: 3 messages stand by themselves" in problems
    assert "the addendum to single-0 at desk-1 is not in its thread" in problems
    assert "storm-0: 1 rollups, 4 stories stand by themselves, 0 are replies" in problems
    assert "digest-0 shows 'digest 0, edition 1'" in problems
