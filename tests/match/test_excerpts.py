"""Which sentences are shown, and that the marks lie on the hits."""

import pytest

from include.wirewatch.match import Document, excerpts, query_rules
from include.wirewatch.match.sentences import sentences
from tests.effort import assert_linear


def shown(document: Document, query: str, limit: int | None = 3):
    found = excerpts(document, query_rules(query).match(document), limit)
    return [(item.field, item.text, [item.text[start:end] for start, end in item.marks]) for item in found]


def test_the_body_comes_before_the_title_and_new_terms_before_repetition():
    document = Document("A truce", "A truce here. A truce there. The ultimatum ends. Nothing.")
    assert shown(document, "truce OR ultimatum") == [
        ("body", "A truce here.", ["truce"]),
        ("body", "The ultimatum ends.", ["ultimatum"]),
        ("body", "A truce there.", ["truce"]),
    ]
    assert shown(document, "truce", 5)[-1] == ("title", "A truce", ["truce"])


def test_a_sentence_without_end_is_cut_around_its_hits():
    text = "word " * 200 + "a ceasefire holds " + "word " * 200
    ((_, quoted, marks),) = shown(Document("", text), "ceasefire")
    assert marks == ["ceasefire"]
    assert len(quoted) <= 302
    assert quoted.startswith("…word ")
    assert quoted.endswith("word…")


def test_every_hit_of_a_sentence_without_end_is_shown_when_all_are_asked_for():
    document = Document("", ", ".join(["the fire of 1871 and others"] * 40) + ".")
    found = shown(document, "fire", None)
    assert [mark for _, _, marks in found for mark in marks] == ["fire"] * 40
    assert all(len(quoted) <= 302 for _, quoted, _ in found)
    assert shown(document, "fire") == found[:1]


def test_white_space_that_a_regular_expression_finds_is_marked_where_it_stands():
    document = Document("", "It burns. Fire! \n ")
    assert shown(document, r"/\sFire/", None) == [("body", " Fire!", [" Fire"])]
    assert [marks for *_, marks in shown(document, r"/\n/", None)] == [["\n"]]


@pytest.mark.parametrize("is_all", [True, False], ids=["all hits", "as many as there are sentences"])
def test_a_text_of_many_sentences_with_a_hit_is_quoted_in_linear_time(is_all):
    def quoting(size):
        document = Document("", "Fire. " * size)
        matches = query_rules("fire").match(document)
        return lambda: excerpts(document, matches, limit=None if is_all else size)

    assert len(quoting(8_000)()) == 8_000
    assert_linear(quoting, 200)


def test_a_word_without_end_is_cut_too():
    ((_, quoted, marks),) = shown(Document("", "a" * 5000), f"{'a' * 50}*")
    assert len(quoted) <= 602
    assert marks


def test_hits_of_several_rules_on_one_word_are_one_mark():
    document = Document("", "The peace talks resume.")
    matches = query_rules('"peace talks"').match(document) + query_rules("talks").match(document)
    (excerpt,) = excerpts(document, matches)
    assert excerpt.marks == ((4, 15),)


def test_nothing_found_shows_nothing():
    assert excerpts(Document("a", "b"), ()) == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Das Ultimatum vom 24. Februar läuft ab.", 1),
        ("Bis zum 4. März gilt es (seit 3. Mai).", 1),
        ("Es waren 24. Russland schweigt.", 2),
        ("Es waren 1924. Februar war kalt.", 2),
        ("The talks start at 5 p.m. Kyiv time.", 1),
        ("The talks start at 5 p.m. GMT on Monday.", 1),
        ("The talks end at 5 p.m. Kyiv said so.", 2),
        ("The talks (e.g. Kyiv) start.", 1),
        ("Sie reden, u.a. Kiew.", 1),
    ],
)
def test_a_date_an_hour_and_an_example_end_no_sentence(text, count):
    assert len(sentences(text)) == count


def test_sentences_end_where_people_end_them():
    text = (
        "Mr. Muster met J. Doe of the U.S. Senate at 5 p.m. on Monday. “Why?” she asked. "
        "It rose by 3.5 per cent!\nSO IT’S. Next 。終。"
    )
    assert [text[start:end] for start, end in sentences(text)] == [
        "Mr. Muster met J. Doe of the U.S. Senate at 5 p.m. on Monday.",
        "“Why?” she asked.",
        "It rose by 3.5 per cent!",
        "SO IT’S.",
        "Next 。",
        "終。",
    ]
