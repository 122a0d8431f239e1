"""The article that the project was asked for, served by the newsroom: one alert, three rules, and no more hits."""

import os
from pathlib import Path

import pytest

from include.wirewatch import archive

SEED = Path(os.environ.get("WIREWATCH_CORPUS", "../shared/corpus")).parent / "seed" / "article.html"


@pytest.mark.skipif(not SEED.exists(), reason=f"{SEED} is not there; WIREWATCH_CORPUS names the folder beside it")
def test_the_seed_article_gives_one_alert_with_its_three_rules(deployment):
    url = deployment.newsroom.serve_file(SEED, fresh=True)
    deployment.ingest()
    rows = [
        row for item in deployment.store.list("matches/") for row in archive.read_matches(deployment.store, item.key)
    ]
    (row,) = [row for row in rows if row.url == url]
    assert {match.rule: len(match.hits) for match in row.matches} == {"ceasefire": 3, "ultimatum": 1, "sanctions": 1}
    assert row.decision == "alerted"
    messages = [message for message in deployment.slack.messages if url in str(message["blocks"])]
    assert len(messages) == 1
    assert "ceasefire (3 hits)" in messages[0]["text"]


@pytest.mark.skipif(not SEED.exists(), reason=f"{SEED} is not there; WIREWATCH_CORPUS names the folder beside it")
def test_the_seed_article_with_its_own_old_date_is_archived_and_does_not_alert(deployment):
    url = deployment.newsroom.serve_file(SEED)
    deployment.ingest()
    rows = [
        row for item in deployment.store.list("matches/") for row in archive.read_matches(deployment.store, item.key)
    ]
    assert [row.decision for row in rows if row.url == url] == ["stale"]
