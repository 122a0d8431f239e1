"""A real Airflow on loopback for a `with` block: api-server, scheduler and dag-processor on SQLite.

For what dag.test() cannot show: runs made by `airflow backfill create`, run types, mapped tasks in real processes.
"""

import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from tests.airflow_home import PROJECT, environment

COMPONENTS = ("api-server", "scheduler", "dag-processor")
AIRFLOW = Path(sys.executable).with_name("airflow")


class RealAirflow:
    """extra: more environment, connections and settings. Scheduled runs are off: only what a test creates runs."""

    def __init__(self, home: Path, extra: dict[str, str]) -> None:
        self.home = home
        port = _free_port()
        # Compiled modules are kept, as in any deployment: without, each task compiles again all that it imports.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self._environment = {
            **kept,
            **environment(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
            "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
            # With 32 slots the scheduler dies on SQLite's "database is locked".
            "AIRFLOW__CORE__PARALLELISM": "4",
            "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
            "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
            "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "5",
            # Read once: reading seven files again and again takes half a core of two.
            "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "600",
            # As docker-compose.yaml has it: the scheduler has imported what its tasks need of other packages.
            "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'deploy' / 'preload'}",
            **extra,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "RealAirflow":
        self.home.mkdir(parents=True, exist_ok=True)
        self.airflow("db", "migrate")
        self.airflow("pools", "import", str(PROJECT / "deploy" / "pools.json"))
        for component in COMPONENTS:
            with (self.home / f"{component}.log").open("wb") as log:
                self._processes.append(
                    subprocess.Popen(
                        [AIRFLOW, component],
                        env=self._environment,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
        dags = len(list((PROJECT / "dags").glob("*.py")))
        self.wait("every DAG file is read", lambda: self.rows("SELECT count(*) FROM serialized_dag")[0][0] >= dags)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(5)

    def airflow(self, *arguments: str) -> str:
        """One airflow command; its output. Raises RuntimeError with the end of it when the command fails."""
        done = subprocess.run(
            [AIRFLOW, *arguments], env=self._environment, capture_output=True, text=True, check=False, timeout=240
        )
        if done.returncode:
            raise RuntimeError(f"airflow {' '.join(arguments)}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done.stdout

    def backfill(self, command: Sequence[str]) -> None:
        """`airflow backfill create …`, as `wirewatch backfill plan` says it, once the DAG's last backfill is over.

        The DAG is paused meanwhile: on SQLite, a scheduler dies of runs that it starts and that are rolled back. What
        was created before "database is locked" stays, and is run before the rest is created.
        """
        dag_id = command[command.index("--dag-id") + 1]
        for _ in range(5):
            # Airflow looks only now and then whether a backfill is over, and allows one at a time.
            self.wait(f"the end of the last backfill of {dag_id}", lambda: not self.is_backfilling(dag_id))
            self.pause(dag_id, True)
            try:
                self.airflow(*command[1:])
                return
            except RuntimeError as error:
                if "database is locked" not in str(error):
                    raise
            finally:
                self.pause(dag_id, False)
        raise TimeoutError(f"SQLite was locked at each of 5 tries: {' '.join(command)}")

    def pause(self, dag_id: str, is_paused: bool) -> None:
        """As `airflow dags pause` and `unpause` do it, without their five CPU-seconds."""
        with sqlite3.connect(self.home / "airflow.db", timeout=30) as database:
            database.execute("UPDATE dag SET is_paused = ? WHERE dag_id = ?", (is_paused, dag_id))

    def is_backfilling(self, dag_id: str) -> bool:
        return bool(self.rows(f"SELECT id FROM backfill WHERE completed_at IS NULL AND dag_id = '{dag_id}'"))

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """What Airflow's own database says, read-only."""
        with sqlite3.connect(f"file:{self.home}/airflow.db?mode=ro", uri=True, timeout=10) as database:
            return database.execute(query).fetchall()

    def runs(self, dag_id: str) -> list[tuple[str, str]]:
        """(run type, state) of every run of a DAG."""
        return [
            (str(kind), str(state))
            for kind, state in self.rows(f"SELECT run_type, state FROM dag_run WHERE dag_id = '{dag_id}'")
        ]

    def wait(self, what: str, is_done: Callable[[], object], timeout_s: float = 240) -> None:
        """Until it is done. Raises TimeoutError naming what was waited for, with the components' last lines."""
        deadline = time.monotonic() + timeout_s
        while not is_done():
            if time.monotonic() > deadline:
                tails = [f"{name}: {(self.home / f'{name}.log').read_text()[-1500:]}" for name in COMPONENTS]
                raise TimeoutError("\n".join([f"not within {timeout_s:g} s: {what}", *tails]))
            time.sleep(0.3)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
