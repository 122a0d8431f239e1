"""
# ingest_history: one day of news, looked up after the fact

For a day D, asks each source's `history` routes in their order what was published on D, drops what the archive holds
already, and archives, extracts and matches the rest under `dt=D`. Which routes there are and what they cost:
docs/history.md.

**Schedule**: every night for the day before, to catch what polling missed: what is still fresh alerts, marked "found
late". The last lines of *fetch_day* say for each source what was found live, what only now, and what both may have
missed. **Backfill** past days: `wirewatch backfill plan --from … --to …` prints the command. Such runs are quiet,
nobody is alerted: *summarise* edits one message for each receiver as days are done, and replies with each day's stories
(docs/backfill.md). `--dag-run-conf '{"backfill": {"alert": true}}'` alerts as live runs do, without a summary.
**Reads** and **writes** the same places as `ingest_live`, but not the frontier, and `backfills/<label>/`; the pools
`wirewatch_history` (one slot: one day at a time, whatever a backfill's own limit is), `wirewatch_extract` and
`wirewatch_deliver`.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told, once a day each. The last line of the red task's log
   names the file and line, the connection or the receiver to mend, too.
2. Mend it and clear the task, or `airflow backfill create … --reprocess-behavior failed`: a day goes on behind its last
   committed slice. What is stored is not fetched again, what was sent is not sent again.
3. "pages are left" or "files are left" only means that the day is larger than the time or the bytes of one try: clear
   *fetch_day* and it goes on from there. "nothing was found, and not all could be reached": the network was down, or
   the sources that it names; clear it once they are not. Where others had something, the run is green; the log and the
   backfill's message name the sources that may have more, and the run cleared asks for just that.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, dag, task

from include.airflow_support import (
    DELIVER_POOL,
    EXTRACT_POOL,
    HISTORY_POOL,
    START_DATE,
    Summary,
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
    # Four tries of fetch_day, each going on where the last one stopped, and time for the rest before the next night.
    dagrun_timeout=timedelta(hours=20),
    default_args=default_args(),
    on_failure_callback=tell_of_timeout,
    tags=["wirewatch"],
)
def ingest_history() -> None:
    # Its own limit, WIREWATCH_HISTORY_BUDGET_S, ends a try before this does.
    @task(pool=HISTORY_POOL, execution_timeout=timedelta(hours=3))
    def fetch_day() -> Summary:
        from include.wirewatch.stages.backfill import begin
        from include.wirewatch.stages.history import fetch_day as stage

        services, run = open_services(), current_run()
        begin(services, run)
        return stage(services, run)

    @task(pool=EXTRACT_POOL, execution_timeout=timedelta(hours=3))
    def extract(fetched: dict) -> Summary:
        from include.wirewatch.stages.batches import extract_batches as stage

        return stage(open_services(), fetched["batches"])

    # All that could be extracted is matched, though a batch failed. What is found fresh goes to the outbox; the sweeper
    # delivers it.
    @task(execution_timeout=timedelta(hours=1), trigger_rule=TriggerRule.ALL_DONE)
    def match(fetched: dict | None) -> Summary:
        from include.wirewatch.stages.batches import match_batches as stage

        return stage(open_services(), fetched["batches"] if fetched else [])

    # Only of quiet runs, and only of a day whose batches are all matched: one whose run failed is not done.
    @task(pool=DELIVER_POOL, execution_timeout=timedelta(minutes=10))
    def summarise(fetched: dict) -> Summary:
        from include.wirewatch.stages.backfill import summarise_batches as stage

        return stage(open_services(), current_run(), fetched["batches"])

    # … but one that failed turns the run red: a run's state is that of its leaves.
    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
    def report_failure() -> None:
        raise RuntimeError("a task of this run failed; its own log says why")

    fetched = fetch_day()
    extracted = extract(fetched)
    matched = match(fetched)
    summarised = summarise(fetched)
    extracted >> matched >> summarised
    [fetched, extracted, matched, summarised] >> report_failure()


ingest_history()
