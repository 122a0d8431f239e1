"""Run the demo: servers up, the DAGs, then what came of it. Exit 0 only if everything expected was seen."""

import os
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from include.wirewatch.deliver import wording
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.airflow_home import PROJECT, TaskRun, load_dags, output_to, prepare, task_runs
from tests.demo import expect
from tests.demo.show import show_channel, show_stages, show_store
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom

HOME = PROJECT / ".demo"
BUCKET, PREFIX = "wirewatch-demo", "news"
CHANNELS = {expect.NEWS: "news-desk", expect.SANCTIONS: "sanctions-desk", expect.EDITORS: "editors"}
# When the digest is due: not now, so that what the demo finds is of that day.
DIGEST_IN = timedelta(minutes=5)


class Demo:
    """The deployment that the DAGs run in, and what has been seen of it."""

    def __init__(self, console: Console, slack: SlackServer) -> None:
        self.console, self.slack, self.problems = console, slack, list[str]()

    def run(self, dag_id: str, number: int, conf: dict[str, str]) -> tuple[list[dict], list[TaskRun]]:
        """One run of the real DAG in this process, task by task; what it posted, and its tasks."""
        before, log = len(self.slack.messages), HOME / f"{dag_id}-{number}.log"
        with self.console.status(f"{dag_id}, run {number} of 2 …"), output_to(log):
            dag_run = load_dags()[dag_id].test(run_conf=conf)
            runs = task_runs(dag_run)
        messages = self.slack.messages[before:]
        counted = wording.number(len(messages), "message", "messages")
        self.console.rule(f"run {number} of {dag_id}: {dag_run.state}, {counted}", align="left")
        self.show(messages)
        show_stages(self.console, runs)
        self.console.print()
        if str(dag_run.state) != "success":
            self.problems.append(f"run {number} of {dag_id} ended as {dag_run.state}: see {log}")
        return messages, runs

    def show(self, messages: list[dict]) -> None:
        for channel, name in CHANNELS.items():
            if own := of(channel, messages):
                show_channel(self.console, name, own, whole=channel == expect.NEWS)


def main() -> int:
    # The terminal is kept apart from stdout and stderr, which Airflow fills: see output_to.
    console = Console(file=os.fdopen(os.dup(1), "w", encoding="utf-8"), width=None if sys.stdout.isatty() else 110)
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    started = time.monotonic()
    digest_at = datetime.now(UTC) + DIGEST_IN
    with Newsroom(datetime.now(UTC)) as newsroom, LockedS3() as s3, SlackServer(channels=tuple(CHANNELS)) as slack:
        s3.create_bucket(BUCKET)
        newsroom.write_config(HOME / "config")
        receivers = Path(__file__).with_name("receivers.yaml").read_text("utf-8")
        (HOME / "config" / "receivers.yaml").write_text(receivers.replace("<at>", f"{digest_at:%H:%M}"), "utf-8")
        os.environ |= {
            "WIREWATCH_STORE": f"s3://{BUCKET}/{PREFIX}",
            "WIREWATCH_CONFIG": str(HOME / "config"),
            "WIREWATCH_POST_INTERVAL_S": "0",
            "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
            "AIRFLOW_CONN_SLACK_API_DEFAULT": slack.airflow_connection(),
        }
        with console.status("Airflow sets up its database …"), output_to(HOME / "setup.log"):
            prepare(HOME / "airflow")
        demo = Demo(console, slack)
        ingest(demo, newsroom)
        send_digest(demo, newsroom, digest_at.date().isoformat())
        show_store(console, f"s3://{BUCKET}/{PREFIX}/", Store(s3.client(), S3Place(BUCKET, PREFIX)).list(""))
    console.print()
    for problem in demo.problems:
        console.print(f"[bold red]NOT AS EXPECTED[/] {problem}")
    if not demo.problems:
        console.print(
            f"[bold green]All as expected[/]: {len(newsroom.expected.alerts)} alerts, once each, "
            f"copies in the thread of the first; {len(newsroom.expected.silent)} articles without an alert; "
            f"one rollup with the rest of a storm; one digest. {time.monotonic() - started:.0f} s."
        )
    return 1 if demo.problems else 0


def ingest(demo: Demo, newsroom: Newsroom) -> None:
    """Twice; the second run alerts on nothing."""
    messages, runs = demo.run("ingest_live", 1, {})
    demo.problems += [
        *expect.wrong_alerts(newsroom, of(expect.NEWS, messages)),
        *expect.wrong_storm(newsroom, of(expect.SANCTIONS, messages)),
        *expect.wrong_editors(newsroom, of(expect.EDITORS, messages)),
        *expect.wrong_counts(newsroom, runs),
    ]
    again, _ = demo.run("ingest_live", 2, {})
    if again:
        demo.problems.append(f"the second run posted {len(again)} messages again")


def send_digest(demo: Demo, newsroom: Newsroom, date: str) -> None:
    """Twice; the second run edits the message of the first."""
    first, _ = demo.run("send_digest", 1, {"date": date})
    again, _ = demo.run("send_digest", 2, {"date": date})
    demo.problems += expect.wrong_digest(newsroom, [*first, *again])


def of(channel: str, messages: list[dict]) -> list[dict]:
    return [message for message in messages if message["channel"] == channel]


if __name__ == "__main__":
    sys.exit(main())
