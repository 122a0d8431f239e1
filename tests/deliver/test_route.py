from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from include.wirewatch.config.receivers import ReceiversFile, Route, Silence
from include.wirewatch.config.rules import Rule
from include.wirewatch.deliver.route import is_instant, may_lead_to, route_matches, unsilenced
from include.wirewatch.models import Article, RuleMatch

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
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
        pytest.param({"publishers": ("Northgate Press",)}, None, id="another publisher"),
        pytest.param({"tags": ("sport",)}, None, id="another tag"),
        pytest.param({"rules": ("ceasefire",), "tags": ("trade",)}, None, id="all conditions must hold"),
        pytest.param(
            {
                "rules": ("ceasefire", "sanctions"),
                "tags": ("trade", "war"),
                "languages": ("en",),
                "publishers": ("Harbour Courier",),
                "min_severity": "high",
            },
            (CEASEFIRE,),
            id="all conditions at once",
        ),
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


def test_one_match_goes_to_every_receiver_of_every_route_that_takes_it():
    routes = (Route(to=("desk", "night")), Route(to=("trade",), tags=("war",)), Route(to=("none",), tags=("sport",)))
    assert route_matches(ARTICLE, (CEASEFIRE,), routes) == dict.fromkeys(("desk", "night", "trade"), (CEASEFIRE,))


def test_an_article_whose_language_is_not_known_fulfils_no_condition_on_languages():
    unknown = ARTICLE.model_copy(update={"language": ""})
    assert route_matches(unknown, BOTH, (Route(to=("desk",), languages=("en",)),)) == {}


def silence(**conditions):
    facts = {"until": NOW + timedelta(hours=1), "reason": "maintenance of the test pages", **conditions}
    return Silence.model_validate(facts)


@pytest.mark.parametrize(
    ("conditions", "left"),
    [
        pytest.param({"rules": ("ceasefire",)}, (SANCTIONS,), id="by rule"),
        pytest.param({"tags": ("trade",)}, (CEASEFIRE,), id="by tag"),
        pytest.param({"receivers": ("desk",)}, (), id="by receiver"),
        pytest.param({"receivers": ("night",)}, BOTH, id="another receiver"),
        pytest.param({"publishers": ("Harbour Courier",)}, (), id="by publisher"),
        pytest.param({"publishers": ("Northgate Press",)}, BOTH, id="another publisher"),
        pytest.param({"rules": ("ceasefire",), "tags": ("trade",)}, BOTH, id="all conditions must hold"),
        pytest.param({"rules": ("ceasefire",), "until": NOW}, BOTH, id="it is over"),
    ],
)
def test_a_silence_mutes_what_fulfils_its_conditions_until_it_ends(conditions, left):
    found = unsilenced({"desk": BOTH}, ARTICLE, (silence(**conditions),), NOW)
    assert found == ({"desk": left} if left else {})


def test_a_silence_must_say_what_it_mutes_why_and_until_when_with_a_zone():
    for wrong in ({}, {"rules": ("x",), "reason": " "}, {"rules": ("x",), "until": "2026-12-01T08:00:00"}):
        with pytest.raises(ValidationError):
            silence(**wrong)


def test_a_silence_of_an_unknown_receiver_is_refused():
    receiver = {"name": "desk", "kind": "console"}
    with pytest.raises(ValidationError, match="a silence names unknown receiver 'nihgt'; known: desk"):
        ReceiversFile.model_validate(
            {"receivers": [receiver], "routes": [{"to": ["desk"]}], "silences": [silence(receivers=("nihgt",))]}
        )


@pytest.mark.parametrize(
    ("matches", "instant_from", "expected"),
    [
        pytest.param((SANCTIONS,), "low", True, id="by default everything is told at once"),
        pytest.param((SANCTIONS,), "normal", False, id="all below it wait"),
        pytest.param((SANCTIONS, CEASEFIRE), "high", True, id="one match is reason enough, and takes the others along"),
        pytest.param((CEASEFIRE,), "high", True, id="as severe as that"),
    ],
)
def test_what_is_not_severe_enough_waits_for_the_digest(matches, instant_from, expected):
    assert is_instant(matches, instant_from) is expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        pytest.param({}, True, id="every rule"),
        pytest.param({"rules": ("ceasefire",)}, True, id="this rule"),
        pytest.param({"rules": ("sanctions",)}, False, id="another rule"),
        pytest.param({"tags": ("war", "trade")}, True, id="one of its tags"),
        pytest.param({"tags": ("trade",)}, False, id="another tag"),
        pytest.param({"min_severity": "high"}, False, id="more severe ones only"),
        pytest.param({"languages": ("de",), "publishers": ("Herald",)}, True, id="some article may be of those"),
        pytest.param({"to": ("night",)}, False, id="another receiver"),
    ],
)
def test_a_rule_may_lead_to_a_receiver_by_what_is_known_without_an_article(conditions, expected):
    rule = Rule(name="ceasefire", query="ceasefire", tags=("war",))
    assert may_lead_to("desk", rule, (Route(**{"to": ("desk",), **conditions}),)) is expected
