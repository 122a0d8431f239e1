"""When somebody must look at a source, and when nothing is polled any more. Told by states, by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from include.wirewatch.config.sources import Source
from include.wirewatch.frontier.health import death_of, health_of, idle_since
from include.wirewatch.frontier.state import Mark, PollMark, SourceState

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SOURCE = Source(name="ours", publisher="Ours", kind="feed", url="https://ours.example/feed")
OTHER = Source(name="other", publisher="Other", kind="feed", url="https://other.example/feed")


def ago(**by: float) -> int:
    return int((NOW - timedelta(**by)).timestamp())


def state(*polls: tuple[float, str], entries: dict[str, Mark] | None = None, not_before: int = 0) -> SourceState:
    """polls: hours ago, label."""
    marks = tuple(PollMark(ago(hours=hours), label, 9 * (label == "fetched"), 0, False) for hours, label in polls)
    return SourceState(ago(days=20), marks, entries=entries or {}, not_before=not_before)


def five_a_day(until_hours_ago: float) -> dict[str, Mark]:
    ages = [hours for hours in range(1, 10 * 24, 4) if hours > until_hours_ago]
    return {f"{hours}": Mark(ago(hours=hours), ago(hours=hours), done=True) for hours in ages}


@pytest.mark.parametrize(
    ("remembered", "death"),
    [
        pytest.param(state((30, "fetched"), (2, "timeout"), (1, "timeout"), (0.1, "timeout")), "", id="for two hours"),
        pytest.param(state((72, "fetched"), (25, "http_404"), (0.1, "http_404")), "", id="twice, after a long pause"),
        pytest.param(
            state((30, "fetched"), (25, "http_404"), (20, "http_404"), (0.1, "http_410")),
            "http_410: 3 polls in a row, since 2026-11-23 11:00 UTC",
            id="for a day",
        ),
        pytest.param(
            state((25, "timeout"), (20, "timeout"), (0.1, "timeout")),
            "timeout: 3 polls in a row, since 2026-11-23 11:00 UTC",
            id="for a day, and it never succeeded",
        ),
        pytest.param(state((25, "timeout"), (24.5, "timeout"), (0.1, "fetched")), "", id="it has come back"),
        pytest.param(
            state((50, "fetched"), (0.1, "fetched"), entries=five_a_day(25)),
            "silent: nothing new for a day, usually 6 a day, although its polls succeed",
            id="silent",
        ),
        pytest.param(state((30, "fetched"), entries=five_a_day(29)), "", id="nobody asked it for a day"),
        pytest.param(state((50, "fetched"), (0.1, "fetched"), entries=five_a_day(0)), "", id="well"),
        pytest.param(None, "", id="never polled"),
    ],
)
def test_a_source_is_dead_after_a_day_of_failures_or_of_silence(remembered, death):
    assert death_of(health_of(SOURCE, remembered, NOW), NOW) == death


def test_a_source_that_is_switched_off_is_not_dead():
    failing = state((30, "timeout"), (20, "timeout"), (0.1, "timeout"))
    off = SOURCE.model_copy(update={"enabled": False})
    assert death_of(health_of(SOURCE, failing, NOW), NOW)
    assert death_of(health_of(off, failing, NOW), NOW) == ""


@pytest.mark.parametrize(
    ("states", "idle_hours"),
    [
        pytest.param({}, None, id="nothing was ever polled"),
        pytest.param({"ours": state((5, "fetched"), (4, "fetched"))}, 4 - 11.25 / 60, id="due since then"),
        pytest.param({"ours": state((0.01, "fetched"))}, None, id="polled just now"),
        pytest.param(
            {"ours": state((5, "fetched")), "other": state((2, "fetched"))}, 2, id="another was polled meanwhile"
        ),
        pytest.param({"ours": state((5, "fetched"), not_before=ago(hours=-1))}, None, id="its host asked for a pause"),
    ],
)
def test_nothing_is_polled_any_more_since_one_was_due_and_none_was_polled(states, idle_hours):
    since = idle_since([SOURCE, OTHER], states, NOW)
    expected = None if idle_hours is None else NOW - timedelta(hours=idle_hours)
    assert since == expected
