"""The whole job on real servers, without Airflow: what analysts get, what is stored, and what survives a bad day."""

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import duckdb
import pytest

from include.wirewatch import archive
from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.errors import ConfigError, StoreRefusedError
from include.wirewatch.models import Reason
from include.wirewatch.runs import Run
from include.wirewatch.settings import S3Place
from include.wirewatch.stages.deliver import DeliveryError, deliver
from include.wirewatch.stages.extract import disbelieve_shared_canonicals, extract
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.finish import finish
from include.wirewatch.stages.match import match
from include.wirewatch.store import Store
from tests.e2e.conftest import NOW
from tests.fakes.slack_server import Fault

TODAY = [NOW.date()]


def alerts_in(slack):
    """(slug, rules as shown) of every message in the channel."""
    found = []
    for message in slack.messages:
        link = message["blocks"][0]["elements"][0]["elements"][0]
        found.append((urlsplit(link["url"]).path.strip("/"), message["text"]))
    return found


def slugs_in(slack):
    return sorted(slug.removesuffix(".html") for slug, _ in alerts_in(slack))


def clean_articles(store):
    return [article for item in store.list("clean/") for article in archive.read_articles(store, item.key)]


def test_every_expected_article_alerts_once_with_its_rules_and_nothing_else_does(deployment):
    summaries = deployment.ingest()
    expected = deployment.newsroom.expected
    assert slugs_in(deployment.slack) == sorted(alert.slug for alert in expected.alerts)
    rows = [
        row for item in deployment.store.list("matches/") for row in archive.read_matches(deployment.store, item.key)
    ]
    alerted = {
        (slug_of(row.url), frozenset(match.rule for match in row.matches)) for row in rows if row.decision == "alerted"
    }
    assert alerted == {(alert.slug, alert.rules) for alert in expected.alerts}
    assert {slug_of(row.url) for row in rows if row.decision == "stale"} == expected.stale
    assert summaries["fetch"]["entries"] == expected.entries

    methods = {slug_of(article.url): article.method for article in clean_articles(deployment.store)}
    for alert in expected.alerts:
        assert (methods[alert.slug] == "summary") == (alert.method == "summary"), alert


def slug_of(url):
    return urlsplit(url).path.strip("/").removesuffix(".html")


def test_a_second_run_alerts_on_nothing_again(deployment):
    deployment.ingest(1)
    before = len(deployment.slack.messages)
    summaries = deployment.later(minutes=5).ingest(2)
    assert before
    assert len(deployment.slack.messages) == before
    assert summaries["match"].get("alerted", 0) == 0


def test_every_stage_run_again_changes_nothing_in_slack(deployment):
    first = deployment.ingest()
    before = len(deployment.slack.messages)
    requests = len(deployment.newsroom.requests)
    again = deployment.ingest()
    assert again["fetch"] == first["fetch"]
    assert len(deployment.newsroom.requests) == requests, "a rerun of fetch asks publishers for nothing"
    assert len(deployment.slack.messages) == before
    assert list(outbox.waiting(deployment.store)) == []


def test_a_lost_frontier_alerts_on_nothing_again(deployment):
    deployment.ingest(1)
    before = len(deployment.slack.messages)
    for item in list(deployment.store.list("frontier/")):
        deployment.store.delete(item.key)
    summaries = deployment.later(minutes=5).ingest(2)
    assert summaries["fetch"]["fetched"] > 0, "everything is fetched anew"
    assert len(deployment.slack.messages) == before


def test_each_article_carries_its_provenance_down_to_its_bytes(deployment):
    deployment.ingest()
    fetched = [article for article in clean_articles(deployment.store) if article.raw]
    assert fetched
    for article in fetched:
        capture = archive.read_capture(deployment.store, article.raw)
        assert capture.final_url == article.url
        assert capture.url == article.entry_url
        assert article.fetched_at == capture.fetched_at
        assert article.source
        assert article.publisher
        assert article.extractor.startswith("trafilatura-")
        assert article.raw.sha256 == hashlib.sha256(capture.body).hexdigest()
    redirected = [article for article in fetched if article.entry_url != article.url]
    assert redirected, "the newsroom has a redirect"


def test_duckdb_reads_the_clean_copies_and_the_matches(deployment, tmp_path):
    deployment.ingest()
    for kind in ("clean", "matches"):
        (item,) = deployment.store.list(f"{kind}/")
        (tmp_path / f"{kind}.jsonl.zst").write_bytes(deployment.store.get(item.key).body)
    clean = duckdb.sql(f"SELECT publisher, count(*) FROM read_json('{tmp_path}/clean.jsonl.zst') GROUP BY 1").fetchall()
    assert len(clean) >= 4
    decisions = duckdb.sql(f"SELECT DISTINCT decision FROM read_json('{tmp_path}/matches.jsonl.zst')").fetchall()
    assert ("alerted",) in decisions


def test_every_url_has_an_outcome(deployment):
    deployment.ingest()
    ((_, batch),) = archive.latest_batches(deployment.store, TODAY, limit=5)
    labels = {item.outcome.label for item in batch.items}
    assert {"fetched", "robots", "too_large", "http_404", "http_500"} <= labels
    assert all(item.raw for item in batch.items if item.outcome.reason is Reason.FETCHED)


def test_a_malformed_feed_still_gives_what_can_be_read(deployment):
    summaries = deployment.ingest()
    assert summaries["fetch"]["sources_failed"] == 0
    ((_, batch),) = archive.latest_batches(deployment.store, TODAY, limit=5)
    readable = [item.entry.title for item in batch.items if item.entry.source == "continental-dispatch"]
    assert len(readable) == 3, "the fourth entry is cut off"


def test_one_source_down_is_counted_and_the_others_alert(deployment):
    sources = (deployment.config / "sources.yaml").read_text()
    down = sources + (
        "  - {name: down, publisher: Nobody, kind: feed, url: 'http://127.0.0.1:9', allow_hosts: ['127.0.0.1:9']}\n"
    )
    (deployment.config / "sources.yaml").write_text(down)
    summaries = deployment.ingest()
    assert summaries["fetch"]["sources_failed"] == 1
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)


def test_a_source_that_is_not_allowed_by_name_never_reaches_loopback(deployment):
    sources = (deployment.config / "sources.yaml").read_text()
    (deployment.config / "sources.yaml").write_text(sources.replace("allow_hosts:", "tags:"))
    summaries = deployment.ingest()
    assert summaries["fetch"]["entries"] == 0
    assert deployment.newsroom.requests == []


def test_invalid_rules_turn_match_red_and_the_batch_matches_after_the_mend(deployment):
    rules = deployment.config / "rules.yaml"
    good = rules.read_text()
    rules.write_text(good + "  - name: broken\n    query: peace talks AND (\n")
    fetched = fetch(deployment.services, deployment.run(1), 0, 1)
    extracted = extract(deployment.services, fetched["batch"])
    with pytest.raises(ConfigError, match=r"rules\.yaml:\d+:\d+: "):
        match(deployment.services, extracted["clean"])
    deliver(deployment.services)
    assert deployment.slack.messages == []

    rules.write_text(good)
    sweeper = deployment.later(hours=1)
    assert finish(sweeper.services)["finished"] == 1
    deliver(sweeper.services)
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)


def test_a_run_killed_after_fetch_still_alerts_through_the_sweeper(deployment):
    fetch(deployment.services, deployment.run(1), 0, 1)
    assert finish(deployment.services)["finished"] == 0, "its own run may still be at it"
    sweeper = deployment.later(hours=1)
    assert finish(sweeper.services) == {"finished": 1, "failed": 0}
    deliver(sweeper.services)
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)
    assert finish(sweeper.services)["finished"] == 0


def test_a_batch_that_fails_does_not_hold_up_the_others_and_is_named(deployment):
    fetched = fetch(deployment.services, deployment.run(1), 0, 1)
    batch = archive.read_batch(deployment.store, archive.BatchKey.parse(fetched["batch"]))
    broken = batch.model_copy(update={"batch": "broken", "warc": "raw/dt=2026-01-01/gone.warc.gz"})
    archive.commit_batch(deployment.store, broken)
    sweeper = deployment.later(hours=1)
    with pytest.raises(Exception, match=r"could not finish raw/dt=.*/broken\.json"):
        finish(sweeper.services)
    deliver(sweeper.services)
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)


def test_killed_between_the_commit_record_and_the_frontier_nothing_is_lost_or_doubled(deployment, monkeypatch):
    from include.wirewatch.frontier import Frontier

    def die(self, delta):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Frontier, "apply", die)
        with pytest.raises(KeyboardInterrupt):
            fetch(deployment.services, deployment.run(1), 0, 1)
    requests = len(deployment.newsroom.requests)
    deployment.ingest(1)
    assert len(deployment.newsroom.requests) == requests, "the rerun finds the commit record"
    assert list(deployment.store.list("frontier/")), "and applies the frontier's delta"
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)


def test_a_quiet_run_records_matches_and_alerts_nobody(deployment):
    summaries = deployment.ingest(quiet=True)
    assert deployment.slack.messages == []
    assert summaries["match"]["quiet"] == len(deployment.newsroom.expected.alerts) + len(
        deployment.newsroom.expected.stale
    )
    assert list(deployment.store.list("outbox/")) == []


def test_without_a_slack_connection_alerts_wait_until_there_is_one(deployment):
    from dataclasses import replace

    online = deployment.services
    offline = type(deployment)(
        replace(online, open_slack=lambda: None), deployment.config, deployment.newsroom, deployment.slack
    )
    with pytest.raises(DeliveryError, match="there is no Airflow connection 'slack_api_default': add it"):
        offline.ingest()
    assert deployment.slack.messages == []
    deliver(online)
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)


def test_a_parked_receiver_turns_deliver_red_and_delivers_after_the_mend(deployment):
    deployment.slack.faults = lambda method, arguments: Fault("not_in_channel")
    with pytest.raises(DeliveryError, match="invite the bot"):
        deployment.ingest()
    assert deployment.slack.messages == []
    deployment.slack.faults = []
    deliver(deployment.services)
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts)


def test_an_invalid_sources_file_stops_fetch_with_its_place_and_nothing_is_fetched(deployment):
    sources = deployment.config / "sources.yaml"
    sources.write_text(sources.read_text().replace("kind: sitemap", "kind: sitemop"))
    with pytest.raises(ConfigError, match=r"sources\.yaml:\d+:11: sources\.1\.kind: Input should be 'feed', 'sitemap'"):
        deployment.ingest()
    assert deployment.newsroom.requests == []


def test_a_missing_bucket_is_one_sentence_that_names_the_setting(deployment, s3):
    from dataclasses import replace

    lost = replace(deployment.services, store=Store(s3.client(), S3Place("no-such-bucket", "")))
    with pytest.raises(StoreRefusedError, match="the bucket does not exist; create it or correct WIREWATCH_STORE"):
        fetch(lost, deployment.run(1), 0, 1)


def test_the_delivery_log_knows_every_alert_and_holds_no_run_and_no_date(deployment):
    deployment.ingest()
    for item in deployment.store.list("delivery/"):
        known = delivery_log.read(deployment.store, item.key.removeprefix("delivery/").removesuffix(".json"))
        assert known.entry.state == "sent"
        assert known.entry.ts
    ids = {json.loads(deployment.store.get(item.key).body)["alert_id"] for item in deployment.store.list("delivery/")}
    assert ids == {message["metadata"]["event_payload"]["alert_id"] for message in deployment.slack.messages}


def test_syndicated_copies_are_one_alert_with_replies_and_everything_else_stands_by_itself(deployment):
    deployment.ingest()
    slugs = [slug.removesuffix(".html") for slug, _ in alerts_in(deployment.slack)]
    by_slug = dict(zip(slugs, deployment.slack.messages, strict=True))
    copied = frozenset().union(*deployment.newsroom.expected.syndicated)
    assert {slug for slug, message in by_slug.items() if message["thread_ts"] or message["edits"]} == copied
    for copies in deployment.newsroom.expected.syndicated:
        parent, *replies = sorted((by_slug[slug] for slug in copies), key=lambda message: message["ts"])
        assert not parent["thread_ts"]
        assert {reply["thread_ts"] for reply in replies} == {parent["ts"]}
        assert f"{len(replies)} cop" in str(parent["blocks"])


def test_a_silence_mutes_its_rule_until_it_ends_and_the_matches_say_so(deployment):
    receivers = deployment.config / "receivers.yaml"
    until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    receivers.write_text(
        receivers.read_text() + f"silences:\n  - {{rules: [ceasefire], until: '{until}', reason: a test}}\n"
    )
    summaries = deployment.ingest()
    only = {alert.slug for alert in deployment.newsroom.expected.alerts if alert.rules == {"ceasefire"}}
    assert only
    assert summaries["match"]["silenced"] == len(only)
    assert not only & set(slugs_in(deployment.slack))
    assert len(deployment.slack.messages) == len(deployment.newsroom.expected.alerts) - len(only)
    assert not any("ceasefire (" in message["text"] for message in deployment.slack.messages)


def test_a_new_rule_tells_known_articles_in_their_threads(deployment):
    deployment.ingest(1)
    before = len(deployment.slack.messages)
    rules = deployment.config / "rules.yaml"
    added_rule = "  - name: everywhere\n    query: ceasefire OR sanctions\n    severity: high\n"
    rules.write_text(rules.read_text() + added_rule)
    for item in list(deployment.store.list("frontier/")):
        deployment.store.delete(item.key)
    deployment.later(minutes=5).ingest(2)
    added = deployment.slack.messages[before:]
    assert added
    assert all(message["thread_ts"] and "everywhere (" in message["text"] for message in added)
    ids = {message["metadata"]["event_payload"]["alert_id"] for message in deployment.slack.messages}
    assert len(ids) == len(deployment.slack.messages)
    deployment.later(minutes=10).ingest(3)
    assert len(deployment.slack.messages) == before + len(added)


def test_the_sources_of_one_day_are_found_quietly_and_not_paid_for_twice(deployment):
    from include.wirewatch.stages.batches import extract_batches, match_batches
    from include.wirewatch.stages.history import fetch_day

    day = (datetime.now(UTC) - timedelta(days=2)).date()
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    run = Run("ingest_history", "backfill__x", day.isoformat(), end, quiet=True)
    fetched = fetch_day(deployment.services, run)
    extract_batches(deployment.services, fetched["batches"])
    match_batches(deployment.services, fetched["batches"])
    deliver(deployment.services)
    expected = deployment.newsroom.expected.history[day]
    assert {slug_of(article.url) for article in clean_articles(deployment.store)} == set(expected)
    assert deployment.slack.messages == []

    another = run._replace(run_id="backfill__y")
    assert fetch_day(deployment.services, another)["entries"] == 0, "the archive has them already"
    assert fetch_day(deployment.services, run) == fetched


def test_a_run_of_long_ago_alerts_nobody_whoever_triggers_it(deployment):
    end = NOW - timedelta(days=100)
    old = Run("ingest_live", "manual__x", end.date().isoformat(), end, False)
    fetched = fetch(deployment.services, old, 0, 1)
    extracted = extract(deployment.services, fetched["batch"])
    later = deployment.later(days=40)
    matched = match(later.services, extracted["clean"])
    assert matched["matched"] == matched["stale"] > 0


def test_a_canonical_url_that_many_pages_claim_is_nobodys():
    from tests.deliver.test_route import ARTICLE

    def claiming(number, canonical):
        url = f"https://h.example/{number}"
        return ARTICLE.model_copy(update={"url": url, "canonical_url": canonical, "article_id": canonical})

    section = [claiming(number, "https://h.example/news/") for number in range(3)]
    twins = [claiming(7, "https://h.example/7"), claiming("7/amp", "https://h.example/7")]
    settled = disbelieve_shared_canonicals(section + twins)
    assert [article.canonical_url for article in settled] == [
        "https://h.example/0", "https://h.example/1", "https://h.example/2", "https://h.example/7", "https://h.example/7",
    ]  # fmt: skip
    assert len({article.article_id for article in settled}) == 4


def test_another_number_of_shards_fetches_and_alerts_on_nothing_again(deployment):
    deployment.ingest(1)
    before = len(deployment.slack.messages)
    later = deployment.later(minutes=5)
    requests = len(deployment.newsroom.requests)
    for shard in range(4):
        fetched = fetch(later.services, later.run(2), shard, 4)
        extracted = extract(later.services, str(fetched["batch"]))
        match(later.services, str(extracted["clean"]))
    deliver(later.services)
    assert len(deployment.slack.messages) == before
    pages = [request.path for request in deployment.newsroom.requests[requests:] if request.status == 200]
    assert not [path for path in pages if path.endswith("direct-talks-in-istanbul")], (
        "what is stored is not fetched again"
    )


def test_an_undated_page_of_a_first_poll_is_archived_quietly(deployment, tmp_path):
    page = tmp_path / "undated.html"
    page.write_text("<html><title>Old truce</title><body><article><p>" + "The ceasefire of that year held. " * 30)
    sources = deployment.config / "sources.yaml"
    sources.write_text(re.sub(r"include: .*", "include: []", sources.read_text()))
    # Listed by a section page, which gives no dates, and the page itself has none.
    url = deployment.newsroom.serve_file(page, publisher="holos-verkhivya")
    deployment.ingest(1)
    rows = [
        row for item in deployment.store.list("matches/") for row in archive.read_matches(deployment.store, item.key)
    ]
    assert [row.decision for row in rows if row.url == url] == ["stale"]


def test_a_long_backlog_is_finished_over_several_sweeps(deployment):
    for number in (1, 2):
        fetch(deployment.services, deployment.run(number), 0, 1)
        for item in list(deployment.store.list("frontier/")):
            deployment.store.delete(item.key)
    started = datetime.now(UTC) + timedelta(hours=1)

    def clock():
        """Finishing one batch takes eleven minutes."""
        return started + timedelta(minutes=11) * len(list(deployment.store.list("matches/")))

    slow = replace(deployment.services, now=clock)
    assert finish(slow) == {"finished": 1, "failed": 0, "left_for_next": 1}
    assert finish(deployment.later(hours=2).services) == {"finished": 1, "failed": 0}
