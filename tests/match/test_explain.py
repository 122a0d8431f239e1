"""Why did I get this, and why not: the smallest clause that failed, and how near it came."""

import pytest

from include.wirewatch.match import Document, explain, query_rules

DOCUMENT = Document(
    "Envoys meet",
    "The EU prepares, as all had long expected, sanctions. An ultimatum ran out. Talks about peace.",
    lang="en",
)
WHY_NOT = [
    ("armistice", "armistice", "not found"),
    ("sanctions AND armistice", "armistice", "not found"),
    ("ultimatum AND (armistice OR truce)", "armistice OR truce", "none of its 2 alternatives"),
    ("EU NEAR/3 sanctions", "EU NEAR/3 sanctions", "6 words between them at the nearest, 3 allowed"),
    ("sanctions ONEAR/9 EU", "sanctions ONEAR/9 eu", "in the other order"),
    ("EU NEAR/3 armistice", "EU NEAR/3 armistice", "not found: armistice"),
    ("envoys NEAR/9 ultimatum", "envoys NEAR/9 ultimatum", "one is in the title and the other in the body"),
    ('"peace talks"', '"peace talks"', "not together in this order"),
    ('"peace treaty"', '"peace treaty"', "not found: treaty"),
    ("ATLEAST/3(ultimatum)", "ATLEAST/3(ultimatum)", "1 of 3"),
    ("SAME/sentence(EU, ultimatum)", "SAME/sentence(EU, ultimatum)", "never in one sentence"),
    ("title:ultimatum", "title:ultimatum", "not found in title, though elsewhere"),
    ("ultimatum NOT EU", "NOT EU", "it is there: 'EU' in the body"),
    ("ultimatum AND lang:de", "lang:de", "the article has 'en'"),
]


@pytest.mark.parametrize(("query", "clause", "reason"), WHY_NOT, ids=[row[0] for row in WHY_NOT])
def test_the_smallest_failing_clause_is_named_with_how_near_it_came(query, clause, reason):
    explanation = explain(query_rules(query).rules[0], DOCUMENT)
    assert explanation.match is None
    assert explanation.failed.lower().replace('"', "") == clause.lower().replace('"', "")
    assert reason in explanation.reason


@pytest.mark.parametrize(
    ("query", "body", "reason"),
    [
        ("a1 NEAR/2 b1", "a1 " + "x " * 100 + "a1 " * 150 + "b1 " + "x " * 5 + "b1", None),
        ("a1 NEAR/0 b1", ("a1 " + "x " * 9) * 120 + "a1 x b1", "1 words between them at the nearest, 0 allowed"),
        ("a1 ONEAR/1 b1", "b1 a1 " + "x " * 60_000 + "b1", "60000 words between them at the nearest, 1 allowed"),
        ("a1 ONEAR/1 b1", "b1 " * 200 + "a1", "both are there, in the other order"),
        ('"a1 b1" NEAR/1 "b1 c1"', "a1 b1 c1", "they share their words"),
    ],
    ids=["near", "the last of many", "far", "other order", "shared"],
)
def test_the_nearest_pair_is_the_nearest_of_all(query, body, reason):
    explanation = explain(query_rules(query).rules[0], Document("", body))
    assert (explanation.reason or None) == reason


def test_every_hit_of_a_match_is_in_one_of_the_sentences():
    body = ", ".join(["the fire of 1871 and others"] * 40) + ". Another fire."
    explanation = explain(query_rules("fire").rules[0], Document("", body))
    assert sum(len(sentence.marks) for sentence in explanation.sentences) == 41


def test_a_match_is_explained_by_every_sentence_with_a_hit():
    explanation = explain(query_rules("ultimatum AND sanctions").rules[0], DOCUMENT)
    assert explanation.match is not None
    assert len(explanation.match.hits) == 2
    assert [sentence.text[slice(*sentence.marks[0])] for sentence in explanation.sentences] == [
        "sanctions",
        "ultimatum",
    ]


def test_a_rule_for_other_languages_says_so():
    compiled = query_rules("ultimatum").rules[0]
    german = compiled._replace(rule=compiled.rule.model_copy(update={"languages": ("de",)}))
    assert explain(german, DOCUMENT).reason == "the article is in 'en'"
