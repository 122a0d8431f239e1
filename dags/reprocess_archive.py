"""
# reprocess_archive: stored days through today's extractor and today's rules

Runs a new or changed rule over the past, or reads the stored pages again with a newer extractor. No publisher is asked,
and nobody is alerted: each receiver gets one message for the whole backfill, edited as days are done.

**Start it as a backfill**; `wirewatch backfill plan --dag reprocess_archive --from … --to …` prints the line: `airflow
backfill create --dag-id reprocess_archive --from-date … --to-date … --max-active-runs 1 --dag-run-conf '{"backfill":
{"label": "truce"}, "from": "clean", "rules": ["truce"]}' --reprocess-behavior completed`. The parameters below may
stand in that conf beside `backfill`. Triggered by hand, it takes the day before. **Schedule**: a backfill needs a
daily one; what the timetable alone starts ends at once, and Airflow would leave out these days but for the last
option. **Reads** `raw/`, `clean/`, `compact/`, `manifest/`, `delivery/` and the three YAML files; the connections
`aws_default` and `slack_api_default`. **Writes** `clean/` (with `from: raw`) and `backfills/<label>/`; the pools
`wirewatch_extract` and `wirewatch_deliver`.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told, once a day. The last line of the red task's log names
   the parameter, the file and line, or the batch to mend; such a day is not counted as done in the message.
2. Mend it and clear the task, or `airflow backfill create … --reprocess-behavior failed`. What is extracted is not
   extracted again.
3. "is not there, but … refers to it": the raw copies have expired (docs/archive.md). Use `from: clean` for such days.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from include.airflow_support import (
    DELIVER_POOL,
    EXTRACT_POOL,
    START_DATE,
    Summary,
    current_params,
    current_run,
    default_args,
    is_scheduled,
    open_services,
    tell_of_timeout,
)

NAMES = {"type": "array", "items": {"type": "string"}}


@dag(
    dag_id="reprocess_archive",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=default_args(),
    on_failure_callback=tell_of_timeout,
    params={
        "from": Param(
            "clean",
            enum=["clean", "raw"],
            title="From",
            description="clean: match the stored articles. raw: extract the stored pages anew before.",
        ),
        "rules": Param([], **NAMES, title="Rules", description="Names of rules in rules.yaml. Empty: all."),
        "sources": Param([], **NAMES, title="Sources", description="Names of sources in sources.yaml. Empty: all."),
    },
    tags=["wirewatch"],
)
def reprocess_archive() -> None:
    # Returns {} when nobody asked for the run, which skips the rest.
    @task.short_circuit(pool=EXTRACT_POOL, execution_timeout=timedelta(hours=6))
    def extract() -> Summary:
        from include.wirewatch.stages.reprocess import extract_again as stage

        return stage(open_services(), current_run(), current_params(), is_asked=not is_scheduled())

    @task(execution_timeout=timedelta(hours=2))
    def match() -> Summary:
        from include.wirewatch.stages.reprocess import match_again as stage

        return stage(open_services(), current_run(), current_params())

    @task(pool=DELIVER_POOL, execution_timeout=timedelta(minutes=10))
    def summarise(matched: dict) -> Summary:
        from include.wirewatch.stages.reprocess import tell_again as stage

        return stage(open_services(), current_run(), matched["matches"])

    matched = match()
    extract() >> matched
    summarise(matched)


reprocess_archive()
