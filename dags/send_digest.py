"""
# send_digest: one message a day to each receiver that wants one

For every receiver with a `digest` in receivers.yaml, composes its day at its own local time: the stories told by most
publishers and with the highest scores, articles by rule beside what is usual, and what was not urgent enough to be told
at once. A day without matches gets a short message that says so.

**Schedule**: every 15 minutes, so that `at` is met within that step in every time zone; a run in which nothing is due
ends after its first task. A digest that was missed is sent by the next run, at most a day late. **Reads** `matches/`
and `delivery/`, the same files and connections as `ingest_live`. **Writes** `outbox/` and `delivery/`.

**By hand**: clear a past run, and the messages that it sent are edited with that day's figures. Trigger with `date`
to compose the digests of that date, of today as far as it goes; nothing is ever posted twice.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told what failed and what to do, once a day each.
2. *compose*: receivers.yaml or rules.yaml is wrong (the message names file, line and column), or S3 refuses. *deliver*:
   a receiver is parked (token, channel, invitation: the message says which) or a message is dead.
3. Mend it. Nothing has to be cleared: what is due stays due for a day, and finish_work delivers what was composed.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from include.airflow_support import (
    DELIVER_POOL,
    START_DATE,
    Summary,
    current_interval,
    current_params,
    default_args,
    open_services,
    tell_of_timeout,
    where,
)


@dag(
    dag_id="send_digest",
    doc_md=__doc__,
    # Four minutes past the quarter: an `at` on the quarter has settled, and the other DAGs have had their turn.
    schedule=CronDataIntervalTimetable("4-59/15 * * * *", timezone="UTC"),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args=default_args(),
    on_failure_callback=tell_of_timeout,
    params={
        "date": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Date",
            description="Compose every receiver's digest of this date, YYYY-MM-DD, now. Empty: those that are due.",
        )
    },
    tags=["wirewatch"],
)
def send_digest() -> None:
    # Returns {} when nothing is due, which skips the rest.
    @task.short_circuit(execution_timeout=timedelta(minutes=10))
    def compose() -> Summary:
        from datetime import date

        from include.wirewatch.stages.digest import digest as stage

        asked = current_params()["date"]
        return stage(open_services(), current_interval(), date.fromisoformat(asked) if asked else None)

    @task(pool=DELIVER_POOL, execution_timeout=timedelta(minutes=5))
    def deliver() -> Summary:
        from include.wirewatch.stages.deliver import deliver as stage

        return stage(open_services(), where())

    compose() >> deliver()


send_digest()
