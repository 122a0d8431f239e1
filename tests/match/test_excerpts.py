"""Which sentences are shown, and that the marks lie on the hits."""

from include.wirewatch.match import Document, excerpts, query_rules
from include.wirewatch.match.sentences import sentences


def shown(document: Document, query: str, limit: int = 3):
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
