"""docs/rules.md says nothing that is not so."""

import re
from pathlib import Path

import pytest

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.match import Document, check_examples, load_rules, parse, query_rules

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
ROW = re.compile(r"^\| `(.+?)` \| (.+?) \| (.+?) \| .*\|$", re.MULTILINE)
ROWS = [(query.replace("\\|", "|"), yes, no) for query, yes, no in ROW.findall(PAGE)]
(YAML,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("query", "yes", "no"), ROWS, ids=[row[0] for row in ROWS])
def test_an_example_finds_what_it_says_and_nothing_else(query, yes, no):
    rules = query_rules(query)
    for text in yes.split("; "):
        assert rules.match(Document("", text)), text
    assert not rules.match(Document("", no))


def test_no_row_is_overlooked():
    assert len(ROWS) == PAGE.count("\n| `") >= 19


@pytest.mark.parametrize("query", re.findall(r"`((?:\w+ (?:AND|NOT) \w+:|title:)[^`]+)`", PAGE))
def test_a_query_in_the_text_is_one(query):
    assert parse(query)


def test_the_yaml_is_a_rules_file_whose_examples_hold():
    loaded = load_yaml("rules.yaml", YAML, RulesFile)
    assert len(load_rules(loaded).rules) == 2
    assert check_examples(loaded.value) == []


def test_exclude_is_not_at_the_end():
    rules = load_rules(load_yaml("rules.yaml", YAML, RulesFile))
    assert [m.rule for m in rules.match(Document("", "An ultimatum from New York"))] == ["ultimatum-capitals"]
    assert not rules.match(Document("", "An ultimatum from New York before the World Cup"))


def test_it_is_one_page():
    assert len(PAGE.splitlines()) <= 90
