"""The one module that knows Airflow: connections → clients, the context → a run, default arguments, retries.

Light at import, because every DAG parse pays for it: clients and stages are imported inside the tasks.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from include.wirewatch.runs import Run
    from include.wirewatch.stages.services import Services
    from include.wirewatch.store import Store

AWS_CONNECTION = "aws_default"
SLACK_CONNECTION = "slack_api_default"
STORE_VARIABLE = "wirewatch_store"

# Where a connection has no settings of its own. max_attempts would mean one try more.
BOUNDED_WAITS: dict[str, Any] = {
    "retries": {"mode": "standard", "total_max_attempts": 5},
    "connect_timeout": 5,
    "read_timeout": 30,
}

# Created by deploy/pools.json. Fetching is bounded so that one deployment stays polite, extraction by the cores.
# History has one slot: a backfill runs ten days at once unless told otherwise, whatever the DAG's max_active_runs.
FETCH_POOL = "wirewatch_fetch"
HISTORY_POOL = "wirewatch_history"
EXTRACT_POOL = "wirewatch_extract"
DELIVER_POOL = "wirewatch_deliver"

START_DATE = datetime(2026, 1, 1, tzinfo=timezone.utc)  # noqa: UP017  # static: a moving one would make new DAG versions


def default_args() -> dict[str, Any]:
    """Retries with growing pauses; none for what a retry cannot mend (PermanentError)."""
    arguments: dict[str, Any] = {
        "owner": "wirewatch",
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
    }
    try:
        from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule
    except ImportError:  # before Airflow 3.3: permanent errors are retried too, which costs time but is safe
        return arguments
    permanent = RetryRule(exception="include.wirewatch.errors.PermanentError", action=RetryAction.FAIL)
    return {**arguments, "retry_policy": ExceptionRetryPolicy(rules=[permanent])}


def shard_count() -> int:
    """The number of shards of a live run. From the environment alone: it is asked for at parse time."""
    return int(os.environ.get("WIREWATCH_SHARDS") or 1)


def current_run() -> Run:
    """The running task's DAG run."""
    from airflow.sdk import get_current_context

    from include.wirewatch.runs import run_of

    dag_run = get_current_context()["dag_run"]
    return run_of(
        dag_run.dag_id,
        dag_run.run_id,
        run_type=getattr(dag_run.run_type, "value", dag_run.run_type),
        conf=dag_run.conf or {},
        interval=(dag_run.data_interval_start, dag_run.data_interval_end),
        run_after=dag_run.run_after,
    )


def current_interval() -> tuple[datetime, datetime]:
    """The data interval of the running task's DAG run; of one without, both are the time at which it was to run."""
    from airflow.sdk import get_current_context

    dag_run = get_current_context()["dag_run"]
    start, end = dag_run.data_interval_start, dag_run.data_interval_end
    return start or dag_run.run_after, end or dag_run.run_after


def current_params() -> dict[str, Any]:
    """The running task's DAG parameters."""
    from airflow.sdk import get_current_context

    return dict(get_current_context()["params"])


def open_services() -> Services:
    """Everything a stage needs, from Airflow's connections and the settings."""
    from include.wirewatch.config.files import ConfigFiles
    from include.wirewatch.stages.services import Services
    from include.wirewatch.store import Store

    settings = _settings()
    client = _s3_client()
    return Services(
        settings=settings,
        store=Store(client, settings.place),
        config=ConfigFiles(settings.config, lambda place: Store(client, place)),
        open_slack=_slack_client,
        open_secret=_password,
        worker=f"{socket.gethostname()}-{os.getpid()}",
        open_ccnews=lambda: _ccnews(settings),
    )


def open_store() -> Store:
    """The archive alone, for pages that only read."""
    from include.wirewatch.store import Store

    return Store(_s3_client(), _settings().place)


def _settings() -> Any:
    from airflow.sdk import Variable

    from include.wirewatch.settings import load_settings

    # The environment wins; the Variable is for deployments whose environment is hard to change (MWAA).
    if os.environ.get("WIREWATCH_STORE"):
        return load_settings()
    place = Variable.get(STORE_VARIABLE, default=None)
    return load_settings(store=place) if place else load_settings()


def _s3_client(connection: str = AWS_CONNECTION) -> Any:
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook
    from botocore.config import Config

    hook = S3Hook(aws_conn_id=connection)
    if hook.conn_config.botocore_config is None:
        hook = S3Hook(aws_conn_id=connection, config=Config(**BOUNDED_WAITS))
    return hook.get_conn()


def _ccnews(settings: Any) -> Store:
    from include.wirewatch.settings import S3Place
    from include.wirewatch.store import Store

    place = S3Place.parse(settings.ccnews)
    if settings.ccnews_connection != "unsigned":
        return Store(_s3_client(settings.ccnews_connection), place, settings.ccnews_connection)

    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(signature_version=UNSIGNED, **BOUNDED_WAITS)
    return Store(boto3.client("s3", region_name="us-east-1", config=config), place, "unsigned")


def _password(connection_id: str) -> str | None:
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        password: str | None = BaseHook.get_connection(connection_id).password
    except AirflowNotFoundException:
        return None
    return password or ""


def _slack_client() -> WebClient | None:
    from airflow.providers.slack.hooks.slack import SlackHook
    from airflow.sdk.bases.hook import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        extra = BaseHook.get_connection(SLACK_CONNECTION).extra_dejson
    except AirflowNotFoundException:
        return None
    # The default handlers re-send a POST after a dropped connection: that is how messages get doubled.
    timeout = {} if "timeout" in extra else {"timeout": 10}
    return SlackHook(slack_conn_id=SLACK_CONNECTION, retry_handlers=[], **timeout).client
