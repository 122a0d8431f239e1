"""The scripts and policies under deploy/, and the image."""

import fnmatch
import json
import os
import re
import stat
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from uuid import uuid4

import boto3
import pytest
import yaml
from cryptography.fernet import Fernet
from moto.server import ThreadedMotoServer

from deploy import compose_init, healthy, make_env
from include import airflow_support

PROJECT = Path(__file__).resolve().parents[2]


# .env


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text((PROJECT / ".env.example").read_text())
    return tmp_path


def values(path: Path) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE))


def test_make_env_fills_in_every_required_value_and_nothing_else(folder):
    assert make_env.main(folder) == 0
    before, after = values(folder / ".env.example"), values(folder / ".env")
    required = set(re.findall(r"\$\{(\w+):\?", (PROJECT / "docker-compose.yaml").read_text()))
    assert {name for name in before if before[name] != after[name]} == required
    assert len({after[name] for name in required}) == len(required)
    Fernet(after["FERNET_KEY"].encode())


def test_the_env_file_is_readable_by_its_owner_alone(folder):
    make_env.main(folder)
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_an_env_file_that_exists_is_left_alone(folder):
    (folder / ".env").write_text("PORT=1\n")
    assert make_env.main(folder) == 1
    assert (folder / ".env").read_text() == "PORT=1\n"


# init


@pytest.mark.parametrize("password", ["", "admin", "short", "wirewatch", "wirewatch-long-user"])
def test_a_weak_password_is_refused(password, tmp_path):
    user = password if password == "wirewatch-long-user" else "wirewatch"
    with pytest.raises(ValueError, match="ADMIN_PASSWORD"):
        compose_init.write_login(user, password, tmp_path / "passwords.json")
    assert not (tmp_path / "passwords.json").exists()


def test_a_changed_login_replaces_the_old_one(tmp_path):
    path = tmp_path / "passwords.json"
    compose_init.write_login("ada", "correct horse battery", path)
    compose_init.write_login("eve", "another long password", path)
    assert json.loads(path.read_text()) == {"eve": "another long password"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture
def client() -> Iterator[object]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    server.stop()


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_the_bucket_is_made_once(client, region):
    bucket = f"made-{uuid4()}"
    assert compose_init.make_bucket(client, bucket, region)
    assert not compose_init.make_bucket(client, bucket, region)


def test_the_pools_are_those_that_the_dags_name():
    pools = json.loads(compose_init.POOLS.read_text())
    named = {value for name, value in vars(airflow_support).items() if name.endswith("_POOL")}
    assert set(pools) == named
    assert all(pool["slots"] > 0 and pool["description"] for pool in pools.values())
    assert pools[airflow_support.DELIVER_POOL]["slots"] == pools[airflow_support.HISTORY_POOL]["slots"] == 1


# health


@pytest.fixture
def monitor() -> Iterator[tuple[str, list[bytes]]]:
    """An api-server's health page on loopback; the list's only element is what it says."""
    said = [b"{}"]

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(said[0])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", said
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b'{"triggerer": {"status": "healthy"}}', True),
        (b'{"triggerer": {"status": "unhealthy"}}', False),
        (b'{"triggerer": {"status": null}}', False),
        (b'{"scheduler": {"status": "healthy"}}', False),
        (b"not json", False),
    ],
)
def test_a_component_is_healthy_only_if_the_api_server_says_so(monitor, said, expected):
    url, answers = monitor
    answers[0] = said
    assert healthy.is_healthy("triggerer", url) is expected


def test_a_component_is_not_healthy_while_the_api_server_is_away(monitor):
    url, _ = monitor
    assert not healthy.is_healthy("triggerer", url.replace("127.0.0.1", "127.0.0.2"))


# rights


def statements() -> list[dict]:
    policy = json.loads((PROJECT / "deploy" / "iam-policy.json").read_text())
    assert policy["Version"] == "2012-10-17"
    return [s | {"Action": [s["Action"]] if isinstance(s["Action"], str) else s["Action"]} for s in policy["Statement"]]


def allowed(action: str, resource: str) -> bool:
    return any(action in s["Action"] and fnmatch.fnmatchcase(resource, s["Resource"]) for s in statements())


def test_the_policy_allows_what_the_store_does_and_nothing_else():
    assert {action for s in statements() for action in s["Action"]} == {
        "s3:GetObject",
        "s3:PutObject",
        "s3:ListBucket",
        "s3:DeleteObject",
    }
    assert {s["Effect"] for s in statements()} == {"Allow"}


@pytest.mark.parametrize(
    "folder", ["raw", "clean", "compact", "manifest", "matches", "delivery", "stories", "backfills", "frontier"]
)
def test_nothing_that_lasts_can_be_deleted(folder):
    assert not allowed("s3:DeleteObject", f"arn:aws:s3:::BUCKET/PREFIX/{folder}/x")
    assert allowed("s3:PutObject", f"arn:aws:s3:::BUCKET/PREFIX/{folder}/x")


def test_the_outbox_can_be_emptied():
    assert allowed("s3:DeleteObject", "arn:aws:s3:::BUCKET/PREFIX/outbox/x.json")


def test_nothing_outside_the_prefix_can_be_read_written_or_listed():
    for action in ("s3:GetObject", "s3:PutObject", "s3:DeleteObject"):
        assert not allowed(action, "arn:aws:s3:::BUCKET/other/raw/x")
        assert not allowed(action, "arn:aws:s3:::another/PREFIX/outbox/x")
    (listing,) = [s for s in statements() if "s3:ListBucket" in s["Action"]]
    assert listing["Condition"] == {"StringLikeIfExists": {"s3:prefix": ["PREFIX/*"]}}


# lifecycle


def lifecycle() -> list[dict]:
    return json.loads((PROJECT / "deploy" / "lifecycle.json").read_text())["Rules"]


def prefix_of(rule: dict) -> str:
    return rule["Filter"]["Prefix"]


def test_s3_takes_the_lifecycle_rules_as_they_are(client):
    bucket = f"kept-{uuid4()}"
    client.create_bucket(Bucket=bucket)
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": lifecycle()})
    assert client.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == lifecycle()


@pytest.mark.parametrize("folder", ["delivery", "known", "outbox", "stories", "frontier", "backfills"])
def test_no_rule_reaches_what_must_never_expire(folder):
    kept = f"PREFIX/{folder}/"
    prefixes = [prefix_of(rule) for rule in lifecycle()]
    assert [prefix for prefix in prefixes if kept.startswith(prefix) or prefix.startswith(kept)] == []


def test_every_rule_is_about_one_folder_of_the_archive():
    allowed = {f"PREFIX/{folder}/" for folder in ("raw", "clean", "compact", "words", "manifest", "matches")}
    assert {prefix_of(rule) for rule in lifecycle()} == allowed


def test_nothing_expires_until_somebody_switches_it_on_and_never_what_runs_still_need():
    expiring = [rule for rule in lifecycle() if "Expiration" in rule]
    assert {rule["Status"] for rule in expiring} == {"Disabled"}
    days = {prefix_of(rule): rule["Expiration"]["Days"] for rule in expiring}
    assert min(days.values()) >= 31
    assert days["PREFIX/clean/"] < days["PREFIX/compact/"] == days["PREFIX/words/"] == days["PREFIX/manifest/"]


def test_the_slack_app_asks_for_four_scopes_and_no_more():
    manifest = yaml.safe_load((PROJECT / "deploy" / "slack-manifest.yaml").read_text())
    assert set(manifest) == {"display_information", "features", "oauth_config", "settings"}
    assert manifest["oauth_config"] == {
        "scopes": {"bot": ["chat:write", "channels:history", "groups:history", "reactions:read"]}
    }
    assert set(manifest["features"]) == {"bot_user"}


# the image


def dockerfile() -> list[str]:
    return [line for line in (PROJECT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]


def test_the_image_copies_only_what_is_there_and_what_the_context_lets_in():
    let_in = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {name for line in dockerfile() if line.startswith("COPY") for name in line.split()[1:-1] if name[0] != "-"}
    assert copied == let_in
    assert {name for name in copied if not os.path.exists(PROJECT / name)} == set()


def test_the_image_never_runs_as_root_and_has_the_airflow_of_the_constraints():
    assert not [line for line in dockerfile() if line.startswith("USER")]
    base = re.fullmatch(r"FROM apache/airflow:([\d.]+)-python3\.1[123]", dockerfile()[0])
    assert base is not None
    assert f"apache-airflow=={base[1]}" in (PROJECT / "constraints.txt").read_text().splitlines()
