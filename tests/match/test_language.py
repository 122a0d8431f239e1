"""Each form of the language, with what it finds and what it leaves."""

import pytest

from include.wirewatch.match import Document, query_rules

SEED = Document(
    title="Envoys meet in Istanbul",
    body=(
        "Envoys of both sides met in Istanbul on Monday. The UN asked for a 30-day ceasefire, the spokesman said. "
        "An ultimatum followed: new EU sanctions unless the cease-fire holds.\n\n"
        "Organisation of the peace talks is slow. "
        "Sanctions came first, then more sanctions, then talks about peace. " + "Nothing else happened that week. " * 10
        + "A truce was not mentioned."
    ),
    source="wire-world",
    publisher="Example Wire",
    site="news.example.org",
    url="https://news.example.org/world/2026/talks?id=7",
    lang="en",
    authors=("Jane Doe", "Max Muster"),
    tags=("World", "Peace Process"),
)  # fmt: skip

FOUND = {
    "ultimatum NOT （EU AND armistice）": ["ultimatum"],
    "title：istanbul OR SAME/sentence（ultimatum，EU）": ["Istanbul", "ultimatum", "EU"],
    "｛UN｝": ["UN"],
    '"[EU] sanctions" OR "a|b"': ["EU sanctions"],
    "/a (?:30|x）)-day/": ["a 30-day"],
    "ceasefire": ["ceasefire"],
    '"cease fire"': ["cease-fire"],
    "cease-fire": ["cease-fire"],
    "sanction*": ["sanctions", "Sanctions", "sanctions"],
    "organi?ation": ["Organisation"],
    "{UN}": ["UN"],
    "ceasefire AND ultimatum": ["ceasefire", "ultimatum"],
    "armistice OR ultimatum": ["ultimatum"],
    "ultimatum NOT armistice": ["ultimatum"],
    "NOT armistice AND ultimatum": ["ultimatum"],
    "(armistice OR ultimatum) AND (envoys NOT reporter)": ["Envoys", "Envoys", "ultimatum"],
    "ultimatum NEAR/5 sanctions": ["ultimatum", "sanctions"],
    "EU NEAR/0 sanctions": ["EU", "sanctions"],
    "sanctions NEAR/3 EU": ["EU", "sanctions"],
    "EU ONEAR/3 sanctions": ["EU", "sanctions"],
    '(armistice OR "peace talks") NEAR/3 slow': ["peace talks", "slow"],
    '"talks peace"~1': ["talks about peace"],
    '"then peace"~2': ["then talks about peace"],
    "title:istanbul": ["Istanbul"],
    "title:(istanbul OR geneva)": ["Istanbul"],
    "lead:ultimatum": ["ultimatum"],
    "body:istanbul": ["Istanbul"],
    "ultimatum AND source:wire-world": ["ultimatum"],
    'ultimatum AND publisher:"example wire"': ["ultimatum"],
    "ultimatum AND site:example.org": ["ultimatum"],
    "ultimatum AND url:/world/2026/": ["ultimatum"],
    "ultimatum AND url:talks?id=7": ["ultimatum"],
    "ultimatum AND lang:(de OR en)": ["ultimatum"],
    'ultimatum AND author:"jane doe"': ["ultimatum"],
    'ultimatum AND tag:"peace process"': ["ultimatum"],
    "ultimatum NOT lang:de": ["ultimatum"],
    "ATLEAST/3(sanctions)": ["sanctions", "Sanctions", "sanctions"],
    "ATLEAST/2(ultimatum OR truce)": ["ultimatum", "truce"],
    "SAME/sentence(ultimatum, sanctions)": ["ultimatum", "sanctions"],
    "SAME/sentence(ultimatum, holds, EU)": ["ultimatum", "EU", "holds"],
    r"/\d+-day cease\w+/": ["30-day ceasefire"],
    r"/(?-i)EU sanctions/": ["EU sanctions"],
    "“peace talks”": ["peace talks"],
    '"new eu" OR "eu sanctions"': ["new EU sanctions"],
}
NOT_FOUND = [
    "armistice",
    "sanction",
    '"fire cease"',
    "{eu}",
    "ceasefire AND armistice",
    "ceasefire NOT ultimatum",
    "EU NEAR/1 ultimatum",
    "sanctions ONEAR/0 EU",
    "ultimatum NEAR/5 ultimatum",
    '"talks peace"',
    '"then peace"~1',
    "title:ultimatum",
    "lead:truce",
    "ultimatum AND source:wire",
    "ultimatum AND publisher:example",
    "ultimatum AND site:ample.org",
    "ultimatum AND url:/sport/",
    "ultimatum AND lang:e",
    "ultimatum AND author:jane",
    "ultimatum AND tag:peace",
    "ultimatum NOT lang:en",
    "ATLEAST/4(sanctions)",
    "ATLEAST/2(ultimatum OR ultimat*)",
    'ATLEAST/2(new OR "new eu")',
    "SAME/sentence(ultimatum, ceasefire)",
    r"/(?-i)eu sanctions/",
    'SAME/sentence("said an", ultimatum)',
]


@pytest.mark.parametrize(("query", "found"), FOUND.items(), ids=FOUND)
def test_a_form_finds(query, found):
    (match,) = query_rules(query).match(SEED)
    assert [hit.text for hit in match.hits] == found


@pytest.mark.parametrize("query", NOT_FOUND)
def test_a_form_leaves(query):
    assert query_rules(query).match(SEED) == ()


@pytest.mark.parametrize(
    "query", ['"talks peace"', "talks NEAR/5 peace", '"talks peace"~3', "SAME/sentence(talks, peace)", "/talks.peace/"]
)
def test_nothing_but_boolean_operators_crosses_from_title_to_body(query):
    apart = Document("Talks", "peace")
    assert query_rules(query).match(apart) == ()
    assert query_rules("talks AND peace").match(apart)


def test_the_lead_is_the_first_sixty_words_of_the_body():
    rules = query_rules("lead:truce")
    assert rules.match(Document("", "word " * 59 + "truce"))
    assert not rules.match(Document("", "word " * 60 + "truce"))
    assert not rules.match(Document("truce", ""))


def test_overlapping_hits_are_one_and_neighbours_are_two():
    rules = query_rules('"peace talks" OR talks OR resume')
    (match,) = rules.match(Document("", "Peace talks resume."))
    assert [(hit.text, hit.term) for hit in match.hits] == [("Peace talks", '"peace talks"'), ("resume", "resume")]


def test_an_article_about_the_subject_scores_above_one_that_mentions_it():
    rules = query_rules("ceasefire OR truce")
    filler = "Other things happened elsewhere. " * 60
    scores = [
        rules.match(document)[0].score
        for document in (
            Document("Ceasefire agreed", "The ceasefire, a truce, begins. " + filler),
            Document("Ceasefire agreed", filler + "The ceasefire begins."),
            Document("News", "The ceasefire begins. " + filler),
            Document("News", filler + "The ceasefire begins."),
        )
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert all(0 < score <= 100 for score in scores)


def test_the_parts_of_a_score_add_up():
    (match,) = query_rules("ceasefire").match(SEED)
    assert sum(match.score_parts.values()) == match.score
