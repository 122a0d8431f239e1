from datetime import UTC, datetime

import pytest

from include.wirewatch.config.receivers import Route
from include.wirewatch.deliver.route import route_matches
from include.wirewatch.models import Article, RuleMatch

ARTICLE = Article(
    article_id="a",
    source="harbour",
    publisher="Harbour Courier",
    title="t",
    text="x",
    first_seen=datetime(2026, 11, 24, tzinfo=UTC),
    language="en",
    method="precision",
    extractor="e",
    entry_url="https://h.example/1",
    url="https://h.example/1",
    canonical_url="https://h.example/1",
)
CEASEFIRE = RuleMatch(rule="ceasefire", severity="high", tags=("war",), score=1, hits=())
SANCTIONS = RuleMatch(rule="sanctions", severity="low", tags=("trade",), score=1, hits=())
BOTH = (CEASEFIRE, SANCTIONS)


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param({}, BOTH, id="no condition takes every match"),
        pytest.param({"rules": ("ceasefire",)}, (CEASEFIRE,), id="by rule"),
        pytest.param({"tags": ("trade", "sport")}, (SANCTIONS,), id="by any tag"),
        pytest.param({"min_severity": "normal"}, (CEASEFIRE,), id="by severity"),
        pytest.param({"languages": ("en", "de")}, BOTH, id="by language"),
        pytest.param({"languages": ("de",)}, None, id="another language"),
        pytest.param({"publishers": ("Harbour Courier",)}, BOTH, id="by publisher"),
        pytest.param({"rules": ("ceasefire",), "tags": ("trade",)}, None, id="all conditions must hold"),
    ],
)
def test_a_route_takes_the_matches_that_fulfil_its_conditions(conditions, expected):
    found = route_matches(ARTICLE, BOTH, (Route(to=("desk",), **conditions),))
    assert found == ({} if expected is None else {"desk": expected})


def test_routes_to_one_receiver_add_up_without_doubling():
    routes = (
        Route(to=("desk", "trade"), rules=("sanctions",)),
        Route(to=("desk",), rules=("ceasefire", "sanctions")),
    )
    assert route_matches(ARTICLE, BOTH, routes) == {"desk": BOTH, "trade": (SANCTIONS,)}
