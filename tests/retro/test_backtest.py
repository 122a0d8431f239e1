"""One rules file against another: what is gained and lost, with examples that hold."""

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.retro.backtest import COLLECTED, EXAMPLES, Backtest
from include.wirewatch.retro.forecast import Forecast
from tests.retro.samples import MONDAY, TUESDAY, article, matched, rules

NEW = rules(truce="truce OR armistice", oil="oil", fresh="talks")
OLD = rules(truce="truce OR ceasefire", oil="oil", gone="tanker")
RECEIVERS = ReceiversFile.model_validate(
    {"receivers": [{"name": "desk", "kind": "console"}], "routes": [{"to": ["desk"]}]}
)


def backtest_of(*found, sets=(NEW, OLD)):
    result = Backtest(sets, lambda: Forecast(RECEIVERS, {}))
    for day in (MONDAY, TUESDAY):
        for on, one in found:
            if on == day:
                result.add(matched(day, one, *sets))
        result.end(day)
    return result


def changes(result):
    return {change.rule: (change.kind, change.gained, change.lost) for change in result.changes()}


def test_what_is_gained_and_lost_by_rule():
    result = backtest_of(
        (MONDAY, article("a", "An armistice.")),
        (MONDAY, article("b", "A ceasefire.")),
        (MONDAY, article("c", "A truce on oil.")),
        (MONDAY, article("d", "Talks.")),
        (TUESDAY, article("e", "A tanker.")),
    )
    assert changes(result) == {"truce": ("changed", 1, 1), "fresh": ("new", 1, 0), "gone": ("removed", 0, 1)}
    truce = result.changes()[0]
    assert [one.sentence.text for one in truce.gained_examples] == ["An armistice."]
    assert [one.sentence.text for one in truce.lost_examples] == ["A ceasefire."]


def test_both_forecasts_are_there():
    result = backtest_of((MONDAY, article("a", "A ceasefire.")), (MONDAY, article("b", "A truce.")))
    assert result.rules.forecast.receivers["desk"].alerts == {MONDAY: 1}
    assert result.against.forecast.receivers["desk"].alerts == {MONDAY: 2}


def test_an_article_that_the_other_file_matches_by_a_later_version_is_no_change():
    result = backtest_of((MONDAY, article("a", "An armistice.")), (TUESDAY, article("a", "A ceasefire.")))
    assert "truce" not in changes(result)


def test_examples_are_few_and_those_that_hold():
    other = [(TUESDAY, article(f"a{n}", "A ceasefire.")) for n in range(COLLECTED - 2)]
    found = [(MONDAY, article(f"a{n}", "An armistice.")) for n in range(COLLECTED + 50)]
    truce = backtest_of(*found, *other).changes()[0]
    assert (truce.gained, truce.lost) == (52, 0)
    assert [one.article_id for one in truce.gained_examples] == [f"a{COLLECTED - 2}", f"a{COLLECTED - 1}"]
    assert len(backtest_of(*found).changes()[0].gained_examples) == EXAMPLES


def test_without_another_file_nothing_is_compared():
    result = backtest_of((MONDAY, article("a", "A truce.")), sets=(NEW,))
    assert result.against is None
    assert result.changes() == []
