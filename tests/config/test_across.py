"""What each file allows and the three together make useless."""

import pytest

from include.wirewatch.config.across import doubts
from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.sources import SourcesFile

RULES = RulesFile.model_validate({"rules": [{"name": "ceasefire", "query": "truce", "tags": ["conflict"]}]})
SOURCE = {"name": "courier", "publisher": "Harbour Courier", "kind": "feed", "url": "https://courier.example/rss"}
SOURCES = SourcesFile.model_validate({"sources": [SOURCE]})
DESK = {"name": "desk", "kind": "console"}


def doubted(routes=({"to": ["desk"]},), receivers=(DESK,), **more):
    file = ReceiversFile.model_validate({"receivers": receivers, "routes": routes, **more})
    return [(doubt.path, doubt.message) for doubt in doubts(file, RULES, SOURCES)]


def test_names_that_are_there_are_not_doubted():
    every = {"rules": ["ceasefire"], "tags": ["conflict"], "publishers": ["Harbour Courier"]}
    silence = {**every, "until": "2026-12-01T08:00:00Z", "reason": "x"}
    assert doubted([{"to": ["desk"], **every, "languages": ["en", "sah"]}], silences=[silence]) == []


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"rules": ["ceasfire"]}, "there is no rule 'ceasfire' in rules.yaml; known: ceasefire"),
        ({"tags": ["war"]}, "there is no tag 'war' in the rules of rules.yaml; known: conflict"),
        ({"publishers": ["Courier"]}, "there is no publisher 'Courier' in sources.yaml; known: Harbour Courier"),
        ({"languages": ["EN"]}, "no article has the language 'EN': it is two or three small letters, such as en"),
    ],
)
def test_a_name_that_nothing_has_is_doubted_at_its_place(condition, message):
    (field,) = condition
    assert doubted([{"to": ["desk"], **condition}]) == [(("routes", 0, field, 0), message)]


def test_a_silence_of_an_unknown_rule_is_doubted():
    silence = {"rules": ["ceasfire"], "until": "2026-12-01T08:00:00Z", "reason": "x"}
    ((path, message),) = doubted(silences=[silence])
    assert path == ("silences", 0, "rules", 0)
    assert "'ceasfire'" in message


def test_receivers_that_nothing_leads_to_are_doubted_but_not_those_of_ops():
    ops = {"name": "ops-team", "kind": "console"}
    assert doubted(receivers=(DESK, ops), ops=["ops-team"]) == []
    assert doubted(receivers=(DESK, ops)) == [(("receivers", 1, "name"), "no route leads to receiver 'ops-team'")]
    assert doubted([])[0] == (("routes",), "there is no route: nobody is told of anything")
