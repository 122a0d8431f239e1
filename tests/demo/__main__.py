"""Run the demo: servers up, the DAG twice, then what came of it. Exit 0 only if everything expected was seen."""

import os
import shutil
import sys
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

from rich.console import Console

from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.airflow_home import PROJECT, TaskRun, load_dags, output_to, prepare, task_runs
from tests.demo.show import show_alert, show_stages, show_store
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom

HOME = PROJECT / ".demo"
BUCKET, PREFIX = "wirewatch-demo", "news"
DAG_ID = "ingest_live"


def main() -> int:
    # The terminal is kept apart from stdout and stderr, which Airflow fills: see output_to.
    console = Console(file=os.fdopen(os.dup(1), "w", encoding="utf-8"), width=None if sys.stdout.isatty() else 110)
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    started = time.monotonic()
    with Newsroom(datetime.now(UTC)) as newsroom, LockedS3() as s3, SlackServer() as slack:
        s3.create_bucket(BUCKET)
        newsroom.write_config(HOME / "config")
        os.environ |= {
            "WIREWATCH_STORE": f"s3://{BUCKET}/{PREFIX}",
            "WIREWATCH_CONFIG": str(HOME / "config"),
            "WIREWATCH_POST_INTERVAL_S": "0",
            "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
            "AIRFLOW_CONN_SLACK_API_DEFAULT": slack.airflow_connection(),
        }
        with console.status("Airflow sets up its database …"), output_to(HOME / "setup.log"):
            prepare(HOME / "airflow")
        problems = []
        for number in (1, 2):
            before = len(slack.messages)
            with console.status(f"{DAG_ID}, run {number} of 2 …"), output_to(HOME / f"run-{number}.log"):
                state, runs = run_dag()
            messages = slack.messages[before:]
            console.rule(f"run {number} of {DAG_ID}: {state}, {len(messages)} alerts", align="left")
            for message in in_threads(messages):
                show_alert(console, message)
            show_stages(console, runs)
            console.print()
            if state != "success":
                problems.append(f"run {number} ended as {state}: see {HOME / f'run-{number}.log'}")
            if number == 1:
                problems += unexpected(newsroom, messages) + uncounted(newsroom, runs)
            elif messages:
                problems.append(f"the second run alerted on {len(messages)} articles again")
        show_store(console, f"s3://{BUCKET}/{PREFIX}/", Store(s3.client(), S3Place(BUCKET, PREFIX)).list(""))
    console.print()
    for problem in problems:
        console.print(f"[bold red]NOT AS EXPECTED[/] {problem}")
    if not problems:
        console.print(
            f"[bold green]All as expected[/]: {len(newsroom.expected.alerts)} alerts, once each, "
            f"copies in the thread of the first; "
            f"{len(newsroom.expected.silent)} articles without an alert. {time.monotonic() - started:.0f} s."
        )
    return 1 if problems else 0


def run_dag() -> tuple[str, list[TaskRun]]:
    """One run of the real DAG in this process, task by task."""
    dag_run = load_dags()[DAG_ID].test()
    return str(dag_run.state), task_runs(dag_run)


def in_threads(messages: list[dict]) -> list[dict]:
    """As a channel shows them: each message by itself with its replies below it."""
    return sorted(messages, key=lambda message: (message["thread_ts"] or message["ts"], message["ts"]))


def unexpected(newsroom: Newsroom, messages: list[dict]) -> list[str]:
    """What differs from what the newsroom's own articles declare."""
    wanted = {alert.slug: alert for alert in newsroom.expected.alerts}
    seen = [urlsplit(_link(message)).path.strip("/").removesuffix(".html") for message in messages]
    problems = [f"no alert for {slug}" for slug in sorted(wanted.keys() - set(seen))]
    problems += [
        f"an alert too many for {slug}" for slug in sorted(set(seen)) if slug not in wanted or seen.count(slug) > 1
    ]
    for slug, message in zip(seen, messages, strict=True):
        if slug in wanted and (missing := [rule for rule in wanted[slug].rules if f"{rule} (" not in message["text"]]):
            problems.append(f"the alert for {slug} does not name {', '.join(missing)}")
    by_slug = dict(zip(seen, messages, strict=True))
    for copies in newsroom.expected.syndicated:
        told = [by_slug[slug] for slug in copies if slug in by_slug]
        if len({message["thread_ts"] or message["ts"] for message in told}) != 1:
            problems.append(f"the copies {', '.join(sorted(copies))} are not one thread")
    return problems


def uncounted(newsroom: Newsroom, runs: list[TaskRun]) -> list[str]:
    """Counts of the stages that differ from what the newsroom published."""
    counts = {run.task_id.rpartition(".")[2]: run.result or {} for run in runs}
    expected = newsroom.expected
    wanted = {
        ("fetch", "entries"): expected.entries,
        ("fetch", "fetched"): expected.entries - len(expected.unreachable) - 2,  # robots.txt and the size cap
        ("match", "stale"): len(expected.stale),
        ("deliver", "posted"): len(expected.alerts),
    }
    return [
        f"{stage} counted {counts.get(stage, {}).get(name)} {name}, expected {number}"
        for (stage, name), number in wanted.items()
        if counts.get(stage, {}).get(name) != number
    ]


def _link(message: dict) -> str:
    return str(message["blocks"][0]["elements"][0]["elements"][0]["url"])


if __name__ == "__main__":
    sys.exit(main())
