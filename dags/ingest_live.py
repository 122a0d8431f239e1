"""
# ingest_live: sources → archived copies → alerts

Polls the sources that are due, stores raw and clean copies of every new article in S3, matches the rules, alerts.

**Schedule**: every 5 minutes, one run at a time; missed intervals are not caught up, because the frontier knows what
is new. **Reads** sources.yaml, rules.yaml, receivers.yaml (`WIREWATCH_CONFIG`), the connections `aws_default` and
`slack_api_default` (without it, what is for Slack waits) and those that webhooks name as their `secret`,
`WIREWATCH_STORE` or the Variable `wirewatch_store`, and the pools `wirewatch_fetch`, `wirewatch_extract`,
`wirewatch_deliver`. **Writes** `raw/`, `clean/`, `matches/`, `outbox/`, `delivery/` and `frontier/` under the store.

## If it fails
1. The receivers listed under `ops` in receivers.yaml are told what failed and what to do, once a day each; also if no
   run succeeds for `WIREWATCH_DEADLINE_MINUTES`. The last line of the red task's log says the same.
2. Mend it. Clearing the task is safe at any time: what is stored is not fetched again, what was sent is not sent again.
3. Nothing needs to be cleared, though: `finish_work` picks up whatever a run left, within minutes of the mend.

A red *match* means that rules.yaml or receivers.yaml is wrong; fetching and extracting go on meanwhile.
"""

from datetime import timedelta

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, dag, task, task_group

from include.airflow_support import (
    DELIVER_POOL,
    EXTRACT_POOL,
    FETCH_POOL,
    START_DATE,
    Summary,
    current_run,
    deadline,
    default_args,
    open_services,
    shard_count,
    tell_of_timeout,
    where,
)


@dag(
    dag_id="ingest_live",
    doc_md=__doc__,
    schedule=CronDataIntervalTimetable("*/5 * * * *", timezone="UTC"),
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args=default_args(),
    deadline=deadline(),
    on_failure_callback=tell_of_timeout,
    tags=["wirewatch"],
)
def ingest_live() -> None:
    @task(pool=FETCH_POOL, execution_timeout=timedelta(minutes=10))
    def fetch(shard: int, shards: int) -> Summary:
        from include.wirewatch.stages.fetch import fetch as stage

        return stage(open_services(), current_run(), shard, shards)

    @task(pool=EXTRACT_POOL, execution_timeout=timedelta(minutes=15))
    def extract(fetched: dict) -> Summary:
        from include.wirewatch.stages.extract import extract as stage

        return stage(open_services(), fetched["batch"])

    @task(execution_timeout=timedelta(minutes=5))
    def match(extracted: dict) -> Summary:
        from include.wirewatch.stages.match import match as stage

        return stage(open_services(), extracted["clean"])

    @task_group
    def ingest(shard: int, shards: int) -> None:
        match(extract(fetch(shard, shards)))

    # One failed shard never holds up the others' alerts …
    @task(pool=DELIVER_POOL, execution_timeout=timedelta(minutes=5), trigger_rule=TriggerRule.ALL_DONE)
    def deliver() -> Summary:
        from include.wirewatch.stages.deliver import deliver as stage

        return stage(open_services(), where())

    # … but it turns the run red: a run's state is that of its leaves, and deliver alone would be green.
    # What failed has told ops itself.
    @task(trigger_rule=TriggerRule.ONE_FAILED, retries=0, on_failure_callback=None)
    def report_failure() -> None:
        raise RuntimeError("a task of this run failed; its own log says why")

    count = shard_count()
    ingested = ingest.partial(shards=count).expand(shard=list(range(count)))
    ingested >> deliver() >> (failed := report_failure())
    ingested >> failed


ingest_live()
