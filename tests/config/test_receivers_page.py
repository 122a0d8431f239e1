"""docs/receivers.md says nothing that is not so."""

import re
from pathlib import Path

import yaml

from include.wirewatch.config.receivers import (
    ConsoleReceiver,
    ReceiversFile,
    Route,
    Silence,
    SlackReceiver,
    WebhookReceiver,
)
from include.wirewatch.config.yaml_file import load_yaml

PAGE = (Path(__file__).parents[2] / "docs" / "receivers.md").read_text()
FILE, QUIET_HOURS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def rows_of(section):
    """The names in the first column of a section's table."""
    table = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)))


def test_the_example_is_a_receivers_file():
    file = load_yaml("receivers.yaml", FILE, ReceiversFile).value
    assert [receiver.kind for receiver in file.receivers] == ["slack", "slack", "webhook"]
    assert file.receivers[0].quiet_hours[0].let_through == "high"
    assert file.receivers[1].group_by == "publisher"


def test_quiet_hours_may_be_several():
    receiver = {"name": "x", "kind": "console", **yaml.safe_load(QUIET_HOURS)}
    nights, weekends = ConsoleReceiver.model_validate(receiver).quiet_hours
    assert (nights.let_through, nights.days) == ("high", ())
    assert weekends.days == ("sat", "sun")


def test_times_without_quotes_are_what_the_page_says():
    assert yaml.safe_load("22:00") == 1320


def test_every_condition_and_setting_of_the_models_is_on_the_page_with_its_default():
    assert set(rows_of("Routes")) == Route.model_fields.keys() - {"to"}
    fields = ConsoleReceiver.model_fields
    gathering = {name for name in fields if name.startswith(("group_", "storm_"))}
    assert gathering <= set(rows_of("Threads: copies, groups, storms"))
    assert fields["storm_stories"].default == 30
    mentioned = set(re.findall(r"\w+", PAGE))
    for model in (SlackReceiver, ConsoleReceiver, WebhookReceiver, Silence):
        shown_elsewhere = {"allow_hosts"} if model is WebhookReceiver else set()
        assert model.model_fields.keys() - shown_elsewhere <= mentioned


def test_it_is_one_page():
    assert len(PAGE.splitlines()) <= 110
