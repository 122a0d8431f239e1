"""wirewatch backfill plan, as it is called."""

import json
import shlex
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from typer.testing import CliRunner

from include.wirewatch.cli import app
from include.wirewatch.cli.backfill import held_of
from include.wirewatch.models import Batch, DayProgress
from include.wirewatch.runs import backfill_of

SOURCES = [
    {"name": "harbour", "history": [{"sitemap": "https://h.example/{date:%Y}.xml"}, {"wayback": "h.example/news/"}]},
    {"name": "northgate", "history": [{"ccnews": "n.example"}]},
    {"name": "vestnik"},
    {"name": "closed", "enabled": False, "history": [{"ccnews": "c.example"}]},
]
WEEK = ("--from", "2026-05-01", "--to", "2026-05-07")


@pytest.fixture
def config(tmp_path):
    given = {"publisher": "Ours", "kind": "feed", "url": "https://x.example/feed"}
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"sources": [{**given, **one} for one in SOURCES]}))
    receivers = {"receivers": [{"name": "desk", "kind": "console"}], "routes": [{"to": ["desk"]}]}
    (tmp_path / "receivers.yaml").write_text(yaml.safe_dump(receivers))
    return tmp_path


def plan(config, *arguments, **environment):
    environment = {"WIREWATCH_STORE": "", "COLUMNS": "200", **environment}
    return CliRunner().invoke(app, ["backfill", "plan", *arguments, "--config", str(config)], env=environment)


def command_in(shown):
    """The first line, as a shell reads it."""
    return shlex.split(shown.stdout.splitlines()[0])


def conf_in(command):
    return json.loads(command[command.index("--dag-run-conf") + 1])


def test_it_prints_the_command_and_what_it_would_fetch(config):
    shown = plan(config, *WEEK, "--label", "may")
    assert shown.exit_code == 0
    command, _, *rest = shown.stdout.splitlines()
    assert command == (
        "airflow backfill create --dag-id ingest_history --from-date 2026-05-01 --to-date 2026-05-07 --max-active-runs "
        """1 --dag-run-conf '{"backfill": {"label": "may", "from": "2026-05-01", "to": "2026-05-07"}}'"""
    )
    assert [" ".join(line.split()) for line in rest] == [
        "7 days, 2026-05-01 to 2026-05-07, of 2 sources:",
        "harbour sitemap, wayback",
        "northgate ccnews",
        "Not looked up, for they have no history: vestnik",
        "What the archive holds is not known: WIREWATCH_STORE (or the Variable wirewatch_store) is not set: "
        "expected s3://bucket/prefix",
        "Alerts nobody; one message, edited as days are done, for each of: desk",
    ]


@pytest.mark.parametrize(
    ("options", "conf"),
    [
        ((), {"label": "ingest_history-2026-05-01-2026-05-07"}),
        (("--refetch",), {"label": "ingest_history-2026-05-01-2026-05-07", "refetch": True}),
        (("--alert", "--label", "loud"), {"label": "loud", "alert": True}),
        (("--dag", "reprocess_archive"), {"label": "reprocess_archive-2026-05-01-2026-05-07"}),
    ],
    ids=["nothing", "refetch", "alert", "another dag"],
)
def test_the_conf_is_one_that_a_run_accepts_and_says_no_more_than_is_asked(config, options, conf):
    command = command_in(plan(config, *WEEK, *options))
    assert conf_in(command) == {"backfill": {**conf, "from": "2026-05-01", "to": "2026-05-07"}}
    assert backfill_of(conf_in(command)) is not None


def test_days_that_are_to_be_fetched_anew_have_had_a_run_which_airflow_would_leave_out(config):
    assert command_in(plan(config, *WEEK, "--refetch"))[-2:] == ["--reprocess-behavior", "completed"]
    assert "--reprocess-behavior" not in command_in(plan(config, *WEEK))


def test_of_a_reprocess_every_night_has_left_a_run_that_airflow_would_leave_out(config):
    command = command_in(plan(config, *WEEK, "--dag", "reprocess_archive"))
    assert command[-2:] == ["--reprocess-behavior", "completed"]


def test_a_day_that_lacks_something_has_had_a_run_too():
    batch = Batch(batch="b", dt="2026-05-01", quiet=True, interval_end=datetime(2026, 5, 2, tzinfo=UTC), items=())
    live, lacking = batch, batch.model_copy(update={"history": DayProgress(done=False)})
    assert held_of([live]).looked_up == 0
    assert held_of([lacking, lacking]).looked_up == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--from", "may", "--to", "2026-05-07"), "'--from': expected a day, YYYY-MM-DD, got 'may'"),
        (("--from", "2026-05-01", "--to", "2026-W18-4"), "'--to': expected a day, YYYY-MM-DD, got '2026-W18-4'"),
        (("--from", "2026-02-31", "--to", "2026-05-07"), "'--from': expected a day, YYYY-MM-DD, got '2026-02-31'"),
        (("--from", "2026-05-08", "--to", "2026-05-07"), "--from 2026-05-08 is after --to 2026-05-07"),
        ((*WEEK, "--label", "../x"), "--label: expected small letters, digits, - and _, at most 63, got '../x'"),
        ((*WEEK, "--dag", "reprocess_archive", "--refetch"), "--refetch: reprocess_archive asks no publisher"),
        ((*WEEK, "--dag", "reprocess_archive", "--alert"), "--alert: reprocess_archive alerts nobody"),
    ],
    ids=["no day", "a week", "no such day", "backwards", "label", "refetch", "alert"],
)
def test_what_is_wrong_is_named_and_nothing_printed(config, arguments, says):
    shown = plan(config, *arguments)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert says in shown.stderr


def test_a_day_that_is_not_over_is_refused_for_airflow_would_leave_it_out_unsaid(config):
    today = datetime.now(UTC).date()
    yesterday = str(today - timedelta(days=1))
    assert plan(config, "--from", yesterday, "--to", yesterday).exit_code == 0
    shown = plan(config, "--from", yesterday, "--to", str(today))
    assert shown.exit_code == 2
    assert f"--to: {today} is not over yet (UTC); the last whole day is {yesterday}" in shown.stderr


def test_an_archive_that_cannot_be_read_is_no_reason_to_print_no_command(config, s3):
    environment = {"WIREWATCH_STORE": "s3://no-such-bucket/x", "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection()}
    shown = plan(config, *WEEK, **environment)
    assert shown.exit_code == 0
    assert "What the archive holds is not known: S3 bucket 'no-such-bucket'" in shown.stdout
    assert json.loads(plan(config, *WEEK, "--json", **environment).stdout)["sources"][0]["articles_held"] is None
