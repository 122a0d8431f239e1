"""reprocess_archive on real servers, without Airflow: what it reads again, what it leaves alone, and what it tells."""

from datetime import timedelta

import pytest
import yaml

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.errors import PermanentError
from include.wirewatch.extract import EXTRACTOR
from include.wirewatch.runs import Backfill, Run
from include.wirewatch.settings import DEFAULT_CONFIG, Settings
from include.wirewatch.stages import extract as extracting
from include.wirewatch.stages.extract import extract, extract_all
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.reprocess import ReprocessError, extract_again, match_again, tell_again
from include.wirewatch.stages.services import Services
from tests.e2e.conftest import NOW
from tests.fakes.memory_store import MemoryStore

TODAY = NOW.date()
OLDER = "older-1"


def run_of(**backfill):
    end = NOW + timedelta(days=1)
    asked = Backfill.model_validate({"label": "again", **backfill})
    return Run("reprocess_archive", "backfill__x", TODAY.isoformat(), end, True, asked)


def keys_of(store):
    return {item.key for item in store.list("")}


def contents_of(store):
    return {item.key: store.get(item.key).body for item in store.list("")}


def articles_of(store):
    found = list(archive.read_day(store, archive.clean_day(store, TODAY)))
    assert len(found) == len({one.article_id for one in found}), "each once"
    return sorted(found, key=lambda one: one.article_id)


def reprocess(deployment, run=None, **params):
    run = run or run_of()
    first = extract_again(deployment.services, run, params)
    matched = match_again(deployment.services, run, params)
    return first, matched, tell_again(deployment.services, run, str(matched["matches"]))


def age(store):
    """Today's clean copies become those of an older extractor, which read every title wrong."""
    for item in list(store.list(f"clean/dt={TODAY}/")):
        wrong = [
            one.model_copy(update={"title": "?", "extractor": OLDER}) for one in archive.read_articles(store, item.key)
        ]
        store.delete(item.key)
        archive.write_articles(store, BatchKey.parse(item.key).clean(OLDER), wrong)


# What the first test's fetch and extraction stored: the others put it back instead of doing it again.
_stored: dict[str, bytes] = {}


@pytest.fixture
def ingested(deployment):
    """A day of two batches, each of half of the sources; extracted, not matched."""
    if not _stored:
        file = deployment.config / "sources.yaml"
        whole = file.read_text()
        sources = yaml.safe_load(whole)["sources"]
        half = len(sources) // 2
        for number, some in enumerate((sources[:half], sources[half:])):
            file.write_text(yaml.safe_dump({**yaml.safe_load(whole), "sources": some}))
            fetched = fetch(deployment.services, deployment.run(number), 0, 1)
            extract(deployment.services, str(fetched["batch"]))
        file.write_text(whole)
        _stored.update(contents_of(deployment.store))
    for key, body in _stored.items():
        deployment.store.put(key, body)
    deployment.newsroom.requests.clear()
    return deployment


def test_a_new_rule_runs_over_the_stored_articles_and_tells_each_receiver_once(ingested):
    rules = ingested.config / "rules.yaml"
    rules.write_text(rules.read_text() + "  - name: everything\n    query: the\n")
    before = keys_of(ingested.store)
    first, matched, told = reprocess(ingested, rules=["everything"])
    assert first == {"from": "clean", "batches": 2, "not_extracted": 0}
    assert matched["articles"] == len(articles_of(ingested.store))
    assert 0 < matched["matched"] <= matched["articles"]
    assert told["label"] == "again"
    rows = archive.read_matches(ingested.store, str(matched["matches"]))
    assert {match.rule for row in rows for match in row.matches} == {"everything"}
    assert {row.decision for row in rows} == {"quiet"}
    assert {key.partition("/")[0] for key in keys_of(ingested.store) - before} == {"backfills"}
    assert ingested.newsroom.requests == [], "no publisher is asked"
    assert "Backfill again" in ingested.slack.messages[0]["text"]


def test_running_it_again_changes_nothing(ingested):
    reprocess(ingested)
    before = contents_of(ingested.store)
    reprocess(ingested)
    assert contents_of(ingested.store) == before
    message, reply = ingested.slack.messages
    assert reply["thread_ts"] == message["ts"]


def test_stored_pages_are_read_by_todays_extractor_and_their_new_copies_count(ingested):
    expected = articles_of(ingested.store)
    age(ingested.store)
    aged = keys_of(ingested.store)
    assert {one.title for one in articles_of(ingested.store)} == {"?"}
    archive.compact_day(ingested.store, TODAY, derive=lambda _: archive.Derived((), ""))
    assert reprocess(ingested, **{"from": "raw"})[0] == {"from": "raw", "batches": 2, "extracted": 2}
    assert articles_of(ingested.store) == expected
    assert ingested.newsroom.requests == []
    assert aged <= keys_of(ingested.store), "nothing is deleted"
    assert reprocess(ingested, **{"from": "raw"})[0]["extracted"] == 0, "what is extracted is not extracted again"


def test_with_sources_their_batches_are_read_whole_and_only_their_articles_are_matched(ingested):
    expected = articles_of(ingested.store)
    age(ingested.store)
    (batch, _) = archive.read_batches(ingested.store, [TODAY])
    source = batch.items[0].entry.source
    params = {"from": "raw", "sources": [source]}
    assert extract_again(ingested.services, run_of(), params)["extracted"] == 1
    here = {item.entry.source for item in batch.items}
    read = articles_of(ingested.store)
    assert [one for one in read if one.title != "?"] == [one for one in expected if one.source in here]
    assert len(here) > 1
    assert len(read) == len(expected)
    own = [one for one in read if one.source == source]
    assert match_again(ingested.services, run_of(), params)["articles"] == len(own) > 0


def test_a_batch_that_nobody_has_extracted_is_named_and_is_there_from_raw(ingested, caplog):
    clean = next(ingested.store.list("clean/")).key
    ingested.store.delete(clean)
    key = BatchKey.parse(clean)
    assert extract_again(ingested.services, run_of(), {})["not_extracted"] == 1
    assert f"reprocess.not_extracted batch={key.batch}" in caplog.text
    assert extract_again(ingested.services, run_of(), {"from": "raw"})["extracted"] == 1
    assert ingested.store.get(clean) is not None


def test_a_batch_whose_pages_are_gone_is_named_and_holds_up_no_other(ingested):
    age(ingested.store)
    lost, kept = archive.read_batches(ingested.store, [TODAY])
    ingested.store.delete(lost.warc)
    with pytest.raises(
        ReprocessError, match=f"could not extract again raw/dt={TODAY}/{lost.batch}.json: .* is not there"
    ):
        extract_again(ingested.services, run_of(), {"from": "raw"})
    assert ingested.store.get(BatchKey(kept.dt, kept.batch).clean(EXTRACTOR)) is not None
    assert ingested.store.get(BatchKey(lost.dt, lost.batch).clean(EXTRACTOR)) is None


def test_batches_extracted_together_give_what_each_gives_alone(ingested):
    batches = list(archive.read_batches(ingested.store, [TODAY]))
    broken = batches[0].model_copy(update={"batch": "broken", "warc": "raw/gone.warc.gz"})
    together = list(extract_all(ingested.services, [batches[0], broken, batches[1]]))
    alone = [next(extract_all(ingested.services, [batch])) for batch in batches]
    assert [one for one in together if one.error is None] == alone
    assert [one.batch.batch for one in together if one.error is not None] == ["broken"]


@pytest.fixture
def plain():
    """An empty archive with the shipped configuration."""
    config = ConfigFiles(DEFAULT_CONFIG, lambda place: pytest.fail("it is a directory"))
    return Services(Settings(), MemoryStore(), config, open_slack=lambda: None, worker="test")


def test_workers_are_started_for_as_many_pages_as_may_be_in_memory(ingested, monkeypatch):
    """Pages without a copy, and the ends of batches, are none of them."""
    batches = list(archive.read_batches(ingested.store, [TODAY]))
    sizes = []
    extract_pages = extracting.extract_pages
    monkeypatch.setattr(extracting, "CHUNK", 4)
    monkeypatch.setattr(
        extracting, "extract_pages", lambda pages, limits: (sizes.append(len(pages)), extract_pages(pages, limits))[1]
    )
    found = list(extract_all(ingested.services, batches))
    pages = sum(item.raw is not None for batch in batches for item in batch.items)
    assert pages < sum(len(batch.items) for batch in batches)
    assert [size for size in sizes if size] == [4] * (pages // 4) + [pages % 4] * (pages % 4 > 0)
    assert len(found) == len(batches)


def test_a_run_that_nobody_asked_for_does_nothing(plain):
    assert extract_again(plain, run_of(), {"from": "raw"}, is_asked=False) == {}
    assert plain.store.objects == {}


@pytest.mark.parametrize(
    ("params", "backfill", "says"),
    [
        ({"rules": ["cease-fire"]}, {}, "rules: unknown cease-fire; known are .*ceasefire"),
        ({"sources": ["nowhere"]}, {}, "sources: unknown nowhere; known are "),
        ({"from": "feed"}, {}, "from: Input should be 'raw' or 'clean', got 'feed'"),
        ({"rules": "ceasefire"}, {}, "rules: .*, got 'ceasefire'"),
        ({}, {"alert": True}, "backfill.alert: reprocess_archive alerts nobody"),
        ({}, {"refetch": True}, "backfill.refetch: reprocess_archive asks no publisher"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is(plain, params, backfill, says):
    with pytest.raises(PermanentError, match=says):
        extract_again(plain, run_of(**backfill), params)
    assert plain.store.objects == {}


def test_a_day_without_anything_is_done_with_nothing(deployment):
    first, matched, told = reprocess(deployment)
    assert (first["batches"], matched["articles"], matched["matched"]) == (0, 0, 0)
    assert told["messages"] == 1
