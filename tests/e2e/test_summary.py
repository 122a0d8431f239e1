"""The summary of a quiet run on real servers: one message a receiver, whatever order days come in and however often."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.offer import offer
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.errors import ConfigError, PermanentError, StoreError
from include.wirewatch.models import ArticleMatches, Batch
from include.wirewatch.runs import Backfill, Run
from include.wirewatch.settings import S3Place
from include.wirewatch.stages.backfill import begin, summarise, summarise_batches
from include.wirewatch.stages.deliver import deliver
from include.wirewatch.store import Store
from tests.deliver.conftest import make_alert, rule_match
from tests.deliver.test_drain import DyingStore, Killed
from tests.discover.test_sitemap import urlset
from tests.e2e.conftest import Deployment
from tests.e2e.history_site import DAY, past_of
from tests.fakes.slack_server import Fault
from tests.fetch.conftest import reply

FIRST = date(2026, 10, 1)
RULES = ("ceasefire", "sanctions", "ultimatum")
DESK, EDITORS = "C0WIREDEMO", "C0EDITORS"


@pytest.fixture
def desk(deployment):
    """The deployment, with two receivers: the news desk is led to every match, the editors to sanctions alone."""
    file = deployment.config / "receivers.yaml"
    config = yaml.safe_load(file.read_text())
    config["receivers"].append({"name": "editors", "kind": "slack", "channel": EDITORS, "digest": {"at": "08:00"}})
    config["routes"].append({"to": ["editors"], "rules": ["sanctions"]})
    file.write_text(yaml.safe_dump(config))
    deployment.slack.channels += (EDITORS,)
    return deployment


def day_of(number):
    return FIRST + timedelta(days=number)


def run_of(number, days=30, *, quiet=True, **conf):
    """A run for the number-th day of a backfill of so many."""
    day = day_of(number)
    given = {"label": "october", "from": str(FIRST), "to": str(day_of(days - 1)), **conf}
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return Run("ingest_history", f"backfill__{day}", str(day), end, quiet, Backfill.model_validate(given))


def row(number, copy=0):
    """The article of that day, or a copy of it at another publisher; the rules take turns."""
    return ArticleMatches(
        article_id=f"article-{number}-{copy}",
        url=f"https://harbour-courier.example/{number}/{copy}",
        title=f"Story {number}",
        publisher=("Harbour Courier", "Northgate Press")[copy],
        matches=(rule_match(RULES[number % 3], 1, 50 - copy),),
        decision="quiet",
        signature=signature_of(" ".join(f"word{place}of{number}" for place in range(60))),
    )


def rows_of(number):
    """Every third day has nothing but the article; the others have a copy of it, too."""
    return [row(number, copy) for copy in range(1 if number % 3 == 0 else 2)]


def tell(deployment, number, receiver="news-desk", state="sent"):
    """An alert about that day's article, as if it had been sent when it was new."""
    alert = make_alert(receiver=receiver, article_id=f"article-{number}-0")
    entry = delivery_log.LogEntry(
        alert_id=outbox.alert_id(alert.article_id, receiver),
        article_id=alert.article_id,
        receiver=receiver,
        rules=("ceasefire",),
        state=state,
        owner="x",
        nonce="x",
        lease_until=datetime.now(UTC),
    )
    delivery_log.write(deployment.store, entry, None)


def objects(store):
    """Everything that is stored."""
    return {item.key: store.get(item.key).body for item in store.list("")}


def done(deployment, number, rows=None, **options):
    """A day's run, to its end: begun, summarised, delivered."""
    services, run = deployment.services, run_of(number, **options)
    begin(services, run)
    summary = summarise(services, run, rows_of(number) if rows is None else rows)
    deliver(services)
    return summary


def posted(slack, channel=DESK):
    """The messages of a channel, and their replies."""
    own = [message for message in slack.messages if message["channel"] == channel]
    return [one for one in own if not one["thread_ts"]], [one for one in own if one["thread_ts"]]


def contents(slack):
    """What is read in the end, whatever order it came in."""
    return sorted((one["channel"], bool(one["thread_ts"]), one["text"], str(one["blocks"])) for one in slack.messages)


def fixed(message):
    """The fixed-width parts of a message."""
    parts = [element for block in message["blocks"] for element in block.get("elements", [])]
    return [
        "".join(part["text"] for part in one["elements"]) for one in parts if one["type"] == "rich_text_preformatted"
    ]


@pytest.mark.slow
def test_thirty_days_are_one_message_edited_thirty_times_with_a_reply_for_each_day(deployment):
    for number in (0, 4, 8):
        tell(deployment, number)
    tell(deployment, 5, state="dead")
    for number in range(30):
        done(deployment, number)

    (message,), replies = posted(deployment.slack)
    assert message["edits"] == 30
    assert message["text"].startswith("Backfill october: done, 30 days, 50 articles, 47 new, 3 alerted before")
    assert "1 Oct 2026 to 30 Oct 2026, ingest_history" in message["text"]
    assert fixed(message) == [
        "████████████████████ 30 of 30 days",
        "sanctions ██████████ 20\nultimatum ██████████ 20\nceasefire █████      10",
    ]
    assert len(replies) == 30
    assert {reply["thread_ts"] for reply in replies} == {message["ts"]}
    assert replies[4]["text"] == "Monday 5 October 2026: 1 story in 2 articles, 1 new, 1 alerted before"
    copies = "2 publishers: Harbour Courier, Northgate Press"
    assert f"{copies} · sanctions · score 50 · alerted before" in str(replies[4]["blocks"])
    assert f"{copies} · ultimatum · score 50 · new" in str(replies[5]["blocks"]), "what was refused, nobody has read"


def test_each_receiver_reads_what_leads_to_it_and_whether_it_was_told_itself(desk):
    tell(desk, 1, "news-desk")
    for number in range(3):
        done(desk, number, days=3)
    (message,), replies = posted(desk.slack)
    assert "done, 3 days, 5 articles, 4 new, 1 alerted before" in message["text"]
    assert len(replies) == 3
    (message,), replies = posted(desk.slack, EDITORS)
    assert "done, 3 days, 2 articles, 2 new, 0 alerted before" in message["text"]
    assert message["edits"] == 3, "days done are news for whom they brought nothing, too"
    assert len(replies) == 1, "a day without a match has none"


def test_a_rerun_of_everything_changes_nothing(deployment):
    for number in range(3):
        done(deployment, number, days=3)
    before, edits = contents(deployment.slack), [message["edits"] for message in deployment.slack.messages]
    stored = objects(deployment.store)
    for number in (2, 0, 1):
        done(deployment, number, days=3)
    assert contents(deployment.slack) == before
    assert [message["edits"] for message in deployment.slack.messages] == edits
    assert objects(deployment.store) == stored


def test_days_in_any_order_are_told_in_the_same_words(deployment):
    for number in range(4):
        done(deployment, number, days=4)
    forwards = contents(deployment.slack)
    deployment.slack.messages.clear()
    elsewhere = Store(deployment.store._client, S3Place(deployment.store.place.bucket, uuid.uuid4().hex))
    other = replace(deployment.services, store=elsewhere)
    for number in (3, 1, 0, 2):
        done(Deployment(other, deployment.config, deployment.newsroom, deployment.slack), number, days=4)
    assert contents(deployment.slack) == forwards


def test_it_begins_with_no_day_done_and_says_which_are_not(deployment):
    begin(deployment.services, run_of(0, days=4))
    deliver(deployment.services)
    (message,), replies = posted(deployment.slack)
    assert message["text"].startswith("Backfill october: 0 of 4 days done. 1 Oct 2026 to 4 Oct 2026, ingest_history.")
    assert fixed(message) == ["░░░░░░░░░░░░░░░░░░░░ 0 of 4 days"]
    assert replies == []

    done(deployment, 2, days=4)
    assert "Backfill october: 1 of 4 days done, 2 articles, 2 new, 0 alerted before" in message["text"]
    assert "Not done: 1 Oct 2026 to 2 Oct 2026, 4 Oct 2026" in message["text"]


def test_without_a_conf_a_month_of_a_dag_is_one_message_without_a_total(deployment):
    end = datetime(2026, 10, 3, tzinfo=UTC)
    summarise(deployment.services, Run("reprocess_archive", "x", "2026-10-02", end, quiet=True), rows_of(1))
    deliver(deployment.services)
    (message,), (reply,) = posted(deployment.slack)
    assert message["text"].startswith("Backfill reprocess_archive-2026-10: 1 day done, 2 articles, 2 new")
    assert fixed(message) == ["sanctions ██████████ 2"]
    assert reply["text"].startswith("Friday 2 October 2026: 1 story in 2 articles")


def test_a_quiet_run_writes_only_under_its_label(deployment):
    tell(deployment, 1)
    before = objects(deployment.store)
    done(deployment, 1)
    after = objects(deployment.store)
    assert {key: after.pop(key) for key in before} == before
    assert after
    assert all(key.startswith("backfills/october/") for key in after)


def test_a_run_that_is_not_quiet_has_no_summary(deployment):
    assert done(deployment, 1, quiet=False, alert=True) == {}
    assert summarise_batches(deployment.services, run_of(1, quiet=False), ["raw/dt=2026-10-02/none.json"]) == {}
    assert objects(deployment.store) == {}


def test_a_day_that_is_run_again_replaces_its_own_record_and_edits(deployment):
    for number in (1, 2):
        done(deployment, number, days=3)
    (message,), (first, second) = posted(deployment.slack)
    untouched = dict(second)
    done(deployment, 1, [row(1), row(7), row(10)], days=3)
    assert first["text"] == "Friday 2 October 2026: 3 stories in 3 articles, 3 new, 0 alerted before"
    assert "2 of 3 days done, 5 articles, 5 new" in message["text"]
    done(deployment, 1, [], days=3)
    assert first["text"] == "Friday 2 October 2026: nothing matched"
    assert "2 of 3 days done, 2 articles, 2 new" in message["text"]
    assert (first["edits"], second) == (2, untouched)
    assert len(deployment.slack.messages) == 3


def test_of_two_days_at_once_none_is_lost(deployment):
    """The other day is done between this one's reading of the days and its writing of the summary."""
    begin(deployment.services, run_of(0, days=2))

    class Interrupted(Store):
        def swap(self, key, body, etag):
            if key.endswith("summary.json") and not done_meanwhile:
                done_meanwhile.append(summarise(deployment.services, run_of(1, days=2), rows_of(1)))
            return super().swap(key, body, etag)

    done_meanwhile = []
    store = Interrupted(deployment.store._client, deployment.store.place)
    summarise(replace(deployment.services, store=store), run_of(0, days=2), rows_of(0))
    assert len(done_meanwhile) == 1
    deliver(deployment.services)
    (message,), replies = posted(deployment.slack)
    assert "done, 2 days, 3 articles" in message["text"]
    assert len(replies) == 2


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", range(1, 4))
def test_killed_at_any_write_the_next_try_tells_the_whole(deployment, dies_at, after_effect):
    begin(deployment.services, run_of(0, days=1))
    dying = DyingStore(deployment.store, dies_at, after_effect=after_effect)
    with pytest.raises(Killed):
        summarise(replace(deployment.services, store=dying), run_of(0, days=1), rows_of(0))
    summarise(deployment.services, run_of(0, days=1), rows_of(0))
    deliver(deployment.services)
    (message,), replies = posted(deployment.slack)
    assert "done, 1 day, 1 article, 1 new" in message["text"]
    assert len(replies) == 1
    assert list(deployment.store.list("outbox/")) == []


def test_a_label_belongs_to_one_dag(deployment):
    done(deployment, 0)
    other = run_of(1)._replace(dag_id="reprocess_archive")
    for act in (lambda: begin(deployment.services, other), lambda: summarise(deployment.services, other, rows_of(1))):
        with pytest.raises(PermanentError, match="label 'october' is that of a backfill of ingest_history, and this"):
            act()
    (kept,) = [body for key, body in objects(deployment.store).items() if key.endswith("summary.json")]
    assert list(json.loads(kept)["days"]) == ["2026-10-01"]


def test_wrong_receivers_stop_no_fetch_and_leave_the_day_undone(deployment):
    file = deployment.config / "receivers.yaml"
    good = file.read_text()
    file.write_text("receivers: []\nroutes: [{to: [nobody]}]\n")
    begin(deployment.services, run_of(0, days=1))
    with pytest.raises(ConfigError, match="nobody"):
        summarise(deployment.services, run_of(0, days=1), rows_of(0))
    assert objects(deployment.store) == {}
    file.write_text(good)
    done(deployment, 0, days=1)
    assert "done, 1 day" in posted(deployment.slack)[0][0]["text"]


def test_a_day_of_history_is_summarised_from_its_batches_and_delivered(deployment):
    with past_of(deployment) as past:
        past.publish("a", "b")
        past.configure({"name": "ours", "history": [past.sitemap]})
        run = past.run(label="one", **{"from": str(DAY), "to": str(DAY)})
        fetched = past.fetch(run)
        with pytest.raises(StoreError, match="the batch is not matched"):
            summarise_batches(past.services, run, fetched["batches"])
        past.finish(fetched)
        told = next(article for article in past.articles() if article.url.endswith("/a"))
        alert = make_alert(receiver="news-desk", article_id=told.article_id)
        offer(past.store, alert.model_copy(update={"alert_id": outbox.alert_id(told.article_id, "news-desk")}))
        deliver(past.services)
        deployment.slack.messages.clear()
        result = summarise_batches(past.services, run, fetched["batches"])
    assert (result["messages"], result["replies"], result["posted"]) == (1, 1, 2)
    (message,), (reply,) = posted(deployment.slack)
    assert "Backfill one: done, 1 day, 2 articles, 1 new, 1 alerted before" in message["text"]
    assert "2 stories in 2 articles, 1 new, 1 alerted before" in reply["text"]


def test_a_source_that_may_have_more_is_named_until_the_day_is_run_again(deployment):
    with past_of(deployment) as past:
        past.publish("a")
        past.site.routes["/down.xml"] = reply(status="503 Down")
        down = {"name": "theirs", "history": [{"sitemap": f"{past.site.url}/down.xml"}]}
        past.configure({"name": "ours", "history": [past.sitemap]}, down)
        run = past.run(label="one", **{"from": str(DAY), "to": str(DAY)})
        said = []
        for _ in range(2):
            fetched = past.fetch(run)
            past.finish(fetched)
            summarise_batches(past.services, run, fetched["batches"])
            said.append(json.dumps(posted(deployment.slack)[0][0]["blocks"]))
            past.site.routes["/down.xml"] = reply(urlset(), kind="text/xml")
    lost = f"May lack articles of: theirs ({DAY.day} {DAY:%b %Y})"
    assert [lost in message for message in said] == [True, False]


def test_a_receiver_that_refuses_does_not_make_the_day_fail(deployment):
    key = BatchKey("2026-10-01", "batch")
    batch = Batch(batch=key.batch, dt=key.dt, quiet=True, interval_end=run_of(0).interval_end, items=())
    archive.commit_batch(deployment.store, batch)
    archive.write_matches(deployment.store, key.matches("x", "rules-1"), rows_of(1))
    archive.write_matches(deployment.store, key.matches("x", "rules-2"), rows_of(0))
    deployment.slack.faults = [Fault("channel_not_found")]
    result = summarise_batches(deployment.services, run_of(0, days=1), [key.record])
    assert (result["day"], deployment.slack.messages) == ("2026-10-01", [])
    deliver(deployment.services)
    (message,), replies = posted(deployment.slack)
    assert "done, 1 day, 1 article, 1 new" in message["text"]
    assert len(replies) == 1
