"""The one module that knows Airflow: connections → clients, the context → a run, default arguments, retries, callbacks.

Light at import, because every DAG parse pays for it: clients and stages are imported inside the tasks.
"""

from __future__ import annotations

import logging
import os
import socket
from datetime import datetime, timedelta, timezone
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slack_sdk import WebClient

    from include.wirewatch.deliver.failure import Where
    from include.wirewatch.runs import Run
    from include.wirewatch.stages.services import Services
    from include.wirewatch.store import Store

log = logging.getLogger(__name__)

# What a task returns. Annotated as dict, each of its keys would be an XCom of its own, at 20 ms a key.
Summary = Any

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
    """Retries with growing pauses, none for what a retry cannot mend (PermanentError); then ops are told."""
    arguments: dict[str, Any] = {
        "owner": "wirewatch",
        "retries": 3,
        "retry_delay": timedelta(seconds=20),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=5),
        "on_failure_callback": tell_ops,
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


def deadline() -> Any:
    """The deadline of a live run, WIREWATCH_DEADLINE_MINUTES after it was queued; None where there is none.

    Only where the executor runs callbacks, supervised: with another, the first missed deadline takes the scheduler
    down, and before Airflow 3.3 some workers of MWAA with it. finish_work notices the same from S3 alone.
    """
    minutes = float(os.environ.get("WIREWATCH_DEADLINE_MINUTES") or 30)
    try:
        from airflow.sdk import DeadlineAlert, DeadlineReference, SyncCallback
        from airflow.sdk.configuration import conf
    except ImportError:
        return None
    executor = conf.get("core", "executor").split(",")[0].strip()
    is_supervised = find_spec("airflow.sdk.execution_time.callback_supervisor") is not None
    if not minutes or not is_supervised or executor not in {"LocalExecutor", "CeleryExecutor"}:
        return None
    interval = timedelta(minutes=minutes)
    return DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, interval, SyncCallback(tell_of_missed_deadline))


def tell_ops(context: Any) -> None:
    """A task has failed for good: its failures go to ops. Never raises: the task's own error is the one to be seen."""
    try:
        from include.wirewatch.stages.report import failures_of, report

        ti = context["ti"]
        failures = failures_of(context.get("exception"), f"{ti.dag_id} {ti.task_id}")
        report(open_services(), [failure._replace(says=_masked(failure.says)) for failure in failures], where(context))
    except Exception as error:
        log.error("ops could not be told of this failure: %s", _masked(f"{type(error).__name__}: {error}"))


def tell_of_timeout(context: Any) -> None:
    """A run has failed: ops are told when it was stopped at its time limit, of which no task of it can tell."""
    if context.get("reason") != "timed_out":
        return
    from include.wirewatch.models import Failure
    from include.wirewatch.stages.report import report

    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    says = f"run {run_id} was not through after {context['dag'].dagrun_timeout}"
    report(open_services(), [Failure(f"run {dag_id}", says)])


def tell_of_missed_deadline(context: Any) -> None:
    """A run of ingest_live has not succeeded in time. Runs on the executor; the context is Airflow's short one."""
    from include.wirewatch.stages.watch import overdue

    overdue(open_services(), context["dag_run"]["dag_run_id"], context["dag_run"]["state"])


def where(context: Any = None) -> Where:
    """The running task, and the address of its log where Airflow knows its own."""
    from airflow.sdk import get_current_context
    from airflow.sdk.configuration import conf

    from include.wirewatch.deliver.failure import Where

    context = context or get_current_context()
    ti, (start, end) = context["ti"], current_interval(context)
    is_mapped = ti.map_index is not None and ti.map_index >= 0
    task = f"{ti.dag_id} · {ti.task_id}{f'[{ti.map_index}]' if is_mapped else ''}"
    log_url = ti.log_url if conf.get("api", "base_url", fallback="") else ""
    return Where(f"{task} · {start:%Y-%m-%d %H:%M} to {end:%H:%M} UTC", log_url)


def current_interval(context: Any = None) -> tuple[datetime, datetime]:
    """The data interval of the running task's DAG run; of no length where the run has none."""
    from airflow.sdk import get_current_context

    dag_run = (context or get_current_context())["dag_run"]
    return dag_run.data_interval_start or dag_run.run_after, dag_run.data_interval_end or dag_run.run_after


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


def current_params() -> dict[str, Any]:
    """The running task's DAG parameters."""
    from airflow.sdk import get_current_context

    return dict(get_current_context()["params"])


def is_scheduled() -> bool:
    """True for a run that the timetable alone has made: nobody asked for it, by a backfill or by hand."""
    from airflow.sdk import get_current_context

    run_type = get_current_context()["dag_run"].run_type
    return getattr(run_type, "value", run_type) == "scheduled"


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


def _masked(text: str) -> str:
    """Without what Airflow knows to be secret: the passwords of its connections."""
    try:
        from airflow.sdk.log import redact
    except ImportError:
        return text
    return str(redact(text))


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

    from include.wirewatch.s3_data import s3_data
    from include.wirewatch.settings import product

    hook = S3Hook(aws_conn_id=connection)
    if hook.conn_config.botocore_config is None:
        hook = S3Hook(aws_conn_id=connection, config=Config(**BOUNDED_WAITS))
    # As hook.get_conn() does it, without its User-Agent: for that it looks through the call stack, twice, which costs
    # every task a quarter of a CPU-second.
    session = hook.get_session(region_name=hook.region_name)
    session._session.register_component("data_loader", s3_data())
    # S3's access logs name us. botocore's own is composed twice for each request: a tenth of this side's CPU.
    config = Config(user_agent=product()).merge(hook.config)
    endpoint_url = hook.conn_config.get_service_endpoint_url("s3")
    return session.client("s3", endpoint_url=endpoint_url, config=config, verify=hook.verify)


def _ccnews(settings: Any) -> Store:
    from include.wirewatch.settings import S3Place, product
    from include.wirewatch.store import Store

    place = S3Place.parse(settings.ccnews)
    if settings.ccnews_connection != "unsigned":
        return Store(_s3_client(settings.ccnews_connection), place, settings.ccnews_connection)

    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config

    config = Config(signature_version=UNSIGNED, user_agent=product(), **BOUNDED_WAITS)
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
