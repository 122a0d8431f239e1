"""What a rules file matched: each article once, and the words that it matched by."""

from include.wirewatch.retro.tally import Tally
from tests.retro.samples import MONDAY, TUESDAY, WEDNESDAY, article, matched, rules

RULES = rules(truce="truce OR ceasefire", oil="oil")


def tally_of(*found):
    tally = Tally(RULES)
    for day, one in found:
        tally.add(day, one, matched(day, one, RULES).verdicts[0])
    return tally


def test_an_article_counts_on_the_day_on_which_it_first_matched():
    tally = tally_of((MONDAY, article("a", "A truce.")), (TUESDAY, article("a", "A truce, again.", TUESDAY)))
    assert (tally.days, tally.articles) == ({MONDAY: 1}, 1)
    assert tally.rules["truce"] == {MONDAY: 1}


def test_a_rule_that_matches_a_later_version_counts_on_its_own_day_and_the_article_no_second_time():
    tally = tally_of((MONDAY, article("a", "A truce.")), (WEDNESDAY, article("a", "A truce; oil.", WEDNESDAY)))
    assert tally.days == {MONDAY: 1}
    assert tally.rules == {"truce": {MONDAY: 1}, "oil": {WEDNESDAY: 1}}


def test_only_new_matches_are_returned():
    tally = tally_of((MONDAY, article("a", "A truce.")))
    later = article("a", "A truce; oil.")
    assert [match.rule for match in tally.add(TUESDAY, later, matched(TUESDAY, later, RULES).verdicts[0])] == ["oil"]


def test_words_are_told_apart_by_what_alone_led_to_the_match():
    tally = tally_of(
        (MONDAY, article("a", "A TRUCE. One truce more.")),
        (MONDAY, article("b", "A truce.")),
        (MONDAY, article("c", "A truce and a ceasefire.")),
    )
    assert {(one.words, one.articles) for one in tally.to_look_at()} == {(("truce",), 2), (("ceasefire", "truce"), 1)}


def test_the_lowest_mean_score_comes_first_with_its_weakest_sentence():
    long = "Word " * 200
    tally = tally_of(
        (MONDAY, article("strong", "A truce.", title="Truce")),
        (MONDAY, article("weak", f"{long}. Oil on canvas. {long}")),
        (MONDAY, article("middle", "Oil and oil and oil.")),
    )
    first, second = tally.to_look_at()
    assert (first.rule, second.rule) == ("oil", "truce")
    assert first.weakest.article_id == "weak"
    assert first.weakest.sentence.text == "Oil on canvas."


def test_every_rule_has_its_turn_among_the_words():
    found = [(MONDAY, article(f"t{number}", f"truce{' ceasefire' * (number % 2)}")) for number in range(9)]
    tally = tally_of(*found, (MONDAY, article("o", "Oil.")))
    assert {one.rule for one in tally.to_look_at(limit=2)} == {"truce", "oil"}
