"""The daily digest on real servers: what waits, what is told, and one message a day whatever is run again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from include.wirewatch import archive
from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.due import day_of, days_before, edition_at
from include.wirewatch.frontier.health import Health
from include.wirewatch.stages.deliver import DeliveryError, deliver
from include.wirewatch.stages.digest import digest, sources_section
from include.wirewatch.stages.extract import extract
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.finish import finish
from include.wirewatch.stages.match import match
from tests.deliver.conftest import make_bulletin
from tests.deliver.test_drain import DyingStore, Killed
from tests.e2e.conftest import NOW
from tests.fakes.slack_server import Fault

# In two hours from now, every day: later than the suite takes.
AT = NOW + timedelta(hours=2)
AT = AT.replace(second=0, microsecond=0)
STEP = timedelta(minutes=15)


@pytest.fixture
def waiting(deployment):
    """The deployment, with one receiver that is told at once only of what is severe, and reads the rest in a digest."""
    receivers = deployment.config / "receivers.yaml"
    extra = f'    digest: {{at: "{AT:%H:%M}"}}\n    instant_from: high\n'
    receivers.write_text(receivers.read_text().replace("C0WIREDEMO\n", f"C0WIREDEMO\n{extra}"))
    return deployment


def at(deployment, moment):
    """Its services, at that moment."""
    return replace(deployment.services, now=lambda: moment)


def compose(deployment, moment=AT + timedelta(minutes=4), end=AT + timedelta(minutes=4), **options):
    return digest(at(deployment, moment), (end - STEP, end), **options)


def rows_of(store):
    return [row for item in store.list("matches/") for row in archive.read_matches(store, item.key)]


def digests_in(slack):
    return [message for message in slack.messages if message["text"].startswith("Daily digest")]


def slugs(messages):
    links = [message["blocks"][0]["elements"][0]["elements"][0]["url"] for message in messages]
    return {urlsplit(link).path.strip("/").removesuffix(".html") for link in links}


def desk(deployment):
    return deployment.services.config.receivers().value.receivers[0]


def today(deployment):
    return day_of(desk(deployment), AT.date())


def known(deployment, day, **figures):
    """A digest of that day in the delivery log, as if it had been sent."""
    bulletin = make_bulletin(edition_at(day.end + timedelta(minutes=4)), receiver="news-desk", figures=figures)
    entry = delivery_log.LogEntry(
        alert_id=day.digest_id,
        article_id="",
        receiver="news-desk",
        rules=(),
        state="sent",
        owner="x",
        nonce="x",
        lease_until=NOW,
        bulletin=bulletin,
    )
    delivery_log.write(deployment.store, entry, None)


def test_what_is_not_urgent_waits_for_the_digest_and_the_rest_is_told_at_once(waiting):
    waiting.ingest()
    expected = waiting.newsroom.expected
    low = {alert.slug for alert in expected.alerts if alert.rules == {"sanctions"}}
    assert slugs(waiting.slack.messages) == {alert.slug for alert in expected.alerts} - low
    rows = rows_of(waiting.store)
    assert {urlsplit(row.url).path.strip("/") for row in rows if row.decision == "digest"} == low
    for row in rows:
        assert row.waiting == (("news-desk",) if row.decision == "digest" else ())
        assert set(row.digests) == ({"news-desk"} if row.decision in {"digest", "alerted"} else set()), row.decision
        assert row.digests or not row.signature, "what no digest counts needs none"
    assert any(row.signature for row in rows)

    alerts = len(waiting.slack.messages)
    assert compose(waiting)["digests"] == 1
    deliver(at(waiting, AT + timedelta(minutes=4)))
    (message,) = digests_in(waiting.slack)
    assert len(waiting.slack.messages) == alerts + 1
    shown = str(message["blocks"])
    left_out = {slug for slug in low if f"{waiting.newsroom.url(slug)}'" not in shown}
    (copies,) = expected.syndicated
    assert left_out < copies, "each story links to its article, and copies are one story"
    assert len(left_out) == len(copies) - 1
    assert f"in {len(expected.alerts)} articles" in message["text"]
    assert "2 publishers: " in shown, "the syndicated copies are one story"
    counted = delivery_log.read(waiting.store, today(waiting).digest_id).entry.bulletin.figures
    assert counted == {
        rule: sum(rule in alert.rules for alert in expected.alerts) for rule in ("ceasefire", "ultimatum", "sanctions")
    }


def test_composing_again_edits_the_same_message(waiting):
    waiting.ingest()
    for minutes in (4, 5, 60 * 24 * 3):
        moment = AT + timedelta(minutes=minutes)
        assert compose(waiting, moment)["digests"] == 1
        deliver(at(waiting, moment))
    (message,) = digests_in(waiting.slack)
    assert message["edits"] == 2
    assert "The first digest" in message["text"]


def test_a_second_receiver_may_be_told_at_once_of_what_waits_for_the_first(waiting):
    receivers = waiting.config / "receivers.yaml"
    text = receivers.read_text().replace("routes:", "  - {name: night, kind: console}\n\nroutes:")
    receivers.write_text(text.replace("[news-desk]", "[news-desk, night]"))
    waiting.ingest()
    low = [row for row in rows_of(waiting.store) if row.waiting]
    assert low
    assert {(row.decision, row.receivers, tuple(row.digests)) for row in low} == {
        ("alerted", ("night",), ("news-desk",))
    }


def test_stale_quiet_and_silenced_articles_are_in_no_digest(waiting):
    receivers = waiting.config / "receivers.yaml"
    until = (AT + timedelta(days=1)).isoformat()
    receivers.write_text(receivers.read_text() + f"silences: [{{rules: [sanctions], until: '{until}', reason: x}}]\n")
    waiting.ingest(quiet=True)
    assert {row.decision for row in rows_of(waiting.store)} == {"quiet"}
    waiting.later(minutes=1).ingest(2)
    for item in list(waiting.store.list("frontier/")):
        waiting.store.delete(item.key)
    waiting.later(minutes=2).ingest(3)
    mute = [row for row in rows_of(waiting.store) if row.decision in {"quiet", "stale", "silenced"}]
    assert {row.decision for row in mute} == {"quiet", "stale", "silenced"}
    assert not any(row.digests for row in mute)


def test_a_batch_matched_again_stays_in_its_digest_and_says_what_it_said(waiting):
    waiting.ingest()
    before = {row.article_id: row for row in rows_of(waiting.store)}
    (clean,) = [item.key for item in waiting.store.list("clean/")]
    match(waiting.later(days=2).services, clean)
    assert {row.article_id: row for row in rows_of(waiting.store)} == before

    receivers = waiting.config / "receivers.yaml"
    receivers.write_text(
        receivers.read_text()
        .replace("[news-desk]", "[news-desk, late]")
        .replace(
            "routes:", f'  - {{name: late, kind: console, digest: {{at: "{AT:%H:%M}"}}, instant_from: high}}\n\nroutes:'
        )
    )
    match(waiting.later(days=2).services, clean)
    moved = [row for row in rows_of(waiting.store) if "late" in row.waiting]
    assert moved
    assert all(row.matched_at > before[row.article_id].matched_at for row in moved), "or nobody would ever read it"


def test_a_batch_that_the_sweeper_matches_after_the_digest_is_in_the_next_one(waiting):
    run = waiting.run(1)._replace(dt=(NOW - timedelta(days=4)).date().isoformat())
    fetched = fetch(waiting.services, run, 0, 1)
    extract(waiting.services, fetched["batch"])
    known(waiting, next(days_before(desk(waiting), AT.date())))
    compose(waiting)
    deliver(at(waiting, AT + timedelta(minutes=4)))
    finish(waiting.later(hours=3).services)
    tomorrow = AT + timedelta(days=1, minutes=4)
    compose(waiting, tomorrow, tomorrow)
    deliver(at(waiting, tomorrow))
    first, second = digests_in(waiting.slack)
    assert "nothing matched" in first["text"]
    assert "The first digest" not in first["text"]
    assert f"in {len(waiting.newsroom.expected.alerts)} articles" in second["text"]


def test_what_waits_in_the_outbox_is_not_composed_again_by_the_next_run(waiting):
    waiting.ingest()
    known(waiting, next(days_before(desk(waiting), AT.date())))
    compose(waiting)
    assert outbox.editions(waiting.store, today(waiting).digest_id) == [edition_at(AT + timedelta(minutes=4))]
    later = AT + timedelta(minutes=19)
    assert compose(waiting, later, later) == {}
    waiting.slack.faults = lambda method, arguments: Fault("not_in_channel")
    with pytest.raises(DeliveryError):
        deliver(at(waiting, later))
    later += STEP
    assert compose(waiting, later, later) == {}, "a parked receiver's digest waits, once"
    waiting.slack.faults = []
    deliver(at(waiting, later))
    assert len(digests_in(waiting.slack)) == 1


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2])
def test_killed_between_two_receivers_the_next_run_composes_what_is_missing(waiting, dies_at, after_effect):
    receivers = waiting.config / "receivers.yaml"
    second = f'  - {{name: second, kind: console, digest: {{at: "{AT:%H:%M}"}}}}\n\nroutes:'
    receivers.write_text(receivers.read_text().replace("routes:", second))
    for receiver in waiting.services.config.receivers().value.receivers:
        known(waiting, next(days_before(receiver, AT.date())))
    moment = AT + timedelta(minutes=4)
    dying = replace(at(waiting, moment), store=DyingStore(waiting.store, dies_at, after_effect=after_effect))
    with pytest.raises(Killed):
        digest(dying, (moment - STEP, moment))
    compose(waiting, moment + STEP, moment + STEP)
    written = [(bulletin.receiver, bulletin.edition) for bulletin in outbox.waiting(waiting.store)]
    assert sorted(receiver for receiver, _ in written) == ["news-desk", "second"]
    deliver(at(waiting, moment + STEP))
    assert len(digests_in(waiting.slack)) == 1


def test_a_digest_that_was_missed_is_composed_by_the_next_run_if_the_receiver_has_had_one(waiting):
    waiting.ingest()
    later = AT + timedelta(hours=5)
    assert compose(waiting, later, later) == {}, "it has never had one: it begins tomorrow"
    known(waiting, next(days_before(desk(waiting), AT.date())))
    assert compose(waiting, later, later)["digests"] == 1
    deliver(at(waiting, later))
    assert compose(waiting, later + STEP, later + STEP) == {}
    assert f"in {len(waiting.newsroom.expected.alerts)} articles" in digests_in(waiting.slack)[0]["text"]


def test_what_waited_on_days_without_a_digest_is_in_the_next_one(waiting):
    waiting.ingest()
    known(waiting, next(days_before(desk(waiting), AT.date())))
    moment = AT + timedelta(days=3, minutes=4)
    compose(waiting, moment, moment)
    deliver(at(waiting, moment))
    (message,) = digests_in(waiting.slack)
    assert "There was no digest since" in message["text"]
    assert "waited" in str(message["blocks"])
    entry = delivery_log.read(waiting.store, day_of(desk(waiting), moment.date()).digest_id).entry
    assert entry.bulletin.figures == {"ceasefire": 0, "ultimatum": 0, "sanctions": 0}


def test_figures_of_earlier_days_come_from_their_digests(waiting):
    waiting.ingest()
    for number, day in enumerate(days_before(desk(waiting), AT.date())):
        known(waiting, day, ceasefire=number, sanctions=2, ultimatum=0)
    compose(waiting)
    deliver(at(waiting, AT + timedelta(minutes=4)))
    shown = str(digests_in(waiting.slack)[0]["blocks"])
    assert "the median of the 7 days before" in shown
    assert "usually 3" in shown
    assert "usually 2 ↑" in shown


class Counting:
    """A client that counts what it is asked."""

    def __init__(self, client):
        self._client, self.calls, self.keys = client, [], []

    def __getattr__(self, name):
        def ask(**arguments):
            self.calls.append(name)
            self.keys.append(arguments.get("Key", ""))
            return getattr(self._client, name)(**arguments)

        return getattr(self._client, name) if name == "get_paginator" else ask


def test_each_matches_batch_is_read_once_for_all_receivers_and_none_when_nothing_is_due(waiting, s3):
    waiting.ingest()
    receivers = waiting.config / "receivers.yaml"
    text = receivers.read_text()
    more = "".join(f'  - {{name: r{n}, kind: console, digest: {{at: "{AT:%H:%M}"}}}}\n' for n in range(4))
    receivers.write_text(text.replace("routes:", f"{more}\nroutes:"))
    client = Counting(s3.client())
    counted = replace(waiting.services, store=type(waiting.store)(client, waiting.store.place))
    moment = AT + timedelta(minutes=4)
    assert digest(replace(counted, now=lambda: moment), (moment - STEP, moment))["digests"] == 5
    assert not [key for key in client.keys if "/frontier/" in key], "nobody reads of the sources"
    matches = [key for key in client.keys if "/matches/" in key]
    assert len(matches) == len(set(matches)) == 1
    for receiver in waiting.services.config.receivers().value.receivers:
        known(waiting, next(days_before(receiver, AT.date())))
    client.calls.clear()
    earlier = AT - timedelta(hours=2)
    assert digest(replace(counted, now=lambda: earlier), (earlier - STEP, earlier)) == {}
    assert client.calls == ["get_object"] * 5


def test_a_date_asked_for_by_hand_is_composed_as_far_as_it_goes_and_completed_later(waiting):
    waiting.ingest()
    early = datetime.now(UTC)
    assert compose(waiting, early, early, day=AT.date())["digests"] == 1
    deliver(at(waiting, early))
    assert "So far: composed at" in digests_in(waiting.slack)[0]["text"]
    compose(waiting)
    deliver(at(waiting, AT + timedelta(minutes=4)))
    (message,) = digests_in(waiting.slack)
    assert (message["edits"], "So far" in message["text"]) == (1, False)


def test_only_ops_read_of_sources_in_trouble(waiting):
    sources = waiting.config / "sources.yaml"
    down = "  - {name: down, publisher: Nobody, kind: feed, url: 'http://127.0.0.1:9', allow_hosts: ['127.0.0.1:9']}\n"
    sources.write_text(sources.read_text() + down)
    receivers = waiting.config / "receivers.yaml"
    ops = f'  - {{name: ops, kind: console, digest: {{at: "{AT:%H:%M}"}}}}\n\nops: [ops]\nroutes:'
    receivers.write_text(receivers.read_text().replace("routes:", ops))
    waiting.ingest()
    assert compose(waiting)["digests"] == 2
    told = {bulletin.receiver: bulletin for bulletin in outbox.waiting(waiting.store)}
    assert told["ops"].title.endswith("sources in trouble: 1 of 6")
    assert told["ops"].sections[-1].lines[0].text == "down"
    assert "Sources in trouble" not in str(told["news-desk"].sections)


def test_sources_in_trouble_are_told_in_words_the_worst_first():
    health = [
        Health("well", "ok"),
        Health("quiet-one", "silent", per_day=12.5),
        Health("odd", "drifting", drift="articles are half as long"),
        Health(
            "gone", "failing", failures=7, last_outcome="http_503", last_success=datetime(2026, 11, 23, 7, tzinfo=UTC)
        ),
    ]
    section = sources_section(health)
    assert section.heading == "Sources in trouble: 3 of 4"
    assert [f"{line.text} {line.detail}" for line in section.lines] == [
        "gone failing: 7 polls in a row, http_503, last success 23 Nov 07:00 UTC",
        "quiet-one silent: nothing new for a day, usually 12.5 a day",
        "odd drifting: articles are half as long",
    ]
    assert sources_section([health[0], Health("gone", "off")]).heading == "Sources in trouble: none of 1"
    many = sources_section([Health(f"s{n:02}", "failing", failures=1, last_outcome="timeout") for n in range(40)])
    assert (len(many.lines), many.more) == (15, 25)
