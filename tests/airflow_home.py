"""A throw-away Airflow in this process: its own home, SQLite, this project's DAGs. For the demo and a few tests.

Airflow reads its settings when it is first imported, so prepare() must come before any airflow import.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG

PROJECT = Path(__file__).resolve().parents[1]


class TaskRun(NamedTuple):
    """One task instance of a finished run, with what it returned."""

    task_id: str
    map_index: int
    state: str
    seconds: float
    result: dict[str, str | int] | None


def environment(home: Path) -> dict[str, str]:
    """The environment of an Airflow that lives under home and knows this project alone."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "PYTHONPATH": str(PROJECT),
        # dag.test() of Airflow 3.3.2 breaks at the end of a successful run of a DAG that has a deadline.
        "WIREWATCH_DEADLINE_MINUTES": "0",
    }


def prepare(home: Path) -> None:
    """Set this process up and make the database. Raises RuntimeError when airflow was imported before."""
    if "airflow" in sys.modules:
        raise RuntimeError("airflow is imported already: its settings are fixed")
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update(environment(home))
    from airflow.utils.db import initdb

    initdb()


def load_dags() -> "dict[str, DAG]":
    """The project's DAGs. Raises RuntimeError naming the file of one that does not import."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(PROJECT / "dags"))
    if bag.import_errors:
        raise RuntimeError(f"DAG files that do not import: {bag.import_errors}")
    return dict(bag.dags)


def task_runs(dag_run: "DagRun") -> list[TaskRun]:
    """Every task instance of a run, in the order of their starts."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    with create_session() as session:
        rows = session.query(XComModel).filter_by(dag_id=dag_run.dag_id, run_id=dag_run.run_id, key="return_value")
        results = {(row.task_id, row.map_index): XComModel.deserialize_value(row) for row in rows}
    instances = sorted(dag_run.get_task_instances(), key=lambda ti: (ti.start_date is None, ti.start_date))
    return [
        TaskRun(ti.task_id, ti.map_index, str(ti.state), ti.duration or 0.0, results.get((ti.task_id, ti.map_index)))
        for ti in instances
    ]


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Everything that this process writes to stdout and stderr goes to the file: Airflow logs there, at length."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with path.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, descriptor in zip((1, 2), kept, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)
