"""A wildcard that is a thousand different words of the archive is warned of where it stands."""

import pytest

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.match import located, wide_wildcards
from include.wirewatch.remembered import Remembered

LETTERS = "abcdefghijklmnopqrstuvwxyz"
ENDINGS = [one + two + three for one in LETTERS for two in LETTERS for three in LETTERS]


def warned(yaml, texts):
    loaded = load_yaml("rules.yaml", yaml, RulesFile)
    return [located(loaded, problem) for problem in wide_wildcards(loaded.value, texts)]


def words(count, beginning="con"):
    return [beginning + ending for ending in ENDINGS[:count]]


def test_a_thousand_words_are_too_many_and_one_less_are_not():
    yaml = "rules:\n  - name: r\n    query: |\n      truce OR\n      con*\n"
    assert warned(yaml, [" ".join(words(999))]) == []
    (warning,) = warned(yaml, [" ".join(words(1_000))])
    assert warning == (
        "rules.yaml:5:7: rule 'r': con* stands for 1,000 or more different words of the archive, "
        "such as conaaa, conaab and conaac; write more of the word"
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param("con*", True, id="a beginning"),
        pytest.param("co??a?", False, id="a word of six letters: 676"),
        pytest.param("co????", True, id="letters: 17,576"),
        pytest.param('"truce con*"', True, id="in a phrase"),
        pytest.param("truce NOT title:con*", True, id="in a field, and ruled out"),
        pytest.param("/con\\w+/ AND truce", False, id="a regular expression has no such words"),
        pytest.param("{Con}", False, id="no wildcard"),
    ],
)
def test_every_wildcard_of_a_query_counts(query, found):
    yaml = f"rules: [{{name: r, query: '{query}'}}]\n"
    assert bool(warned(yaml, words(len(ENDINGS)))) is found


def test_spellings_of_one_word_are_one_and_words_with_an_apostrophe_count_by_their_part():
    yaml = "rules: [{name: r, query: con*}]\n"
    assert warned(yaml, [" ".join(words(999)), " ".join(words(999)).upper(), "l\u2019conaaa CON\u00adAAB"]) == []
    assert len(warned(yaml, [" ".join(words(999)), "l\u2019contrat"])) == 1


def test_a_wildcard_of_a_list_is_warned_of_where_it_is_written_and_once():
    yaml = "lists:\n  a: [truce, con*]\n  b: con* NOT con*\nrules: [{name: r, query: '@a OR @b OR con*'}]\n"
    assert [warning.split(" stands")[0] for warning in warned(yaml, words(1_500))] == [
        "rules.yaml:4:19: column 13 of the value: rule 'r': con*",
        "rules.yaml:2:14: list 'a': con*",
        "rules.yaml:3:6: list 'b': con*",
    ]


def test_without_a_wildcard_no_text_is_read():
    def texts():
        raise AssertionError("read")
        yield ""

    assert warned("rules: [{name: r, query: truce}]\n", texts()) == []


def test_words_are_counted_though_many_others_are_forgotten_in_between(monkeypatch):
    monkeypatch.setattr(Remembered, "LIMIT", 1_000)
    texts = [f"{word} {word}s other{number}" for number, word in enumerate(words(600))]
    assert len(warned("rules: [{name: r, query: con*}]\n", texts * 2)) == 1
