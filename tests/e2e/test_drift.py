"""A source's figures follow it through real runs."""

from include.wirewatch import archive
from include.wirewatch.extract.drift import Sample
from include.wirewatch.extract.drift_store import KEY, DriftStore
from include.wirewatch.stages.extract import extract
from tests.e2e.conftest import NOW


def test_a_run_keeps_the_figures_of_its_articles_and_a_rerun_changes_nothing(deployment):
    summary = deployment.ingest()["extract"]
    articles = archive.read_articles(deployment.store, str(summary["clean"]))
    counts = {}
    for article in articles:
        counts.setdefault(article.source, []).append(article.word_count)
    kept = DriftStore(deployment.store).read(counts)
    assert {source: [list(sample.words) for sample in window] for source, window in kept.items()} == {
        source: [words] for source, words in counts.items()
    }
    before = deployment.store.get(KEY)
    assert extract(deployment.services, str(summary["clean"])) == summary
    assert deployment.store.get(KEY) == before


def test_a_source_whose_articles_shrink_is_counted_in_the_runs_summary(deployment):
    sources = [source.name for source in deployment.services.config.sources().value.sources]
    now = int(NOW.timestamp())
    for at, words in ((now - 7_200, (9_000,) * 40), (now - 3_600, (9,) * 19)):
        sample = Sample(at, f"earlier-{at}", words, 0)
        DriftStore(deployment.store).add(dict.fromkeys(sources, sample))
    summary = deployment.ingest()["extract"]
    articles = archive.read_articles(deployment.store, str(summary["clean"]))
    assert summary["drifting"] == len({article.source for article in articles})


def test_a_quiet_run_leaves_the_figures_alone(deployment):
    deployment.ingest(quiet=True)
    assert deployment.store.get(KEY) is None
