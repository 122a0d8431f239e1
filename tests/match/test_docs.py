"""docs/rules.md says nothing that is not so."""

import re
from pathlib import Path

import pytest

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.match import Document, check_examples, load_rules, query_rules

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


PLAIN = Document("Talks", "A ceasefire before the ultimatum; sanctions on oil.", site="paper.example", lang="fr")
# the queries in the text → a document of each that it finds, and one that it leaves
IN_THE_TEXT = {
    "title:ultimatum": (Document("Ultimatum", ""), PLAIN),
    "title:(ultimatum OR truce)": (Document("A truce", ""), PLAIN),
    "ceasefire AND lang:(en OR de)": (PLAIN._replace(lang="de"), PLAIN),
    "sanctions AND site:example.org": (PLAIN._replace(site="news.example.org"), PLAIN),
    'ultimatum NOT tag:"world cup"': (PLAIN, PLAIN._replace(tags=("World Cup",))),
}


@pytest.mark.parametrize("query", IN_THE_TEXT)
def test_a_query_in_the_text_finds_and_leaves(query):
    yes, no = IN_THE_TEXT[query]
    rules = query_rules(query)
    assert rules.match(yes)
    assert not rules.match(no)


def test_no_query_in_the_text_is_overlooked():
    assert set(re.findall(r"`((?:\w+ (?:AND|NOT) \w+:|title:)[^`]+)`", PAGE)) == IN_THE_TEXT.keys()


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
