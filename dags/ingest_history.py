"""
# ingest_history: one day of news, looked up after the fact

For a day D, finds what the sources published on D (through the address that a source's `history` gives), drops what
the archive holds already, and archives, extracts and matches the rest under `dt=D`.

**Schedule**: every night for the day before, to catch what polling missed: what is still fresh alerts. One run at a
time, so that backfills stay polite. **Backfill** past days with
`airflow backfill create --dag-id ingest_history --from-date … --to-date …`: such runs are quiet, nobody is alerted.
**Reads** and **writes** the same places as `ingest_live`, but not the frontier.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told, once a day each. The last line of the red task's log
   names the file and line, the connection or the receiver to mend, too.
2. Mend it and clear the task: what is stored is not fetched again, what was sent is not sent again.
3. A day can be run again at any time; `airflow backfill create … --reprocess-behavior failed` repeats only failed days.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, dag, task

from include.airflow_support import (
    EXTRACT_POOL,
    FETCH_POOL,
    START_DATE,
    current_run,
    default_args,
    open_services,
    tell_of_timeout,
)


@dag(
    dag_id="ingest_history",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args=default_args(),
    on_failure_callback=tell_of_timeout,
    tags=["wirewatch"],
)
def ingest_history() -> None:
    @task(pool=FETCH_POOL, execution_timeout=timedelta(hours=3))
    def fetch_day() -> dict:
        from include.wirewatch.stages.history import fetch_day as stage

        return stage(open_services(), current_run())

    @task(pool=EXTRACT_POOL, execution_timeout=timedelta(hours=2))
    def extract(fetched: dict) -> dict:
        from include.wirewatch.stages.extract import extract as stage

        return stage(open_services(), fetched["batch"])

    # What the nightly run finds fresh goes to the outbox; the sweeper delivers it.
    @task(execution_timeout=timedelta(minutes=30))
    def match(extracted: dict) -> dict:
        from include.wirewatch.stages.match import match as stage

        return stage(open_services(), extracted["clean"])

    match(extract(fetch_day()))


ingest_history()
