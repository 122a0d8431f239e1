"""The rules that are shipped: their own examples, and an article that carries the facts of their subject."""

from collections import Counter

import pytest

from include.wirewatch.config.rules import FILE, RulesFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.match import Document, check_examples, excerpts, load_rules, located, warnings
from include.wirewatch.settings import DEFAULT_CONFIG

with open(f"{DEFAULT_CONFIG}/{FILE}", encoding="utf-8") as shipped:
    LOADED = load_yaml(FILE, shipped.read(), RulesFile)
RULES = load_rules(LOADED)
ARTICLE = Document(
    "President offers direct talks in Istanbul",
    "The president offered direct talks on Thursday and passed over the call for a 30-day ceasefire.\n"
    "A diplomat said that the guest would travel whatever the other side says about the proposed ceasefire.\n"
    "Asked about new EU sanctions if no ceasefire is agreed by midnight, the spokesman said: “We do not speak the "
    "language of ultimatums.”",
)


def test_there_are_the_three():
    assert [rule.name for rule in LOADED.value.rules] == ["ceasefire", "ultimatum", "sanctions"]


def test_every_example_holds_and_nothing_warns():
    assert [located(LOADED, problem) for problem in (*check_examples(LOADED.value), *warnings(LOADED.value))] == []


@pytest.mark.parametrize("rule", LOADED.value.rules, ids=lambda rule: rule.name)
def test_every_rule_has_examples_in_five_languages_and_counter_examples(rule):
    text = " ".join(rule.match)
    assert any("Ѐ" <= char <= "ӿ" for char in text)
    assert {"і", "ы"} & set(text)
    assert len(rule.match) >= 5
    assert rule.no_match


# not the rules' own examples
IN_FIVE_LANGUAGES = {
    "en": ("Kyiv accepted the cease-fire.", "He rejected the ultimatum.", "New sanctions hit the oil trade."),
    "ru": ("Режим прекращения огня соблюдается.", "Никаких ультиматумов не будет.", "Обсуждается пакет санкций."),
    "uk": ("Перемир'я тривало добу.", "Київ відкинув ультиматум.", "Готується пакет санкцій."),
    "de": ("Die Waffenruhe hält.", "Das Ultimatum läuft ab.", "Neue Sanktionen gegen Banken."),
    "fr": ("Le cessez-le-feu est respecté.", "L’ultimatum a expiré.", "Les sanctions seront levées."),
}


@pytest.mark.parametrize("lang", IN_FIVE_LANGUAGES)
def test_each_subject_is_found_in(lang):
    subjects = ("ceasefire", "ultimatum", "sanctions")
    for subject, text in zip(subjects, IN_FIVE_LANGUAGES[lang], strict=True):
        assert [match.rule for match in RULES.match(Document("", text, lang=lang))] == [subject]


def test_the_article_has_all_three_with_every_hit():
    matches = RULES.match(ARTICLE)
    assert {match.rule: len(match.hits) for match in matches} == {"ceasefire": 3, "ultimatum": 1, "sanctions": 1}
    assert Counter(hit.text for match in matches for hit in match.hits) == Counter(
        ["ceasefire"] * 3 + ["ultimatums", "sanctions"]
    )


def test_the_sentence_with_all_three_is_quoted_first():
    first, *_ = excerpts(ARTICLE, RULES.match(ARTICLE))
    assert first.text.startswith("Asked about new EU sanctions")
    assert [first.text[start:end] for start, end in first.marks] == ["sanctions", "ceasefire", "ultimatums"]
