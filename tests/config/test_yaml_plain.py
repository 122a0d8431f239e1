"""The fast way to read YAML gives what the whole of YAML gives, or gives way to it."""

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from include.wirewatch.config.rules import RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.config.yaml_plain import UNUSUAL, read_plain
from include.wirewatch.errors import ConfigError

PIECES = [
    *("a: ", "b: ", "- ", "\n", "\n  ", "\n    ", "|", "|\n", ">-\n", "x", "x y", "'q'", '"q\\n"', "[", "]", "{", "}"),
    *(", ", "# c", "1", "1.5", "yes", "null", "2020-01-01", "2020-13-01", "<<: ", "? ", ": ", ":", "a:b", "-", "---\n"),
    *("...", "&a ", "*a", "!!str ", "!x ", "\t", "%YAML 1.1\n", "08", "0x1f", "1_000", "=", "é", "停", "𝐚", "\u2028"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


@settings(deadline=None, max_examples=1500, database=None)
@given(texts | st.text(st.sampled_from("ab:-,[]{}#'\"|>&*! \n01.é"), max_size=40))
def test_what_it_reads_is_what_the_whole_of_yaml_reads(text):
    found = read_plain(text)
    if found is not UNUSUAL:
        try:
            expected = yaml.safe_load(text)
        except yaml.YAMLError:
            return  # libyaml is the more lenient one, of comments above all
        assert repr(found) == repr(expected)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a: &x 1\nb: *x\n", id="an anchor"),
        pytest.param("a: {<<: {b: 1}}\n", id="a merge"),
        pytest.param("a: !!str 1\n", id="a tag"),
        pytest.param("a: 1\na: 2\n", id="a key twice"),
        pytest.param("a: 1\n---\nb: 2\n", id="two documents"),
        pytest.param("a: [", id="a mistake"),
        pytest.param("a: 2020-13-01\n", id="a date that is none"),
        pytest.param("{[a]: b}\n", id="a list as a key"),
    ],
)
def test_it_gives_way_at(text):
    assert read_plain(text) is UNUSUAL


@pytest.mark.parametrize("depth", [60, 5_000, 300_000])
def test_a_text_that_nests_deep_is_refused_and_ends_no_process(depth):
    with pytest.raises(ConfigError, match=r"nested too deep|Input should be"):
        load_yaml("rules.yaml", "rules: " + "[" * depth + "]" * depth, RulesFile)


def test_lists_within_lists_within_themselves_end():
    text = "a: &a [x, x]\n" + "".join(f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}, *a]\n" for n in range(40))
    with pytest.raises(ConfigError, match="unknown key 'b39'"):
        load_yaml("rules.yaml", f"rules: &r [*r]\n{text}", RulesFile)


def test_a_date_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"rules.yaml:1:1: not valid YAML: month must be in 1..12"):
        load_yaml("rules.yaml", "rules: [{name: r, query: 2020-13-01}]\n", RulesFile)


def test_a_mistake_in_a_file_that_libyaml_alone_can_read_is_told_without_its_place():
    with pytest.raises(ConfigError, match=r"rules.yaml:1:1: unknown key 'note'"):
        load_yaml("rules.yaml", "rules: []\nnote: |# a comment\n", RulesFile)
