"""S3 for the command line, as the environment says."""

import json

import pytest

from include.wirewatch.cli.connections import open_s3
from include.wirewatch.settings import product


@pytest.mark.parametrize(("kwargs", "name"), [({}, product()), ({"user_agent": "newsdesk"}, "newsdesk")])
def test_s3s_access_logs_name_us_unless_the_connection_says_otherwise(monkeypatch, kwargs, name):
    config = {"connect_timeout": 7, **kwargs}
    connection = {"conn_type": "aws", "extra": {"region_name": "eu-central-1", "config_kwargs": config}}
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", json.dumps(connection))
    found = open_s3().meta.config
    assert (found.user_agent.partition(" ")[0], found.connect_timeout) == (name, 7)
