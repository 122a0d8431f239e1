"""What `wirewatch try` says of a page is what the pipeline did with it."""

from datetime import UTC, datetime

from include.wirewatch import archive
from include.wirewatch.cli.trial import page_of_file, trial_of
from include.wirewatch.match import load_rules

SAME = {"alerted": "alert", "stale": "stale"}


def test_a_trial_of_each_stored_page_gives_the_decision_and_the_matches_of_its_run(deployment):
    deployment.ingest()
    services, store = deployment.services, deployment.store
    (matches,), (clean,) = store.list("matches/"), store.list("clean/")
    articles = {article.article_id: article for article in archive.read_articles(store, clean.key)}
    rules, receivers = load_rules(services.config.rules()), services.config.receivers().value
    sources = {source.name: source for source in services.config.sources().value.sources}
    seen = set()
    for row in archive.read_matches(store, matches.key):
        article = articles[row.article_id]
        if article.raw is None or article.method == "summary" or article.published is None:
            continue
        capture = archive.read_capture(store, article.raw)
        page = page_of_file(capture.body, capture.final_url, datetime.now(UTC))
        trial = trial_of(page, sources[article.source], rules, receivers, services.settings, datetime.now(UTC))
        assert trial.decision == SAME[row.decision], article.url
        assert [rule.match for rule in trial.matched] == list(row.matches)
        assert [told.receiver.name for told in trial.told if row.decision == "alerted"] == list(row.receivers)
        seen.add(row.decision)
    assert seen == SAME.keys()
