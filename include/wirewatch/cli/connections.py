"""S3, Slack and secrets for the command line: the same connections as Airflow's, read from the environment.

AIRFLOW_CONN_AWS_DEFAULT and AIRFLOW_CONN_SLACK_API_DEFAULT are used where they are set, in Airflow's JSON form;
else S3 is whatever boto3 finds (AWS_* variables, a profile, the machine's role), and there is no Slack.
A webhook's secret is the password of AIRFLOW_CONN_<ID>.
"""

import json
import os
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from include.wirewatch.config.files import ConfigFiles
from include.wirewatch.errors import ConfigError
from include.wirewatch.settings import S3Place, load_settings, product
from include.wirewatch.store import Store

if TYPE_CHECKING:
    from slack_sdk import WebClient

AWS = "AIRFLOW_CONN_AWS_DEFAULT"
SLACK = "AIRFLOW_CONN_SLACK_API_DEFAULT"
AWS_EXTRA = {"region_name", "endpoint_url", "aws_session_token", "config_kwargs"}
TIMEOUT_S = 10
BOUNDED = {"retries": {"mode": "standard", "total_max_attempts": 5}, "connect_timeout": 5, "read_timeout": 30}


def open_store(place: S3Place) -> Store:
    """The archive, or wherever the configuration lies."""
    return Store(open_s3(), place)


def open_config(config: str) -> ConfigFiles:
    """config: as given on the command line; "" means the setting's."""
    return ConfigFiles(config or load_settings().config, open_store)


def open_s3() -> Any:
    """Raises ConfigError where the connection asks for what only Airflow can do, such as taking on a role."""
    connection = _connection(AWS)
    extra = _extra(AWS, connection)
    if unknown := sorted(set(extra) - AWS_EXTRA):
        names = ", ".join(unknown)
        raise ConfigError([f"{AWS}: only Airflow can use {names}; unset it here, and set AWS_PROFILE or AWS_… instead"])
    return boto3.session.Session().client(
        "s3",
        aws_access_key_id=connection.get("login") or None,
        aws_secret_access_key=connection.get("password") or None,
        aws_session_token=extra.get("aws_session_token"),
        region_name=extra.get("region_name"),
        endpoint_url=extra.get("endpoint_url"),
        config=Config(user_agent=product()).merge(Config(**(extra.get("config_kwargs") or BOUNDED))),
    )


def open_slack() -> "WebClient | None":
    """The bot's client, or None where no connection is set. It never sends a request twice by itself."""
    from slack_sdk import WebClient

    connection = _connection(SLACK)
    if not connection:
        return None
    extra = _extra(SLACK, connection)
    return WebClient(
        token=connection.get("password"),
        base_url=extra.get("base_url", WebClient.BASE_URL),
        timeout=int(extra.get("timeout", TIMEOUT_S)),
        proxy=extra.get("proxy"),
        retry_handlers=[],
    )


def open_secret(connection_id: str) -> str | None:
    """The password of that connection, or None where it is not set."""
    connection = _connection(f"AIRFLOW_CONN_{connection_id.upper()}")
    return str(connection.get("password") or "") if connection else None


def _connection(name: str) -> dict[str, Any]:
    """{} where it is not set."""
    text = os.environ.get(name, "").strip()
    if not text:
        return {}
    try:
        connection = json.loads(text)
    except ValueError:
        connection = None
    if not isinstance(connection, dict):
        # The value is not shown: it holds a secret.
        raise ConfigError([f'{name}: expected Airflow\'s JSON form, {{"conn_type": "…", "password": "…"}}'])
    return connection


def _extra(name: str, connection: dict[str, Any]) -> dict[str, Any]:
    """Airflow takes `extra` as an object, and as the text of one."""
    extra = connection.get("extra") or {}
    try:
        extra = json.loads(extra) if isinstance(extra, str) else extra
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigError([f"{name}: expected `extra` to be an object"])
    return extra
