"""What tasks import of others' packages, imported once by the process that they are forked from.

That is the scheduler, or a Celery worker. Airflow itself imports this file wherever it is on PYTHONPATH
(docker-compose.yaml puts it there). Without it each task spends up to half a CPU-second on the same imports; where a
task gets an interpreter of its own (MWAA), it does nothing. Wirewatch's own modules are left out, so that a change of
include/ works from the next task on. Imports only: no connection, no thread, nothing that a fork would have to share.
"""

import importlib
import sys
from contextlib import suppress

__all__: list[str] = []  # Airflow takes over every other name

FORKS_TASKS = {"scheduler", "standalone", "worker"}
MODULES = (
    "aiohttp",
    "airflow.providers.amazon.aws.hooks.s3",
    "airflow.providers.slack.hooks.slack",
    "boto3",
    "can_ada",
    "fastfeedparser",
    "fastwarc",
    "feedparser",
    "lark",
    "pebble",
    "protego",
    "pydantic_settings",
    "rensa",
    "trafilatura",
    "yaml",
    "zstandard",
)

if FORKS_TASKS & set(sys.argv[1:3]):
    for module in MODULES:
        # A scheduler must start, whatever is wrong with one of them: the task that needs it says so.
        with suppress(Exception):
            importlib.import_module(module)
