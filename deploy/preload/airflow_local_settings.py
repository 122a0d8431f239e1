"""What every task needs, made once by the process that they are forked from.

That is the scheduler, or a Celery worker. Airflow itself imports this file wherever it is on PYTHONPATH
(docker-compose.yaml puts it there). Without it each task spends up to a CPU-second on the same; where a task gets an
interpreter of its own (MWAA), it does nothing. No connection, no thread, nothing that a fork would have to share.

A change of include/ works from the next task on all the same: a fork looks whether the files are still those that were
read, and forgets what it has of them where they are not. That task imports them anew, and so do those after it, until
the scheduler or worker is restarted.
"""

import importlib
import os
import sys
from contextlib import suppress
from pathlib import Path

__all__: list[str] = []  # Airflow takes over every other name

FORKS_TASKS = {"scheduler", "standalone", "worker"}
OTHERS = (
    "airflow.providers.amazon.aws.hooks.s3",
    "airflow.providers.slack.hooks.slack",
    "airflow.providers.standard.operators.python",
    "boto3",
)
# The first thing that any DAG file imports. It is left to the task: once it is there, the task is under way, and its
# own children (the workers of extraction) keep to the code that it has.
UNDER_WAY = "include.airflow_support"


def ours() -> list[str]:
    """Wirewatch's modules that this process has imported."""
    return [name for name in sys.modules if name.split(".")[0] == "include"]


def stamps() -> dict[str, int]:
    """When each of their files was changed, in nanoseconds; 0 where it is gone. 130 files: a millisecond."""
    files = {str(sys.modules[name].__file__) for name in ours()}
    return {file: Path(file).stat().st_mtime_ns if Path(file).exists() else 0 for file in files}


def forget_what_has_changed() -> None:
    if UNDER_WAY not in sys.modules and stamps() != READ:
        for name in ours():
            del sys.modules[name]


READ: dict[str, int] = {}
if FORKS_TASKS & set(sys.argv[1:3]):
    # A scheduler must start, whatever is wrong with one of them: the task that needs it says so.
    for module in OTHERS:
        with suppress(Exception):
            importlib.import_module(module)
    with suppress(Exception):
        importlib.import_module("include.wirewatch.stages.warm").warm()
    READ = stamps()
    os.register_at_fork(after_in_child=forget_what_has_changed)
