"""Wall time of a backfill through a real scheduler, beside the same number of runs of a DAG that does nothing.

Ours: ingest_history in the newsroom: discover, fetch, store, extract, match, summarise, deliver, each day.
Theirs: a DAG of the same shape (tasks, pools, trigger rules), each task returning at once.
In turns within one scheduler (SQLite, parallelism 4). Three ratios: of wall time, from the start of a turn's first run
to the end of its last, with what Airflow does between two runs, as who waits for a backfill has it; of the runs alone,
each from its start to its end; and of their medians, for now and then a task waits two seconds until Airflow's own
database is free. `python -m tests.benchmarks.bench_backfill 6` takes six days only.
"""

import shutil
import statistics
import sys
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from include.wirewatch.cli.backfill import command_of
from include.wirewatch.runs import Backfill
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.airflow_home import PROJECT
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom
from tests.real_airflow import RealAirflow

DAYS = 30
TURNS = 3
TARGET = 1.5
OURS, EMPTY, WARM_UP = "ingest_history", "empty_history", "warm_up"
# ingest_history.py, with what its tasks do taken out.
DOES_NOTHING = """
from datetime import timedelta
from airflow.sdk import CronDataIntervalTimetable, TriggerRule, dag, task
from include.airflow_support import DELIVER_POOL, EXTRACT_POOL, HISTORY_POOL, START_DATE, default_args

@dag(dag_id="empty_history", schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), start_date=START_DATE,
     catchup=False, max_active_runs=1, dagrun_timeout=timedelta(hours=20), default_args=default_args())
def empty_history():
    @task(pool=HISTORY_POOL)
    def fetch_day():
        return {"batches": []}

    @task(pool=EXTRACT_POOL)
    def extract(fetched):
        return {}

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def match(fetched):
        return {}

    @task(pool=DELIVER_POOL)
    def summarise(fetched):
        return {}

    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def report_failure():
        pass

    fetched = fetch_day()
    extracted, matched, summarised = extract(fetched), match(fetched), summarise(fetched)
    extracted >> matched >> summarised
    [fetched, extracted, matched, summarised] >> report_failure()

empty_history()
"""


def main(count: int) -> None:
    now = datetime.now(UTC)
    days = [now.date() - timedelta(days=back) for back in range(count, 0, -1)]
    with tempfile.TemporaryDirectory() as folder, Newsroom(now) as newsroom, LockedS3() as s3, SlackServer() as slack:
        home = Path(folder)
        newsroom.repeat_history(count)
        newsroom.write_config(home / "config")
        shutil.copytree(PROJECT / "dags", home / "dags", ignore=shutil.ignore_patterns("__pycache__"))
        for dag_id in (EMPTY, WARM_UP):
            (home / "dags" / f"{dag_id}.py").write_text(DOES_NOTHING.replace("empty_history", dag_id))
        s3.create_bucket("bench")
        extra = {
            "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
            "WIREWATCH_STORE": "s3://bench/news",
            "WIREWATCH_CONFIG": str(home / "config"),
            "WIREWATCH_POST_INTERVAL_S": "0",
            "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
            "AIRFLOW_CONN_SLACK_API_DEFAULT": slack.airflow_connection(),
        }
        with RealAirflow(home / "airflow", extra) as airflow:
            backfill_in_turns(airflow, days)
            ours, empty = seconds_of(airflow, OURS), seconds_of(airflow, EMPTY)
            walls = [wall_of(airflow, dag_id, turn_length(days)) for dag_id in (OURS, EMPTY)]
            tasks = {
                name: (seconds_of_task(airflow, OURS, name), seconds_of_task(airflow, EMPTY, name)) for name in TASKS
            }
        stored = sum(1 for _ in Store(s3.client(), S3Place("bench", "news")).list("clean/"))
        report(ours, empty, tasks, slack, stored)
        print(
            f"  wall time {walls[0]:.0f} s beside {walls[1]:.0f} s, ratio {walls[0] / walls[1]:.2f} (target ≤ {TARGET})"
        )


TASKS = ("fetch_day", "extract", "match", "summarise")


def backfill_in_turns(airflow: RealAirflow, days: list[date]) -> None:
    """Some days of ours, as many empty ones, and so on: noise of the machine meets both.

    Before them one run that counts for neither: the first answer of a new api-server takes seven seconds.
    """
    step = turn_length(days)
    for dag_id in (WARM_UP, OURS, EMPTY):
        airflow.wait(f"{dag_id} is read", lambda dag_id=dag_id: dag_id in read(airflow))
    backfill(airflow, WARM_UP, days[:1], days)
    for start in range(0, len(days), step):
        for dag_id in (OURS, EMPTY):
            backfill(airflow, dag_id, days[start : start + step], days)


def backfill(airflow: RealAirflow, dag_id: str, some: list[date], days: list[date]) -> None:
    """Run some of the days, to the end of the last one."""
    command = command_of(dag_id, Backfill.model_validate({"label": "bench", "from": str(days[0]), "to": str(days[-1])}))
    command[command.index("--from-date") + 1] = str(some[0])
    command[command.index("--to-date") + 1] = str(some[-1])
    airflow.backfill(command)
    done = days.index(some[-1]) + 1
    airflow.wait(f"{done} runs of {dag_id}", lambda: len(ended(airflow, dag_id)) == done, 120 * len(some))
    print(f"  {done:2} runs of {dag_id}", file=sys.stderr, flush=True)


def turn_length(days: list[date]) -> int:
    return -(-len(days) // TURNS)


def wall_of(airflow: RealAirflow, dag_id: str, step: int) -> float:
    """Seconds from the start of a turn's first run to the end of its last, over all turns."""
    query = f"SELECT start_date, end_date FROM dag_run WHERE dag_id = '{dag_id}' ORDER BY logical_date"
    runs = [[datetime.fromisoformat(str(moment)) for moment in row] for row in airflow.rows(query)]
    turns = [runs[at : at + step] for at in range(0, len(runs), step)]
    return sum((max(end for _, end in turn) - min(start for start, _ in turn)).total_seconds() for turn in turns)


def read(airflow: RealAirflow) -> set[object]:
    return {row[0] for row in airflow.rows("SELECT dag_id FROM serialized_dag")}


def ended(airflow: RealAirflow, dag_id: str) -> list[str]:
    states = [state for _, state in airflow.runs(dag_id) if state in {"success", "failed"}]
    if "failed" in states:
        raise SystemExit(f"a run of {dag_id} failed")
    return states


def seconds_of(airflow: RealAirflow, dag_id: str) -> list[float]:
    """Each run, from its start to its end."""
    return spans(airflow, f"SELECT start_date, end_date FROM dag_run WHERE dag_id = '{dag_id}'")


def seconds_of_task(airflow: RealAirflow, dag_id: str, task_id: str) -> float:
    """The median of a task's own time."""
    where = f"dag_id = '{dag_id}' AND task_id = '{task_id}'"
    return statistics.median(spans(airflow, f"SELECT start_date, end_date FROM task_instance WHERE {where}"))


def spans(airflow: RealAirflow, query: str) -> list[float]:
    moments = [[datetime.fromisoformat(str(moment)) for moment in row] for row in airflow.rows(query)]
    return [(end - start).total_seconds() for start, end in moments]


def report(
    ours: list[float], empty: list[float], tasks: dict[str, list[float]], slack: SlackServer, stored: int
) -> None:
    message, *replies = slack.messages
    own, other = statistics.median(ours), statistics.median(empty)
    parts = ", ".join(f"{name} {own:.1f} ({other:.1f})" for name, (own, other) in tasks.items())
    print(f"a backfill of {len(ours)} days beside {len(empty)} empty runs of the same shape, by a real scheduler")
    print(f"  median seconds of a task, in brackets of an empty one: {parts}")
    print(f"  {stored} clean batches; in Slack 1 message edited {message['edits']} times, {len(replies)} replies")
    if any(reply["thread_ts"] != message["ts"] for reply in replies) or message["edits"] < len(ours):
        raise SystemExit(f"expected one message, edited {len(ours)} times: {[one['text'] for one in slack.messages]}")
    print(
        f"  the runs alone {sum(ours):.0f} s beside {sum(empty):.0f} s, ratio {sum(ours) / sum(empty):.2f}, "
        f"median of a run {own:.2f} s beside {other:.2f} s, ratio {own / other:.2f}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DAYS)
