"""Freshness is the one flood guard: first polls, lost frontiers and changed shard counts all pass through it."""

from datetime import UTC, datetime, timedelta

import pytest

from include.wirewatch.stages.judge import is_fresh
from tests.deliver.test_route import ARTICLE

END = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("published", "first_seen", "first_poll", "fresh"),
    [
        pytest.param(END - timedelta(hours=1), END, False, True, id="an hour old"),
        pytest.param(END - timedelta(hours=1), END, True, True, id="an hour old, on a first poll"),
        pytest.param(END - DAY, END, False, True, id="just within the age"),
        pytest.param(END - DAY - timedelta(seconds=1), END, False, False, id="just beyond it"),
        pytest.param(END - timedelta(days=400), END, False, False, id="a static feed's old article, seen again"),
        pytest.param(None, END, False, True, id="undated, and new in a source that we know"),
        pytest.param(None, END, True, False, id="undated on a first poll: it may be years old"),
        pytest.param(None, END - timedelta(days=3), False, False, id="undated, first seen long ago"),
    ],
)
def test_what_may_alert(published, first_seen, first_poll, fresh):
    article = ARTICLE.model_copy(update={"published": published, "first_seen": first_seen})
    assert is_fresh(article, first_poll=first_poll, interval_end=END, max_age=DAY) is fresh
