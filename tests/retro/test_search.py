"""The newest articles that a query finds."""

from include.wirewatch.retro.search import newest
from tests.retro.samples import MONDAY, TUESDAY, article, matched, rules

RULES = rules(query="truce")


def found(*articles):
    return [matched(day, one, RULES) for day, one in articles]


def test_the_newest_come_first_and_all_are_counted():
    articles = [(MONDAY, article(f"a{hour}", "A truce.", hour=hour)) for hour in (3, 9, 6, 1)]
    best, count = newest(found(*articles), 2)
    assert [one.article_id for one in best] == ["a9", "a6"]
    assert count == 4


def test_a_changed_article_is_shown_once_as_it_was_last():
    last = (TUESDAY, article("a", "Second truce.", TUESDAY))
    best, count = newest(found(last, (MONDAY, article("a", "First truce."))), 5)
    assert [(one.day, one.sentence.text) for one in best] == [(TUESDAY, "Second truce.")]
    assert count == 1


def test_an_undated_article_counts_from_when_it_was_first_seen():
    best, _ = newest(found((MONDAY, article("a", "A truce.", published=None))), 1)
    assert best[0].published is None
    assert best[0].at.hour == 12


def test_the_best_sentence_has_its_hits_marked():
    best, _ = newest(found((MONDAY, article("a", "Nothing here. Then a truce."))), 1)
    sentence = best[0].sentence
    assert [sentence.text[start:end] for start, end in sentence.marks] == ["truce"]
    assert best[0].words == ("truce",)
