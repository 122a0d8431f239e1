"""
# finish_work: the sweeper

Finishes what any run left behind, whatever the reason: batches that were fetched but not matched, and messages that are
still in the outbox. It looks only at S3, never at the state of other runs. *watch* tells ops what no task trips over:
that nothing is polled any more, once an hour dead sources, once a day what `wirewatch doctor` finds.

**Schedule**: every 5 minutes, one run at a time. **Reads** the same files, connections and settings as `ingest_live`,
and `frontier/`. **Writes** `clean/`, `matches/`, `outbox/`, `delivery/`, `frontier/`.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told what failed and what to do, once a day each.
2. *finish_batches*: a file is wrong (the message names file, line and column), or S3 refuses. *watch*: S3, the token or
   a channel no longer gives what the job needs. *deliver_open*: a receiver is parked, or an alert is dead.
3. Mend it and wait: every sweep tries again. Nothing has to be cleared, and nothing is sent twice.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, dag, task

from include.airflow_support import (
    DELIVER_POOL,
    EXTRACT_POOL,
    START_DATE,
    Summary,
    current_interval,
    default_args,
    open_services,
    tell_of_timeout,
    where,
)


@dag(
    dag_id="finish_work",
    doc_md=__doc__,
    # Not on the same minute as ingest_live: its own tasks should find their slots free.
    schedule=CronDataIntervalTimetable("3-59/5 * * * *", timezone="UTC"),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    # The next sweep is the retry.
    default_args={**default_args(), "retries": 0},
    on_failure_callback=tell_of_timeout,
    tags=["wirewatch"],
)
def finish_work() -> None:
    @task(pool=EXTRACT_POOL, execution_timeout=timedelta(minutes=20))
    def finish_batches() -> Summary:
        from include.wirewatch.stages.finish import finish as stage

        return stage(open_services())

    # Before the delivery, so that what it finds is told by this very sweep.
    @task(execution_timeout=timedelta(minutes=5))
    def watch() -> Summary:
        from include.wirewatch.stages.watch import watch as stage

        return stage(open_services(), current_interval(), where())

    @task(pool=DELIVER_POOL, execution_timeout=timedelta(minutes=5), trigger_rule=TriggerRule.ALL_DONE)
    def deliver_open() -> Summary:
        from include.wirewatch.stages.deliver import deliver as stage

        return stage(open_services(), where())

    # A failed first task must turn the run red although the last one ran. What failed has told ops itself.
    @task(trigger_rule=TriggerRule.ONE_FAILED, on_failure_callback=None)
    def report_failure() -> None:
        raise RuntimeError("a task of this run failed; its own log says why")

    first = [finish_batches(), watch()]
    first >> deliver_open() >> (failed := report_failure())
    first >> failed


finish_work()
