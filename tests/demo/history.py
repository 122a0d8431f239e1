"""`make demo-history`: a week of the newsroom's past, and a new rule tried on it. Exit 0 only if all is as expected.

The commands are those of README's section on backfills, run as they stand there: `wirewatch backfill plan` prints the
`airflow backfill create` that the real scheduler is given. Everything is on loopback.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.status import Status

from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.airflow_home import PROJECT
from tests.demo.expect_history import NEW_RULE, wrong_archive, wrong_backtest, wrong_messages
from tests.demo.show import show_channel
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom
from tests.real_airflow import RealAirflow

HOME = PROJECT / ".demo" / "history"
PLACE = S3Place("wirewatch-demo", "history")
DAG_ID = "ingest_history"
DAYS = 7
# What is run, in this order; the days are filled in. A line that begins with airflow is what the line before printed.
COMMANDS = (
    "wirewatch backfill plan --from {first} --to {last} --label last-week",
    "airflow backfill create --dag-id ingest_history --from-date {first} --to-date {last} --max-active-runs 1 "
    """--dag-run-conf '{{"backfill": {{"label": "last-week", "from": "{first}", "to": "{last}"}}}}'""",
    "wirewatch backtest new-rules.yaml --from {first} --to {last} --against rules.yaml",
)


class Week(NamedTuple):
    """The days that are backfilled, and the commands with these days."""

    days: tuple[date, ...]

    @property
    def commands(self) -> list[str]:
        return [command.format(first=self.days[0], last=self.days[-1]) for command in COMMANDS]


class Demo:
    """The terminal, and the environment in which the commands run."""

    def __init__(self, console: Console, environment: dict[str, str]) -> None:
        self.console, self._environment = console, {**os.environ, **environment}

    def run(self, command: str, *more: str, shown: bool = True) -> str:
        """One command as a shell would run it in the folder of the configuration; what it printed."""
        words = shlex.split(command)
        words[0] = str(Path(sys.executable).with_name(words[0]))
        done = subprocess.run(
            [*words, *more], cwd=HOME / "config", env=self._environment, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip
        if shown:
            self.say(command)
            self.console.print(done.stdout.rstrip(), highlight=False, markup=False, soft_wrap=True)
            self.console.print()
        if done.returncode:
            raise SystemExit(f"{command}: exit {done.returncode}\n{done.stderr[-2000:]}")
        return done.stdout

    def say(self, command: str) -> None:
        self.console.print(f"[bold]$ {command}", highlight=False, soft_wrap=True)


def main() -> int:
    console = Console(width=None if sys.stdout.isatty() else 110)
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    started, now = time.monotonic(), datetime.now(UTC)
    week = Week(tuple(now.date() - timedelta(days=back) for back in range(DAYS, 0, -1)))
    with Newsroom(now) as newsroom, LockedS3() as s3, SlackServer() as slack:
        s3.create_bucket(PLACE.bucket)
        newsroom.write_config(HOME / "config")
        environment = {
            "WIREWATCH_STORE": f"s3://{PLACE.bucket}/{PLACE.prefix}",
            "WIREWATCH_CONFIG": str(HOME / "config"),
            "WIREWATCH_POST_INTERVAL_S": "0",
            "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
            "AIRFLOW_CONN_SLACK_API_DEFAULT": slack.airflow_connection(),
        }
        demo, store = Demo(console, environment), Store(s3.client(), PLACE)
        problems = backfill(demo, week, environment, slack)
        problems += wrong_archive(newsroom, store, week.days) + wrong_messages(newsroom, slack.messages, week.days)
        console.rule("what the news desk reads", align="left")
        show_channel(console, "news-desk", slack.messages, whole=True)
        problems += backtest(demo, week, newsroom)
    for problem in problems:
        console.print(f"[bold red]NOT AS EXPECTED[/] {problem}")
    if not problems:
        console.print(
            f"[bold green]All as expected[/]: {DAYS} days, each article once; one message, edited as days were done; "
            f"a new rule tried on them. {time.monotonic() - started:.0f} s."
        )
    return 1 if problems else 0


def backfill(demo: Demo, week: Week, environment: dict[str, str], slack: SlackServer) -> list[str]:
    """Plan, create, and wait until the scheduler has run every day."""
    plan, create, _ = week.commands
    planned = demo.run(plan).splitlines()[0]
    with demo.console.status("Airflow starts …") as status, RealAirflow(HOME / "airflow", environment) as airflow:
        status.update("Airflow is given the backfill …")
        airflow.backfill(shlex.split(planned))
        demo.say(planned)
        airflow.wait(f"{DAYS} runs", lambda: has_ended(airflow, slack, status))
        states = [state for _, state in airflow.runs(DAG_ID)]
    problems = [] if planned == create else [f"the plan is {planned!r}, expected {create!r}"]
    return problems + [f"a day's run ended as {state}" for state in states if state != "success"]


def has_ended(airflow: RealAirflow, slack: SlackServer, status: Status) -> bool:
    """Whether every day has a run that is through; the status says what Slack shows meanwhile."""
    status.update(slack.messages[0]["text"].partition(".")[0] if slack.messages else "the first day is fetched …")
    states = [state for _, state in airflow.runs(DAG_ID)]
    return [state in {"success", "failed"} for state in states] == [True] * DAYS


def backtest(demo: Demo, week: Week, newsroom: Newsroom) -> list[str]:
    """Add a rule, and try the file with it against the file without it on the week that is in the archive now."""
    old = (HOME / "config" / "rules.yaml").read_text("utf-8")
    (HOME / "config" / "new-rules.yaml").write_text(with_rule(old), "utf-8")
    command = week.commands[2]
    demo.run(command, "--cache", str(HOME / "cache"))
    found = json.loads(demo.run(command, "--cache", str(HOME / "cache"), "--json", shown=False))
    return wrong_backtest(newsroom, found, week.days)


def with_rule(rules: str) -> str:
    """The file with one more rule at the end of its list."""
    head, key, tail = re.split(r"^(rules:\n)", rules, maxsplit=1, flags=re.MULTILINE)
    return f"{head}{key}{NEW_RULE}{tail}"


if __name__ == "__main__":
    sys.exit(main())
