"""Prepare a deployment of docker-compose.yaml: login, database, pools, bucket; then the doctor. Safe at every start.

Reads the environment of the `init` service. Exits with one sentence when something is missing, and when the bucket does
not give what the job needs. What the doctor finds in Slack or webhooks is printed: their messages wait until it is
mended, and all else may run.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

POOLS = Path(__file__).with_name("pools.json")
SHORTEST_PASSWORD = 12


def write_login(user: str, password: str, path: Path) -> None:
    """The password file of Airflow's SimpleAuthManager: the one user, so that a changed password replaces the old.

    Raises ValueError for a password that is empty, short or the user's name.
    """
    if len(password) < SHORTEST_PASSWORD or password == user:
        raise ValueError(f"ADMIN_PASSWORD: expected at least {SHORTEST_PASSWORD} characters, and not ADMIN_USER again")
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({user: password}, file)


def make_bucket(client: Any, bucket: str, region: str) -> bool:
    """Create the bucket unless it is there; True if it was created."""
    from botocore.exceptions import ClientError

    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
    else:
        return False
    # S3 refuses its default region as a location constraint, and demands every other one.
    location = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    client.create_bucket(Bucket=bucket, **location)
    return True


def is_refused() -> bool:
    """Print what the doctor finds; True where alerts could be lost or doubled in that bucket."""
    from include.wirewatch.cli.connections import open_config, open_secret, open_slack, open_store
    from include.wirewatch.doctor import examine
    from include.wirewatch.settings import load_settings

    store, receivers = open_store(load_settings().place), open_config("").receivers().value
    wrong = set()
    for finding in examine(store, open_slack(), receivers, open_secret):
        print(finding.line, flush=True)
        if not finding.ok:
            wrong.add(finding.check.partition(" ")[0])
    return "s3" in wrong


def main() -> int:
    try:
        write_login(
            os.environ["ADMIN_USER"],
            os.environ["ADMIN_PASSWORD"],
            Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]),
        )
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for command in (["db", "migrate"], ["pools", "import", str(POOLS)]):
        subprocess.run(["airflow", *command], check=True)  # noqa: S603, S607  # the image's own command

    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    from include.wirewatch.errors import ConfigError
    from include.wirewatch.settings import load_settings

    hook = S3Hook(aws_conn_id="aws_default")
    bucket = load_settings().place.bucket
    created = make_bucket(hook.get_conn(), bucket, hook.region_name or "us-east-1")
    print(f"bucket {bucket}: {'created' if created else 'there already'}")
    try:
        refused = is_refused()
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 1
    if refused:
        print("the bucket does not give what the job needs: mend what stands behind FAIL", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
