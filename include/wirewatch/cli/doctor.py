"""wirewatch doctor: proves, on the real bucket and the real channels, what the job needs."""

import json
from typing import Annotated

import typer

from include.wirewatch.cli.connections import open_config, open_secret, open_slack, open_store
from include.wirewatch.cli.options import Config
from include.wirewatch.doctor import examine
from include.wirewatch.settings import load_settings

Json = Annotated[bool, typer.Option("--json", help="JSON instead of text: one object a line.")]


def doctor(config: Config = "", as_json: Json = False) -> None:
    """Prove what the job needs of S3, Slack and webhooks: one line each, ok or what to do. Exit 1 where one is wrong.

    Takes AIRFLOW_CONN_AWS_DEFAULT, AIRFLOW_CONN_SLACK_API_DEFAULT and AIRFLOW_CONN_<ID> of each webhook's secret (in
    JSON) where they are set, else what boto3 finds. Posts nothing, and leaves nothing in the bucket.
    """
    receivers = open_config(config).receivers().value
    is_well = True
    for finding in examine(open_store(load_settings().place), open_slack(), receivers, open_secret):
        is_well = is_well and finding.ok
        if as_json:
            print(json.dumps(finding._asdict(), ensure_ascii=False), flush=True)
        else:
            print(finding.line, flush=True)
    raise typer.Exit(0 if is_well else 1)
