"""deploy/compose_init.py as docker-compose.yaml runs it: its environment, a real Airflow, a real S3 server."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
import yaml
from cryptography.fernet import Fernet

from deploy.compose_init import is_refused

PROJECT = Path(__file__).resolve().parents[2]


def init_environment(values: dict[str, str]) -> dict[str, str]:
    """The environment of the `init` service, its variables replaced as docker compose does it."""

    def value_of(found: re.Match[str]) -> str:
        given = values.get(found["name"], "")
        return given or (found["default"] or "")

    variable = re.compile(r"\$\{(?P<name>\w+)(?::-(?P<default>[^}]*)|:\?[^}]*)?\}")
    service = yaml.safe_load((PROJECT / "docker-compose.yaml").read_text())["services"]["init"]
    return {name: variable.sub(value_of, text) for name, text in service["environment"].items()}


@pytest.mark.slow
@pytest.mark.scheduler
def test_init_prepares_database_pools_bucket_and_login_and_can_run_again(tmp_path, s3):
    endpoint = s3.endpoint_url
    bucket = f"init-{uuid4()}"
    login = tmp_path / "passwords.json"
    secrets = {name: uuid4().hex for name in ("JWT_SECRET", "API_SECRET_KEY", "S3_ACCESS_KEY", "S3_SECRET_KEY")}
    environment = init_environment(
        secrets
        | {
            "FERNET_KEY": Fernet.generate_key().decode(),
            "ADMIN_PASSWORD": "correct horse battery",
            "S3_ENDPOINT": endpoint,
            "WIREWATCH_STORE": f"s3://{bucket}/archive",
        }
    ) | {
        # What differs without containers: the database, and where files lie.
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(PROJECT),
        "PYTHONPYCACHEPREFIX": str(tmp_path / "pycache"),
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path}/airflow.db",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(login),
    }
    del environment["AIRFLOW__CELERY__BROKER_URL"], environment["AIRFLOW__CELERY__RESULT_BACKEND"]
    command = [sys.executable, str(PROJECT / "deploy" / "compose_init.py")]

    said = []
    for _ in range(2):
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        lines = done.stdout.splitlines()
        said += [line for line in lines if line.startswith("bucket ")]
        examined = [line for line in lines if line.startswith(("ok  ", "FAIL"))]
        assert [line for line in examined if line.startswith("FAIL")] == []
        assert any("exactly one winner in each of" in line for line in examined)
    assert said == [f"bucket {bucket}: created", f"bucket {bucket}: there already"]

    client = boto3.client(
        "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    client.head_bucket(Bucket=bucket)
    with sqlite3.connect(tmp_path / "airflow.db") as database:
        pools = dict(database.execute("select pool, slots from slot_pool where pool like 'wirewatch%'"))
    assert pools == {"wirewatch_fetch": 16, "wirewatch_history": 1, "wirewatch_extract": 2, "wirewatch_deliver": 1}
    assert json.loads(login.read_text()) == {"wirewatch": "correct horse battery"}


@pytest.mark.parametrize("password", ["", "wirewatch"])
def test_init_stops_with_one_sentence_where_the_password_is_missing_or_weak(password, tmp_path):
    environment = {
        "ADMIN_USER": "wirewatch",
        "ADMIN_PASSWORD": password,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(tmp_path / "passwords.json"),
    }
    done = subprocess.run(
        [sys.executable, str(PROJECT / "deploy" / "compose_init.py")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "ADMIN_PASSWORD: expected at least 12 characters, and not ADMIN_USER again"
    ]


@pytest.mark.parametrize("there", [True, False], ids=["a bucket", "no bucket"])
def test_a_bucket_that_the_doctor_finds_wrong_is_refused_and_a_missing_slack_connection_is_not(
    there, s3, monkeypatch, capsys
):
    bucket = f"init-{uuid4()}"
    if there:
        s3.create_bucket(bucket)
    monkeypatch.setenv("WIREWATCH_STORE", f"s3://{bucket}/archive")
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.airflow_connection())
    monkeypatch.setattr("include.wirewatch.doctor.s3.ROUNDS", 2)
    monkeypatch.setenv("WIREWATCH_CONFIG", str(PROJECT / "tests" / "config_demo"))
    monkeypatch.delenv("AIRFLOW_CONN_SLACK_API_DEFAULT", raising=False)
    assert is_refused() is not there
    shown = capsys.readouterr().out
    assert ("FAIL  s3" in shown) is not there
    assert "FAIL  slack token" in shown
