"""The past answers as the live run did: the same articles, rules, hits and scores, and as many alerts."""

from datetime import date

from include.wirewatch import archive
from include.wirewatch.archive import compact_day
from include.wirewatch.match import load_rules
from include.wirewatch.retro.backtest import Backtest
from include.wirewatch.retro.files import through_cache
from include.wirewatch.retro.forecast import Forecast
from include.wirewatch.retro.scan import Scan
from include.wirewatch.stages.compact import derived


def test_live_and_retro_never_differ(deployment, tmp_path):
    live = archive.read_matches(deployment.store, str(deployment.ingest()["match"]["matches"]))
    expected = {row.article_id: row.matches for row in live}
    assert len(expected) > 3
    (key,) = deployment.store.list("clean/")
    day = date.fromisoformat(archive.BatchKey.parse(key.key).dt)
    rules = load_rules(deployment.services.config.rules())
    receivers = deployment.services.config.receivers().value
    for step in ("batches", "compacted"):
        scan = Scan(through_cache(deployment.store, tmp_path / "cache"), [rules])
        result = Backtest([rules], lambda: Forecast(receivers, {}))
        found = list(scan.of_day(day))
        for matched in found:
            result.add(matched)
        result.end(day)
        assert {matched.article.article_id: matched.verdicts[0] for matched in found} == expected, step
        counted = result.rules.forecast.receivers.values()
        told = sum(len(row.receivers) for row in live)
        assert sum(one.alerts.total() + one.replies.total() for one in counted) == told > 0
        compact_day(deployment.store, day, derive=derived)
