"""
# compact_archive: a day's articles in one Parquet file

A day lies in hundreds of small clean batches. Once it has settled, they are written into one file besides, which
DuckDB, Athena and pandas read faster; a second file says where in it each word stands, and a manifest names both.
Nothing is deleted, and whoever reads meanwhile sees each article exactly once. Layout, queries, retention:
docs/archive.md.

**Schedule**: every night at 04:30 UTC, for days that are three days old or more: by then `ingest_history` has added
what it finds. It looks a month back, and compacts a day again that got batches since, from a backfill or
`reprocess_archive`; a day with nothing new costs two requests. **Days further back**: `airflow backfill create --dag-id
compact_archive --from-date … --to-date … --reprocess-behavior completed`, where each run compacts its own day.
**Reads** `clean/` and `manifest/`. **Writes** `compact/`, `words/` and `manifest/`.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told, once a day. The last line of the log names the days.
2. Nothing is lost and nobody sees anything wrong: such a day is read from its batches, which is only slower.
3. The next night tries again; clearing the task does so at once. "Out of memory" or "no space": the worker needs about
   0.5 GB of memory and room for the texts of one day in its temporary folder.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, Param, dag, task

from include.airflow_support import (
    START_DATE,
    Summary,
    current_params,
    current_run,
    default_args,
    open_services,
    tell_of_timeout,
)


@dag(
    dag_id="compact_archive",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("30 4 * * *", timezone="UTC"),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args=default_args(),
    on_failure_callback=tell_of_timeout,
    params={
        "settled_days": Param(
            3,
            type="integer",
            minimum=0,
            title="Settled after",
            description="Days that a day must be old to be compacted.",
        ),
        "look_back_days": Param(
            31,
            type="integer",
            minimum=1,
            maximum=3660,
            title="Look back",
            description="How many days are looked at, from the first settled one on backwards.",
        ),
    },
    tags=["wirewatch"],
)
def compact_archive() -> None:
    @task(execution_timeout=timedelta(hours=2))
    def compact() -> Summary:
        from include.wirewatch.stages.compact import compact as stage

        # By name: whatever else is in the run's conf is among them.
        params = current_params()
        days = {name: params[name] for name in ("settled_days", "look_back_days")}
        return stage(open_services(), current_run(), **days)

    compact()


compact_archive()
