"""Prepare a deployment of docker-compose.yaml: database, pools, bucket, login. Safe to run at every start.

Reads the environment of the `init` service. Exits with one sentence when something is missing.
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

    from include.wirewatch.settings import load_settings

    hook = S3Hook(aws_conn_id="aws_default")
    bucket = load_settings().place.bucket
    created = make_bucket(hook.get_conn(), bucket, hook.region_name or "us-east-1")
    print(f"bucket {bucket}: {'created' if created else 'there already'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
