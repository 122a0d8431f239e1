"""wirewatch alerts, as it is called."""

import io
import json
import re
from datetime import timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from rich.console import Console
from typer.testing import CliRunner

from include.wirewatch.cli import app
from include.wirewatch.cli.samples import samples
from include.wirewatch.cli.show_message import panel_of
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.receiver import MessageFaultError
from include.wirewatch.deliver.revive import dead, revive
from tests.airflow_home import PROJECT
from tests.deliver.conftest import NOW, FakeChannel, make_alert, make_bulletin
from tests.deliver.test_drain import DyingStore, Killed
from tests.fakes.slack_limits import message_error

ALERT = make_alert(not_before=NOW - timedelta(days=300))


@pytest.fixture
def refused(store):
    """A store with one dead alert."""
    outbox.enqueue(store, ALERT)
    channel = FakeChannel()
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("no_text")]
    Drain(store, {"desk": channel}, "worker", post_interval_s=0).run(90)
    return store


KINDS = ["alert", "copy", "addendum", "summary", "rollup", "digest", "failure", "backfill"]


def test_preview_shows_every_kind_of_message():
    done = CliRunner().invoke(app, ["alerts", "preview"], env={"COLUMNS": "100"})
    assert done.exit_code == 0
    assert [line.split()[1] for line in done.output.splitlines() if line.lstrip().startswith("╭─")] == KINDS
    for text in (
        "│ Ceasefire within reach, say both delegations at Port Tremayne",
        "published Tue 24 Nov 09:22, first seen 09:39 (17 min later)",
        "▏ Both delegations said that a ceasefire could begin on Friday, and that no sanctions would be",
        "▏ lifted before.",
        "ceasefire ×2 (high) · sanctions ×1",
        "3 copies at 2 publishers: Northgate Press, Continental Dispatch",
        "A copy of the article above.",
        "Addendum: the article of the alert above matches sanctions as well.",
        "Only the source's own title and summary: the publisher refused the page (403).",
        "In this thread: 3 stories at 2 publishers",
        "Daily digest, Tuesday 24 November: 4 stories in 5 articles",
        "sanctions ██████████ 4  usually 1 ↑",
        "• Grain corridor waits for its payments",
        "Receiver news-desk is parked",
        "Backfill spring: 12 of 30 days done, 28 articles, 18 new, 10 alerted before",
        "████████░░░░░░░░░░░░ 12 of 30 days",
    ):
        assert text in done.output


def test_previewed_blocks_are_such_as_slack_takes():
    done = CliRunner().invoke(app, ["alerts", "preview", "--json"])
    messages = [json.loads(line) for line in done.output.splitlines()]
    assert [message["kind"] for message in messages] == KINDS
    assert not any(map(message_error, messages))
    for message in samples().values():
        for block in message.blocks:
            block.validate_json()


def test_the_picture_in_the_docs_is_what_preview_draws_and_loads_nothing(tmp_path):
    drawn = tmp_path / "alerts.svg"
    assert CliRunner().invoke(app, ["alerts", "preview", "--svg", str(drawn)]).exit_code == 0
    svg = drawn.read_text("utf-8")
    committed = (PROJECT / "docs" / "alerts.svg").read_text("utf-8")
    assert committed == svg, "draw it again: wirewatch alerts preview --svg docs/alerts.svg"
    assert set(re.findall(r"\w+://[^\s\"'<)]+", svg)) == {"http://www.w3.org/2000/svg"}, (
        "that one is a name, not an address"
    )
    assert not re.search(r"url\((?!#)|@import|<image|<script|href", svg)
    ElementTree.fromstring(svg)  # our own


def test_a_message_is_shown_with_links_lists_and_the_readers_time():
    console = Console(width=40, file=io.StringIO(), force_terminal=True)
    blocks = [
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "seen <!date^1764000000^{time}|x> &amp; more"}]},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [{"type": "link", "url": "https://x.example/1", "text": "word " * 12}],
                        }
                    ],
                }
            ],
        },
    ]
    console.print(panel_of("", blocks, is_reply=True, zone=ZoneInfo("Asia/Kathmandu")))
    shown = console.file.getvalue()
    assert "seen 21:45" in shown
    assert "https://x.example/1" in shown, "a link can be clicked"
    plain = re.sub(r"\x1b\][^\x1b]*\x1b\\|\x1b\[[0-9;]*m", "", shown)
    assert "      │ • word" in plain
    assert "      │   word" in plain, "the second line hangs below the first"


def test_a_revived_alert_is_posted_once(refused):
    assert [entry.alert_id for entry in dead(refused)] == [ALERT.alert_id]
    assert revive(refused, ALERT.alert_id, NOW - timedelta(days=300))
    assert list(dead(refused)) == []
    channel = FakeChannel()
    for _ in range(2):
        Drain(refused, {"desk": channel}, "worker", post_interval_s=0).run(90)
    assert channel.posted == [ALERT.alert_id]
    assert not revive(refused, ALERT.alert_id, NOW), "what was sent is not dead"


def test_a_revived_digest_is_posted_in_the_edition_that_was_refused(store):
    digest = make_bulletin(2)
    outbox.enqueue(store, digest)
    channel = FakeChannel()
    channel.faults = [MessageFaultError("invalid_blocks"), MessageFaultError("no_text")]
    Drain(store, {"desk": channel}, "worker", post_interval_s=0).run(90)
    assert revive(store, digest.alert_id, NOW - timedelta(days=300))
    Drain(store, {"desk": channel}, "worker", post_interval_s=0).run(90)
    assert channel.posted == [digest.alert_id]
    assert list(dead(store)) == []


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2], ids=["log", "marker"])
def test_killed_while_reviving_the_alert_can_still_be_revived(refused, dies_at, after_effect):
    long_ago = NOW - timedelta(days=300)
    with pytest.raises(Killed):
        revive(DyingStore(refused, dies_at, after_effect=after_effect), ALERT.alert_id, long_ago)
    for entry in list(dead(refused)):
        assert revive(refused, entry.alert_id, long_ago)
    channel = FakeChannel()
    Drain(refused, {"desk": channel}, "worker", post_interval_s=0).run(90)
    assert channel.posted == [ALERT.alert_id]


def test_retry_revives_all_and_says_when_there_is_none(refused, s3, monkeypatch):
    monkeypatch.setenv("WIREWATCH_STORE", refused.url("").rstrip("/"))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.airflow_connection())
    done = CliRunner().invoke(app, ["alerts", "retry", "--json"])
    assert (done.exit_code, json.loads(done.output)) == (0, {"revived": [ALERT.alert_id]})
    assert CliRunner().invoke(app, ["alerts", "retry"]).exit_code == 1
