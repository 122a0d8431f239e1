"""One throw-away Airflow for this folder, in this process, on the shared S3 and a newsroom and workspace a test."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.airflow_home import TaskRun, load_dags, prepare, task_runs
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import SlackServer
from tests.newsroom import Newsroom


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("airflow")
    prepare(home)
    return home


class Result(NamedTuple):
    """A finished run: its id, its state, and its task instances by name (`ingest.match[0]`)."""

    run_id: str
    state: str
    tasks: dict[str, TaskRun]


class Airflow(NamedTuple):
    """The deployment as Airflow sees it. run(dag_id, **conf) runs the real DAG to its end; of one moment: one run."""

    run: Callable[..., Result]
    config: Path
    store: Store
    slack: SlackServer
    newsroom: Newsroom


@pytest.fixture
def airflow(
    airflow_home: Path,
    s3: LockedS3,
    s3_bucket: str,
    slack_server: SlackServer,
    newsroom: Newsroom,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Airflow]:
    newsroom.write_config(tmp_path)
    for name, value in {
        "WIREWATCH_STORE": f"s3://{s3_bucket}/news",
        "WIREWATCH_CONFIG": str(tmp_path),
        "WIREWATCH_POST_INTERVAL_S": "0",
        "WIREWATCH_UNFINISHED_AFTER_S": "0",
        "AIRFLOW_CONN_AWS_DEFAULT": s3.airflow_connection(),
        "AIRFLOW_CONN_SLACK_API_DEFAULT": slack_server.airflow_connection(),
    }.items():
        monkeypatch.setenv(name, value)

    def run(dag_id: str, of: datetime | None = None, **conf: str) -> Result:
        when = {"logical_date": of, "run_after": of} if of else {}
        dag_run = load_dags()[dag_id].test(run_conf=conf, **when)
        return Result(dag_run.run_id, str(dag_run.state), {_name(task): task for task in task_runs(dag_run)})

    yield Airflow(run, tmp_path, Store(s3.client(), S3Place(s3_bucket, "news")), slack_server, newsroom)
    assert Path(os.environ["AIRFLOW_HOME"]) == airflow_home


def _name(task: TaskRun) -> str:
    return task.task_id if task.map_index < 0 else f"{task.task_id}[{task.map_index}]"
