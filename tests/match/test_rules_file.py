"""rules.yaml: lists, exclude, languages, lemma; and every mistake at its place."""

import pytest

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.errors import ConfigError
from include.wirewatch.match import (
    Document,
    RuleErrors,
    RuleSet,
    check_examples,
    compile_rules,
    load_rules,
    located,
    warnings,
)


def rules(text: str) -> RuleSet:
    return load_rules(load_yaml("rules.yaml", text, RulesFile))


def matched(ruleset: RuleSet, body: str, lang: str = "") -> list[str]:
    return [match.rule for match in ruleset.match(Document("", body, lang=lang))]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        rules(text)
    return caught.value.problems


def test_a_list_of_terms_is_an_or_of_phrases_and_a_text_is_a_query():
    ruleset = rules("""
lists:
  capitals: [Kyiv, New York, '{US}', "mosc*"]
  talks: talks AND NOT football
rules:
  - {name: near, query: ultimatum NEAR/3 @capitals}
  - {name: sub, query: ultimatum AND @talks}
""")
    assert matched(ruleset, "An ultimatum to New York") == ["near"]
    assert matched(ruleset, "York: an ultimatum, new") == []
    assert matched(ruleset, "US ultimatum") == ["near"]
    assert matched(ruleset, "us ultimatum") == []
    assert matched(ruleset, "Moscow's ultimatum before talks") == ["near", "sub"]
    assert matched(ruleset, "ultimatum before football talks") == []


def test_a_list_of_terms_refuses_operators():
    (found,) = problems("lists: {l: [a b, peace OR war]}\nrules: []\n")
    assert found == "rules.yaml:1:24: list 'l': OR in a list of terms; write a sub-query as one text, not a list"


def test_lists_may_use_lists():
    ruleset = rules("""
lists: {a: [truce, "@b"], b: [ceasefire]}
rules: [{name: r, query: "@a"}]
""")
    assert matched(ruleset, "a ceasefire") == ["r"]


def test_every_mistake_is_reported_at_its_line_and_column():
    found = problems("""\
lists:
  circle: a OR @circle2
  circle2: b OR @circle
rules:
  - name: plain
    query: ceasefire AND OR talks
  - name: block
    query: |
      ceasefire AND
      (talks OR
  - name: quoted
    query: "ceasefire talks"
  - name: unknown
    query: a AND @nobody
    exclude: "@nobody"
  - name: disabled
    enabled: false
    query: '""'
""")
    assert found[0].startswith("rules.yaml:2:11: list 'circle': lists in a circle: @circle → @circle2 → @circle")
    assert found[2].startswith("rules.yaml:6:26: rule 'plain': OR after AND")
    assert found[3].startswith("rules.yaml:10:14: rule 'block': OR needs a term after it")
    assert found[4].startswith(
        "rules.yaml:12:5: column 11 of the value: rule 'quoted': ceasefire and talks side by side"
    )
    assert found[5].startswith("rules.yaml:14:18: rule 'unknown': unknown list @nobody; known: @circle, @circle2")
    assert found[6].startswith("rules.yaml:18:5: column 1 of the value: rule 'disabled': empty phrase")
    assert len(found) == 7


def test_a_list_that_needs_what_its_place_forbids_is_refused_where_it_is_named():
    (found,) = problems("lists: {both: a AND b}\nrules: [{name: r, query: c NEAR/3 @both}]\n")
    assert found.startswith("rules.yaml:2:35: rule 'r': NEAR takes words, phrases and ORs of them, not AND")


@pytest.mark.parametrize("order", [1, -1], ids=["the inner ones first", "the outer ones first"])
def test_lists_nested_too_deep_are_refused_at_the_name_and_thirty_are_fine(order):
    def file(count, pattern="b{n} AND (c{n} OR @l{m})"):
        texts = ["  l1: a1\n", *(f"  l{n}: {pattern.format(n=n, m=n - 1)}\n" for n in range(2, count + 1))]
        return f"lists:\n{''.join(texts[::order])}rules: [{{name: r, query: 'x OR @l{count}'}}]\n"

    assert matched(rules(file(30)), "c30 b30 a1") == ["r"]
    for count in (31, 150, 400):
        assert any("'r': nested too deep: at most 30 lists" in found for found in problems(file(count)))
        assert problems(file(count))[-1].startswith(f"rules.yaml:{count + 2}:")
    assert "nested too deep" in problems(file(30, "(x AND (y OR " * 30 + "@l{m}" + "))" * 30))[0]


def test_an_unknown_list_inside_a_list_is_reported_where_the_rule_names_the_outer_one():
    found = problems("lists: {outer: truce OR talks OR @nobody}\nrules: [{name: r, query: 'a AND @outer'}]\n")
    assert found[-1].startswith("rules.yaml:2:19: column 7 of the value: rule 'r': unknown list @nobody")


def test_a_clause_deep_in_a_list_is_refused_where_the_list_is_named():
    (found,) = problems("lists: {l: 'truce OR talks OR (envoy AND /x+/)'}\nrules: [{name: r, query: a NEAR/2 @l}]\n")
    assert found.startswith("rules.yaml:2:35: rule 'r': NEAR takes words, phrases and ORs of them, not AND")


@pytest.mark.parametrize("trusted", ["source:(bbc OR ap)", "NOT source:blog", "[source:bbc]"])
def test_a_list_may_be_of_fields_or_not_where_the_rule_has_a_term(trusted):
    ruleset = rules(f"lists: {{trusted: {trusted}}}\nrules: [{{name: r, query: truce AND @trusted}}]\n")
    assert [bool(ruleset.match(Document("", "truce", source=source))) for source in ("bbc", "blog")] == [True, False]


def test_exclude_may_be_of_fields():
    ruleset = rules("lists: {junk: ['source:blog']}\nrules: [{name: r, query: truce, exclude: '@junk'}]\n")
    assert [bool(ruleset.match(Document("", "truce", source=source))) for source in ("bbc", "blog")] == [True, False]


def test_a_rule_of_nothing_but_such_a_list_is_refused():
    (found,) = problems("lists: {trusted: 'source:bbc'}\nrules: [{name: r, query: '@trusted'}]\n")
    assert "'r': no positive term, once its lists are read" in found


def test_lists_that_multiply_are_refused():
    lists = "".join(f"  l{n}: '@l{n - 1} OR @l{n - 1}'\n" for n in range(1, 40))
    with pytest.raises(ConfigError, match="more than 20000 terms"):
        rules(f"lists:\n  l0: a\n{lists}rules: [{{name: r, query: '@l39'}}]\n")


def test_a_list_without_a_positive_term_makes_a_rule_without_one():
    assert "no positive term" in problems("lists: {l: 'lang:en AND x'}\nrules: [{name: r, query: 'NOT @l'}]\n")[0]


def test_exclude_rules_matches_out():
    ruleset = rules("lists: {sport: [football]}\nrules: [{name: r, query: a OR b, exclude: '@sport'}]\n")
    assert matched(ruleset, "a b") == ["r"]
    assert matched(ruleset, "a football b") == []


def test_a_rule_for_languages_leaves_others_and_keeps_the_unknown():
    ruleset = rules("rules: [{name: r, query: truce, languages: [en, de]}]\n")
    assert [matched(ruleset, "truce", lang) for lang in ("en", "en-GB", "de_AT", "", "fr")] == [["r"]] * 4 + [[]]


def test_lemma_finds_every_inflection_and_keeps_wildcards_and_phrases():
    ruleset = rules("""
rules:
  - {name: en, query: sanction OR "cease hostility", lemma: true, languages: [en]}
  - {name: ru, query: санкция, lemma: true, languages: [ru]}
""")
    assert matched(ruleset, "He was sanctioned") == ["en"]
    assert matched(ruleset, "They ceased hostilities") == ["en"]
    assert matched(ruleset, "новыми санкциями") == ["ru"]
    assert matched(ruleset, "a sanctuary") == []


@pytest.mark.parametrize("query", ["offender", "offender AND courthouse"])
def test_two_words_are_one_by_the_dictionary_of_one_language(query):
    """`offender` is `offend` in the German one, and so is `offending` in the English one."""
    ruleset = rules(f"rules: [{{name: r, query: {query}, lemma: true}}]\n")
    assert matched(ruleset, "The offenders left the courthouse") == ["r"]
    assert matched(ruleset, "An offending courthouse") == []


@pytest.mark.parametrize(
    ("lang", "query", "text"),
    [
        ("de", "Maßnahme", "neue Maßnahmen"),
        ("de", "Verstoß", "zwei Verstöße"),
        ("de", "Verstoss", "zwei Verstösse"),
        ("de", "Außenminister", "mit Außenministern"),
        ("de", "Beschuss", "wegen des Beschusses"),
        ("en", "Russian", "two Russians"),
        ("en", "israeli", "ISRAELIS"),
        ("ru", "ёлка", "Ёлки"),
    ],
)
def test_lemma_knows_words_with_capitals_and_sharp_s(lang, query, text):
    ruleset = rules(f"rules: [{{name: r, query: {query}, lemma: true, languages: [{lang}]}}]\n")
    assert matched(ruleset, text) == ["r"]


def test_lemma_without_a_dictionary_is_refused():
    assert "no dictionary of xx" in problems("rules: [{name: r, query: a, lemma: true, languages: [xx]}]\n")[0]


def test_equal_rules_have_equal_ids_and_notes_do_not_count():
    one = rules("rules: [{name: r, query: truce}]\n")
    same = rules(
        "rules: [{name: r, query: truce, note: n, owner: o, match: [truce]}, {name: x, query: y, enabled: false}]\n"
    )
    assert one.id == same.id
    assert len(one.id) == 12
    int(one.id, 16)


@pytest.mark.parametrize(
    "other",
    [
        "rules: [{name: r, query: truces}]\n",
        "rules: [{name: s, query: truce}]\n",
        "rules: [{name: r, query: truce, severity: high}]\n",
        "rules: [{name: r, query: truce, tags: [t]}]\n",
        "rules: [{name: r, query: truce, languages: [en]}]\n",
        "lists: {l: [x]}\nrules: [{name: r, query: truce, exclude: '@l'}]\n",
    ],
)
def test_a_rule_that_could_answer_differently_has_another_id(other):
    assert rules(other).id != rules("rules: [{name: r, query: truce}]\n").id


def test_lemma_changes_the_id():
    one, two = (
        rules(f"rules: [{{name: r, query: truce, languages: [en], lemma: {on}}}]\n") for on in ("true", "false")
    )
    assert one.id != two.id


def test_a_changed_list_changes_the_id():
    one, two = (rules(f"lists: {{l: [{word}]}}\nrules: [{{name: r, query: '@l'}}]\n") for word in ("a1", "b1"))
    assert one.id != two.id


def test_examples_that_fail_are_reported_at_their_line_for_disabled_rules_too():
    loaded = load_yaml(
        "rules.yaml",
        "rules:\n  - name: r\n    query: truce\n    enabled: false\n"
        "    match:\n      - a truce\n      - no word of it\n"
        "    no_match: [a truce holds]\n",
        RulesFile,
    )
    found = [located(loaded, problem) for problem in check_examples(loaded.value)]
    assert found == [
        "rules.yaml:7:9: rule 'r' does not match its match example 'no word of it'",
        "rules.yaml:8:16: rule 'r' matches its no_match example 'a truce holds'",
    ]


def test_what_is_allowed_and_perhaps_not_meant_is_a_warning():
    file = RulesFile.model_validate(
        {
            "rules": [
                {"name": "smart", "query": "“peace talks”"},
                {"name": "lower", "query": "truce OR and"},
                {"name": "regex", "query": "/tru+ce/"},
                {"name": "fine", "query": "/tru+ce/ AND talks"},
            ]
        }
    )
    assert [(problem.path[1], problem.offset) for problem in warnings(file)] == [(0, 0), (1, 9), (2, None)]
    assert len(compile_rules(file).match(Document("", "peace talks, truce and talks"))) == 4


def test_lists_are_warned_of_too_and_so_are_codes_of_no_language_and_digits_under_a_question_mark():
    file = RulesFile.model_validate(
        {
            "lists": {"a": ["b", "and"], "t": "truce OR “y z” OR and"},
            "rules": [
                {"name": "r", "query": "truce", "languages": ["ua", "english", "en-GB", "de_AT", "ckb", "xx"]},
                {"name": "s", "query": "truce OR 202?"},
            ],
        }
    )
    assert [(problem.path, problem.offset) for problem in warnings(file)] == [
        (("rules", 0, "languages", 0), None),
        (("rules", 0, "languages", 1), None),
        (("rules", 0, "languages", 5), None),
        (("rules", 1, "query"), 9),
        (("lists", "a", 1), 0),
        (("lists", "t"), 9),
        (("lists", "t"), 18),
    ]
    assert warnings(file)[0].message == "rule 'r': 'ua' is no language code; write uk"


def test_a_mistake_in_a_list_of_several_lines_is_at_its_place_though_a_list_is_stripped():
    (found,) = problems("lists:\n  q: |\n\n    aa AND\n    bb cc\nrules: []\n")
    assert found.startswith("rules.yaml:5:8: list 'q': bb and cc side by side")


def test_a_file_is_read_and_compiled_once_in_a_process():
    text = "rules: [{name: r, query: truce}]\n"
    assert rules(text) is rules(text)
    assert rules(text) is not rules(text.replace("truce", "peace"))


def test_compile_errors_carry_path_and_offset():
    file = RulesFile.model_validate({"rules": [{"name": "r", "query": "a AND b OR c"}]})
    with pytest.raises(RuleErrors) as caught:
        compile_rules(file)
    (problem,) = caught.value.problems
    assert (problem.path, problem.offset) == (("rules", 0, "query"), 8)
