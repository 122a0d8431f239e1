"""The frontier: what is fetched, when it is polled next, and a memory that survives kills, races and resharding."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.wirewatch.config.sources import Source
from include.wirewatch.errors import StoreError
from include.wirewatch.frontier import (
    Frontier,
    Handled,
    bucket_of,
    delta_of,
    is_due,
    is_final,
    merge,
    owned,
    unseen,
    validators_for,
)
from include.wirewatch.frontier.decide import MAX_ATTEMPTS, interval_s, streak_of_failures
from include.wirewatch.frontier.state import (
    POLLS_KEPT,
    REMEMBER_S,
    Mark,
    PollMark,
    SourceState,
    from_json,
    key_of,
    pruned,
    to_json,
)
from include.wirewatch.models import Entry, Outcome, Reason
from tests.effort import Work, assert_linear

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FETCHED = Outcome(reason=Reason.FETCHED, status=200)
UNCHANGED = Outcome(reason=Reason.UNCHANGED, status=304)
TIMEOUT = Outcome(reason=Reason.TIMEOUT)
NOT_FOUND = Outcome(reason=Reason.HTTP_ERROR, status=404)
FORBIDDEN = Outcome(reason=Reason.HTTP_ERROR, status=403)
BUSY = Outcome(reason=Reason.HTTP_ERROR, status=429, retry_after_s=7200)
NOT_FETCHED = Outcome(reason=Reason.NOT_FETCHED)


class Polled(NamedTuple):
    entries: tuple[Entry, ...]
    outcome: Outcome = FETCHED
    etag: str = '"v1"'
    last_modified: str = ""


def source_of(name: str = "ours", **settings: object) -> Source:
    given = {"name": name, "publisher": "Ours", "kind": "feed", "url": f"https://{name}.example/feed"}
    return Source(**{**given, **settings})


SOURCE = source_of()


def entry(path: str, **fields: object) -> Entry:
    return Entry(url=f"https://ours.example/{path}", source="ours", **fields)


def after(state: SourceState | None, poll: Polled, *handled: Handled, at: datetime = NOW, source: Source = SOURCE):
    """The state once this poll's delta is merged."""
    change = from_json(delta_of(source, state, poll, handled, at)[source.name]["state"])
    return merge(state, change) if state else change


def polls(state: SourceState | None, *outcomes: Outcome, every: timedelta = timedelta(minutes=10)) -> SourceState:
    start = NOW + timedelta(seconds=state.polls[-1].at - NOW.timestamp()) if state and state.polls else NOW
    for number, outcome in enumerate(outcomes, start=1):
        entries = (entry("a"),) if outcome is FETCHED else ()
        state = after(state, Polled(entries, outcome), at=start + number * every)
    return state


def done(path: str, outcome: Outcome = FETCHED, **fields: object) -> Handled:
    return Handled(entry(path, **fields), outcome, True)


# ---- which entries are fetched


def test_on_a_first_poll_everything_is_new_and_marked_as_such():
    (found,) = unseen(None, [entry("a")], NOW)
    assert (found.entry, found.first_seen, found.first_poll) == (entry("a"), NOW, True)


@pytest.mark.parametrize("failure", [TIMEOUT, UNCHANGED])
def test_a_first_listing_after_failed_polls_is_still_the_first(failure):
    # Otherwise a source that was down when it was added would alert on every undated article it has.
    state = polls(None, failure, failure)
    found = unseen(state, [entry("a"), entry("b")], NOW)
    assert [one.first_poll for one in found] == [True, True]
    state = after(state, Polled((entry("a"), entry("b"))), done("a"), at=NOW)
    assert [one.first_poll for one in unseen(state, [entry("b"), entry("c")], NOW)] == [True, False]


def test_what_is_done_is_not_fetched_again():
    state = after(None, Polled((entry("a"),)), done("a"))
    later = NOW + timedelta(hours=5)
    assert [found.entry.url[-1] for found in unseen(state, [entry("a"), entry("b")], later)] == ["b"]
    assert unseen(state, [entry("b")], later)[0].first_poll is False


def test_an_entry_under_another_tracking_parameter_is_the_same_entry():
    state = after(None, Polled((entry("a?utm_source=rss"),)), done("a?utm_source=rss"))
    assert unseen(state, [entry("a"), entry("a?fbclid=1")], NOW) == []


def test_what_did_not_fit_into_a_run_keeps_its_first_sighting_and_its_first_poll():
    state = after(None, Polled((entry("a"), entry("b"))), done("a"))
    (found,) = unseen(state, [entry("a"), entry("b")], NOW + timedelta(minutes=5))
    assert (found.entry.url[-1], found.first_seen, found.first_poll) == ("b", NOW, True)


def test_a_page_that_is_not_there_yet_is_tried_again_at_once_then_later_and_then_no_more():
    item, moments = entry("a"), []
    state, now = None, NOW
    for _ in range(12):
        todo = unseen(state, [item], now)
        handled = []
        if todo:
            moments.append(int((now - NOW).total_seconds() / 60))
            handled = [Handled(item, NOT_FOUND, is_final(NOT_FOUND, todo[0].attempts, todo[0].first_seen, now))]
        state = after(state, Polled((item,)), *handled, at=now)
        now += timedelta(minutes=5)
    assert moments == [0, 5, 20]


@pytest.mark.parametrize("outcome", [NOT_FOUND, TIMEOUT, Outcome(reason=Reason.HTTP_ERROR, status=503)])
def test_what_may_pass_is_final_with_the_last_attempt(outcome):
    assert [is_final(outcome, tried, NOW, NOW) for tried in range(MAX_ATTEMPTS)] == [False] * (MAX_ATTEMPTS - 1) + [
        True
    ]


@pytest.mark.parametrize(
    "outcome",
    [FETCHED, FORBIDDEN, Outcome(reason=Reason.HTTP_ERROR, status=410)]
    + [Outcome(reason=reason) for reason in (Reason.ROBOTS, Reason.TOO_LARGE, Reason.NOT_HTML, Reason.REFUSED_ADDRESS)],
)
def test_what_will_not_pass_is_final_at_once(outcome):
    assert is_final(outcome, 0, NOW, NOW)


def test_no_turn_at_all_is_no_attempt_but_does_not_wait_for_ever():
    assert not is_final(NOT_FETCHED, 50, NOW, NOW + timedelta(hours=5))
    assert is_final(NOT_FETCHED, 0, NOW, NOW + timedelta(hours=6))
    state = after(None, Polled((entry("a"),)), Handled(entry("a"), NOT_FETCHED, False))
    assert unseen(state, [entry("a")], NOW + timedelta(minutes=5))[0].attempts == 0


def test_a_changed_entry_is_fetched_anew_but_at_most_hourly():
    state = after(None, Polled((entry("a", modified=NOW),)), done("a", modified=NOW))
    changed = entry("a", modified=NOW + timedelta(minutes=10))
    assert unseen(state, [changed], NOW + timedelta(minutes=30)) == []
    (found,) = unseen(state, [changed], NOW + timedelta(minutes=61))
    assert (found.first_seen, found.entry) == (NOW, changed)
    state = after(state, Polled((changed,)), Handled(changed, FETCHED, True), at=NOW + timedelta(minutes=61))
    assert unseen(state, [changed], NOW + timedelta(hours=9)) == []


def test_pages_of_a_live_source_are_looked_at_again_every_hour():
    state = after(None, Polled((entry("a"),)), done("a"))
    assert unseen(state, [entry("a")], NOW + timedelta(minutes=59), tags=("live",)) == []
    assert len(unseen(state, [entry("a")], NOW + timedelta(minutes=60), tags=("live",))) == 1
    assert unseen(state, [entry("a")], NOW + timedelta(days=1)) == []


# ---- when a source is polled


def test_a_source_never_polled_is_due():
    assert is_due(None, SOURCE, NOW)


def test_a_source_is_due_after_its_interval_and_not_before():
    state = after(None, Polled((entry("a"),)), done("a"))
    assert not is_due(state, SOURCE, NOW + timedelta(minutes=4))
    assert is_due(state, SOURCE, NOW + timedelta(minutes=5))


def test_the_interval_grows_while_nothing_new_comes_and_shrinks_again():
    state = after(None, Polled((entry("a"),)), done("a"))
    quiet = polls(state, *[FETCHED] * 20)
    assert interval_s(quiet, SOURCE) == 3600
    busy, start = quiet, NOW + timedelta(hours=9)
    for number in range(9):
        new = (entry(f"{number}x"), entry(f"{number}y"))
        handled = [Handled(item, FETCHED, True) for item in new]
        busy = after(busy, Polled(new), *handled, at=start + number * timedelta(minutes=10))
    assert interval_s(busy, SOURCE) < 1000


def test_the_bounds_are_the_sources_own():
    source = source_of(min_interval="1m", max_interval="2m")
    state = polls(after(None, Polled((entry("a"),)), done("a")), *[FETCHED] * 20)
    assert interval_s(state, source) == 120
    assert is_due(state, source_of(min_interval="0s", max_interval="0s"), NOW + timedelta(minutes=200))


def test_while_entries_are_still_to_fetch_the_interval_is_the_shortest_and_the_poll_unconditional():
    state = polls(after(None, Polled((entry("a"),))), *[FETCHED] * 9)
    assert interval_s(state, SOURCE) == 300
    assert validators_for(state, SOURCE) == ("", "")


def test_a_dead_source_backs_off_to_three_days_and_no_further():
    state = after(None, Polled((entry("a"),)), done("a"))
    pauses = [interval_s(polls(state, *[TIMEOUT] * tries), SOURCE) for tries in (1, 2, 3, 12, 25)]
    assert pauses == [600, 1200, 2400, 259_200, 259_200]
    assert is_due(polls(state, *[TIMEOUT] * 25), SOURCE, NOW + timedelta(days=4))


def test_a_source_that_comes_back_is_polled_as_usual():
    state = polls(after(None, Polled((entry("a"),)), done("a")), *[TIMEOUT] * 12, FETCHED)
    assert streak_of_failures(state) == 0
    assert interval_s(state, SOURCE) <= 3600


def test_304_after_a_failure_is_still_a_failure():
    state = after(None, Polled((entry("a"),)), done("a"))
    assert streak_of_failures(polls(state, UNCHANGED, UNCHANGED)) == 0
    assert streak_of_failures(polls(state, TIMEOUT, UNCHANGED)) == 2
    assert streak_of_failures(polls(state, TIMEOUT, UNCHANGED, FETCHED)) == 0


def test_a_broken_listing_that_still_brings_entries_is_polled_at_its_own_pace():
    broken, state = Outcome(reason=Reason.BAD_RESPONSE, status=200), None
    for number in range(5):
        new = entry(str(number))
        found = Polled((new,), broken, etag="")
        state = after(state, found, Handled(new, FETCHED, True), at=NOW + number * timedelta(minutes=10))
    assert (streak_of_failures(state), interval_s(state, SOURCE)) == (0, 300)
    assert streak_of_failures(after(state, Polled((), broken), at=NOW + timedelta(hours=1))) == 1


def test_valid_but_empty_is_not_a_failure():
    assert streak_of_failures(after(None, Polled(()))) == 0


def test_validators_are_sent_back_but_not_after_a_failure():
    state = after(None, Polled((entry("a"),)), done("a"))
    assert validators_for(state, SOURCE) == ('"v1"', "")
    assert validators_for(polls(state, TIMEOUT), SOURCE) == ("", "")
    assert validators_for(polls(state, UNCHANGED), SOURCE) == ('"v1"', "")
    assert validators_for(None, SOURCE) == ("", "")


def test_validators_are_never_sent_where_the_settings_say_that_they_lie():
    state = after(None, Polled((entry("a"),)), done("a"))
    assert validators_for(state, source_of(validators=False)) == ("", "")


def test_now_and_then_a_poll_is_unconditional():
    state = after(None, Polled((entry("a"),)), done("a"))
    conditional = []
    for number in range(1, 60):
        conditional.append(any(validators_for(state, SOURCE)))
        state = after(state, Polled((), UNCHANGED), at=NOW + number * timedelta(minutes=10))
    assert 2 <= conditional.count(False) <= 4


def test_a_host_that_asks_to_be_left_alone_is_left_alone_by_later_runs_too():
    pages = after(None, Polled((entry("a"),)), Handled(entry("a"), BUSY, False))
    assert not is_due(pages, SOURCE, NOW + timedelta(minutes=119))
    assert is_due(pages, SOURCE, NOW + timedelta(minutes=121))
    listing = after(after(None, Polled((entry("a"),)), done("a")), Polled((), BUSY), at=NOW + timedelta(minutes=5))
    assert not is_due(listing, SOURCE, NOW + timedelta(minutes=124))
    assert is_due(listing, SOURCE, NOW + timedelta(minutes=126))


def test_the_wish_of_another_host_is_not_the_sources_own():
    item = Entry(url="https://elsewhere.example/a", source="ours")
    state = after(None, Polled((item,)), Handled(item, BUSY, False))
    assert is_due(state, SOURCE, NOW + timedelta(minutes=6))


# ---- a delta is a join


def waiting(state):
    """What is pending and not done."""
    done = {key for key, mark in state.entries.items() if mark.done}
    return {key: entry for key, entry in state.pending.items() if key not in done}


MARKS = st.builds(
    Mark,
    first=st.integers(0, 50),
    last=st.integers(0, 50),
    done=st.booleans(),
    attempts=st.integers(0, 4),
    modified=st.integers(0, 9),
    fetched=st.integers(0, 50),
)
POLLS = st.builds(
    PollMark,
    at=st.integers(0, 99),
    label=st.sampled_from(["fetched", "timeout"]),
    listed=st.integers(0, 9),
    fresh=st.integers(0, 9),
    conditional=st.booleans(),
)
STATES = st.builds(
    SourceState,
    since=st.integers(0, 50),
    polls=st.lists(POLLS, max_size=40, unique=True).map(lambda found: tuple(sorted(found)[-POLLS_KEPT:])),
    validators=st.tuples(st.integers(0, 50), st.sampled_from(["", "a", "b"]), st.sampled_from(["", "c"])),
    entries=st.dictionaries(st.sampled_from("abcde"), MARKS),
    not_before=st.integers(0, 99),
    pending=st.dictionaries(st.sampled_from("abcde"), st.sampled_from(["", "a", "b"])),
).map(lambda state: state._replace(pending=waiting(state)))  # as every state is


@given(STATES, STATES, STATES)
def test_merging_is_commutative_associative_and_idempotent(one, two, three):
    assert merge(one, two) == merge(two, one)
    assert merge(merge(one, two), three) == merge(one, merge(two, three))
    assert merge(one, one) == one
    assert merge(merge(one, two), two) == merge(one, two)


@given(STATES)
def test_the_stored_form_gives_the_same_state(state):
    assert from_json(json.loads(json.dumps(to_json(state)))) == state


def test_old_entries_are_forgotten_by_what_the_source_lists_not_by_the_clock():
    old, new = int(NOW.timestamp()), int(NOW.timestamp()) + REMEMBER_S
    state = SourceState(old, entries={"gone": Mark(old, old), "listed": Mark(old, new)})
    assert set(pruned(state).entries) == {"listed"}
    silent = SourceState(old, entries={"a": Mark(old, old), "b": Mark(old, old)})
    assert set(pruned(silent).entries) == {"a", "b"}, "an outage of years makes nothing new"


def test_a_static_feed_keeps_its_entries_for_ever():
    state, item = None, entry("a")
    for day in range(60):
        at = NOW + timedelta(days=day)
        state = pruned(after(state, Polled((item,)), *([done("a")] if day == 0 else []), at=at))
    assert unseen(state, [item], NOW + timedelta(days=61)) == []


def test_a_poll_that_brings_nothing_new_is_a_small_delta():
    listed = tuple(entry(f"{n}") for n in range(500))
    state = after(None, Polled(listed), *(Handled(item, FETCHED, True) for item in listed))
    assert len(json.dumps(delta_of(SOURCE, state, Polled(listed), [], NOW + timedelta(minutes=5)))) < 500


@pytest.mark.parametrize(
    "data", [None, [], {}, {"since": 1}, {"since": "x", "polls": [], "validators": [], "entries": {}}]
)
def test_a_damaged_state_is_refused_not_taken_for_an_empty_one(data):
    with pytest.raises(StoreError, match="frontier"):
        from_json(data)


def test_a_state_from_before_there_was_pending_is_read():
    state = after(None, Polled((entry("a"),)), done("a"))
    old = to_json(state)
    del old["pending"]
    assert from_json(old) == state


# ---- buckets and shards


SOURCES = tuple(source_of(f"s{number}") for number in range(60))


@pytest.mark.parametrize("shards", [1, 2, 3, 4, 16])
def test_every_source_belongs_to_exactly_one_shard(shards):
    assert sorted(s.name for shard in range(shards) for s in owned(SOURCES, shard, shards)) == sorted(
        s.name for s in SOURCES
    )


def test_sources_of_one_host_share_a_bucket_and_switched_off_ones_belong_to_none():
    assert bucket_of(source_of("a", url="https://x.example/1")) == bucket_of(source_of("b", url="https://x.example/2"))
    assert owned([source_of(enabled=False)], 0, 1) == ()


def test_a_bucket_never_moves():
    assert bucket_of(source_of(url="https://news.example/feed")) == 63


def test_another_number_of_shards_finds_every_state_again(store):
    frontier = Frontier(store)
    for shard in range(4):
        for source in owned(SOURCES, shard, 4):
            item = Entry(url=f"https://{source.name}.example/a", source=source.name)
            frontier.apply(delta_of(source, None, Polled((item,)), [Handled(item, FETCHED, True)], NOW))
    for shards in (1, 3):
        found = {}
        for shard in range(shards):
            found |= frontier.read(owned(SOURCES, shard, shards))
        assert set(found) == {source.name for source in SOURCES}
        assert all(mark.done for state in found.values() for mark in state.entries.values())


# ---- kept in S3


def test_what_was_applied_is_read_back(store):
    frontier = Frontier(store)
    assert frontier.read([SOURCE]) == {}
    frontier.apply(delta_of(SOURCE, None, Polled((entry("a"),)), [done("a")], NOW))
    state = frontier.read([SOURCE])["ours"]
    assert state.entries[key_of(entry("a").url)].done
    assert validators_for(state, SOURCE) == ('"v1"', "")


def test_a_delta_applied_twice_or_out_of_order_gives_the_same_frontier(store):
    frontier = Frontier(store)
    first = delta_of(SOURCE, None, Polled((entry("a"),)), [done("a")], NOW)
    state = from_json(first["ours"]["state"])
    second = delta_of(SOURCE, state, Polled((entry("b"),)), [done("b")], NOW + timedelta(minutes=5))
    for delta in (second, first, second, first):
        frontier.apply(delta)
    assert frontier.read([SOURCE])["ours"] == merge(state, from_json(second["ours"]["state"]))


def test_a_lost_race_is_run_again_on_the_new_state(store):
    class Contended:
        """A store in which somebody else writes the same bucket just before our first swap."""

        def __init__(self):
            self.rivals = 1

        def get(self, key):
            return store.get(key)

        def swap(self, key, body, etag):
            if self.rivals:
                self.rivals -= 1
                Frontier(store).apply(delta_of(SOURCE, None, Polled((entry("theirs"),)), [done("theirs")], NOW))
            return store.swap(key, body, etag)

    Frontier(Contended()).apply(delta_of(SOURCE, None, Polled((entry("ours"),)), [done("ours")], NOW))
    entries = Frontier(store).read([SOURCE])["ours"].entries
    assert set(entries) == {key_of(entry("ours").url), key_of(entry("theirs").url)}


def test_killed_between_two_buckets_the_rerun_completes_the_delta(store):
    class Killed(Exception):
        pass

    class Dying:
        """A store that dies at its n-th call."""

        def __init__(self, calls):
            self.calls = calls

        def _count(self):
            self.calls -= 1
            if self.calls < 0:
                raise Killed

        def get(self, key):
            self._count()
            return store.get(key)

        def swap(self, key, body, etag):
            self._count()
            etag = store.swap(key, body, etag)
            self._count()  # dies after the write as well
            return etag

    delta = {}
    for source in SOURCES[:3]:
        item = Entry(url=f"https://{source.name}.example/a", source=source.name)
        delta |= delta_of(source, None, Polled((item,)), [Handled(item, FETCHED, True)], NOW)
    for calls in range(10):
        with suppress(Killed):
            Frontier(Dying(calls)).apply(delta)
        Frontier(store).apply(delta)
        found = Frontier(store).read(SOURCES[:3])
        assert {name: to_json(state) for name, state in found.items()} == {
            name: change["state"] for name, change in delta.items()
        }


@pytest.mark.parametrize("body", [b"", b"not zstd", b"\x28\xb5\x2f\xfd\x00"], ids=repr)
def test_a_damaged_bucket_stops_the_task_instead_of_starting_afresh(store, body):
    store.put(f"frontier/{bucket_of(SOURCE):02}.json.zst", body)
    with pytest.raises(StoreError, match=r"frontier/\d\d"):
        Frontier(store).read([SOURCE])


def test_a_bucket_of_sixteen_sources_with_500_entries_each_is_small_and_grows_no_faster_than_they(store):
    sources = [source_of(f"s{number}", url=f"https://one.example/{number}") for number in range(16)]
    later = NOW + timedelta(minutes=5)

    def polling(entries: int) -> Work:
        """The same entries once more, for a bucket that knows them and nothing else."""
        for item in store.list("frontier/"):
            store.delete(item.key)
        frontier, delta = Frontier(store), {}
        listed = {
            source.name: tuple(
                Entry(url=f"https://one.example/{source.name}/{n}", source=source.name) for n in range(entries)
            )
            for source in sources
        }
        for source in sources:
            handled = [Handled(item, FETCHED, True) for item in listed[source.name]]
            delta |= delta_of(source, None, Polled(listed[source.name]), handled, NOW)
        frontier.apply(delta)

        def work() -> None:
            states, change = frontier.read(sources), {}
            for source in sources:
                state = states[source.name]
                assert unseen(state, listed[source.name], later) == []
                change |= delta_of(source, state, Polled(listed[source.name]), [], later)
            frontier.apply(change)

        return work

    polling(500)()
    (stored,) = store.list("frontier/")
    assert stored.size <= 400_000
    assert_linear(polling, 50)
