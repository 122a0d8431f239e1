"""What is written about backfills is what `make demo-history` runs, and its checks can fail."""

import re
import shlex
from datetime import UTC, date, datetime, timedelta

import pytest

from include.wirewatch.cli.backfill import command_of
from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.deliver.backfill import BackfillId, DayResult, compose, read_day
from include.wirewatch.deliver.render import render_message
from include.wirewatch.match import Document, load_rules
from include.wirewatch.models import ArticleMatches
from include.wirewatch.runs import Backfill
from include.wirewatch.settings import DEFAULT_CONFIG
from tests.airflow_home import PROJECT
from tests.deliver.conftest import rule_match
from tests.demo.expect_history import FOUND_BY_IT, RULE, wrong_messages
from tests.demo.history import COMMANDS, DAG_ID, Week, with_rule
from tests.newsroom.content import load_publishers

DAY = re.compile(r"\d{4}-\d\d-\d\d")


def commands_of(page):
    """Every line of a page's blocks that begins with `$ `, joined where it goes on, with DAY for each day."""
    lines, in_block = [], False
    for line in (PROJECT / page).read_text("utf-8").replace("\\\n", " ").splitlines():
        if line.startswith("```"):
            in_block = not in_block
        elif in_block and line.startswith("$ "):
            lines.append(DAY.sub("DAY", " ".join(line.removeprefix("$ ").split())))
    return lines


def test_the_page_on_backfills_is_a_transcript_of_what_the_demo_runs():
    assert commands_of("docs/backfill.md") == [command.format(first="DAY", last="DAY") for command in COMMANDS]


def test_so_is_the_section_of_the_readme():
    run = [command.format(first="DAY", last="DAY") for command in COMMANDS]
    shown = [command for command in commands_of("README.md") if "backfill" in command or "backtest" in command]
    assert shown == [command for command in run if command in shown]
    assert shown in ([], run), "all of them in their order; none while README has no transcript"


def test_the_second_command_is_the_one_that_the_first_prints():
    week = Week((date(2026, 5, 1), date(2026, 5, 7)))
    asked = Backfill.model_validate({"label": "last-week", "from": "2026-05-01", "to": "2026-05-07"})
    assert week.commands[1] == shlex.join(command_of(DAG_ID, asked))


@pytest.fixture
def new_rules(tmp_path):
    """The rules with the one that the demo adds."""
    (tmp_path / "rules.yaml").write_text(with_rule((PROJECT / DEFAULT_CONFIG / "rules.yaml").read_text()))
    return load_rules(ConfigFiles(str(tmp_path), lambda place: None).rules())


def test_the_rule_that_it_adds_matches_two_articles_of_the_week_and_no_other(new_rules):
    now = datetime.now(UTC)
    days = [(now - timedelta(days=back)).date() for back in range(1, 8)]
    week = [piece for publisher in load_publishers(now) for day in days for piece in publisher.of_day(day)]
    found = {
        piece.slug
        for piece in week
        if RULE in {match.rule for match in new_rules.match(Document(piece.title, "\n".join(piece.paragraphs)))}
    }
    assert found == FOUND_BY_IT


@pytest.fixture
def told(newsroom):
    """The messages of the week as they should be, and its days."""
    days = [(newsroom.now - timedelta(days=back)).date() for back in range(7, 0, -1)]
    week, span = BackfillId("last-week", DAG_ID), (days[0], days[-1])
    results, replies = [], []
    for day in days:
        rows = {slug: row(newsroom, slug, rules) for slug, rules in newsroom.expected.history[day].items() if rules}
        reading = read_day(week, "desk", day, rows, set(), newsroom.now)
        results.append(DayResult(day=day, first=span[0], last=span[1], readings={"desk": reading}))
        replies.append(message(reading.reply, thread_ts="1"))
    return [message(compose(week, "desk", results, span, newsroom.now), edits=len(days)), *replies], days


def row(newsroom, slug, rules):
    facts = {"article_id": slug, "title": slug, "url": newsroom.url(slug), "decision": "quiet"}
    return ArticleMatches.model_validate({**facts, "matches": [rule_match(rule) for rule in sorted(rules)]})


def message(bulletin, thread_ts="", edits=0):
    shown = render_message(bulletin)
    blocks = [block.to_dict() for block in shown.blocks]
    where = {"ts": "2" if thread_ts else "1", "thread_ts": thread_ts}
    return {**where, "text": shown.text, "blocks": blocks, "edits": edits}


def test_what_is_as_it_should_be_is_no_problem(newsroom, told):
    messages, days = told
    assert wrong_messages(newsroom, messages, days) == []


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda all_of_it: all_of_it.clear(), "0 messages in the channel, expected 1"),
        (lambda all_of_it: all_of_it.append({**all_of_it[0], "ts": "3"}), "2 messages in the channel, expected 1"),
        (lambda all_of_it: all_of_it[0].update(edits=6), "it was edited 6 times, expected 7"),
        (lambda all_of_it: all_of_it[0].update(text="Backfill last-week: 6 of 7 days done"), "the message says 'Back"),
        (lambda all_of_it: all_of_it[0].update(blocks=all_of_it[0]["blocks"][:-1]), "its bars say {}, expected"),
        (lambda all_of_it: all_of_it.pop(), "the replies tell"),
        (lambda all_of_it: all_of_it.append(all_of_it[-1]), "the replies tell"),
    ],
    ids=["none", "two", "too few edits", "not done", "no bars", "a reply missing", "a reply twice"],
)
def test_whatever_is_not_is_named(newsroom, told, spoil, says):
    messages, days = told
    spoil(messages)
    assert any(problem.startswith(says) for problem in wrong_messages(newsroom, messages, days))
