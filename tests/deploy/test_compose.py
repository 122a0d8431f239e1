"""docker-compose.yaml and .env.example: valid, complete, and without a secret or an open port."""

import json
import re
from importlib.metadata import distribution, entry_points
from pathlib import Path

import check_jsonschema
import jsonschema
import pytest
import yaml

from include.wirewatch.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docker-compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
EXAMPLE = (PROJECT / ".env.example").read_text()
OWN_IMAGE = {"init", "api-server", "scheduler", "dag-processor", "triggerer", "worker"}
CELERY = {"redis", "worker"}


def code() -> str:
    """The file without its comments."""
    return "\n".join(line for line in TEXT.splitlines() if not line.lstrip().startswith("#"))


def example() -> dict[str, str]:
    return dict(re.findall(r"^(\w+)=(.*)$", EXAMPLE, re.MULTILINE))


def required() -> set[str]:
    return set(re.findall(r"\$\{(\w+):\?", code()))


def environment(service: str) -> dict[str, str]:
    return COMPOSE["services"][service].get("environment", {})


def test_it_is_a_compose_file():
    # check-jsonschema carries the Compose project's own schema.
    path = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(path.read_text())
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert [error.message for error in validator.iter_errors(COMPOSE)] == []
    assert list(validator.iter_errors({"services": {"a": {"imagee": "x"}}}))


def test_every_part_of_airflow_is_there_and_celery_only_in_its_profile():
    assert set(COMPOSE["services"]) == OWN_IMAGE | {"postgres", "s3", "redis"}
    assert {name for name, service in COMPOSE["services"].items() if "profiles" in service} == CELERY
    assert COMPOSE["services"]["worker"]["profiles"] == COMPOSE["services"]["redis"]["profiles"] == ["celery"]


def test_every_variable_is_in_the_example_and_every_line_of_the_example_is_used():
    used = set(re.findall(r"\$\{(\w+)", code().replace("$${", "")))
    assert used | {"COMPOSE_PROFILES"} == set(example())  # that one is read by docker compose itself


def test_a_missing_secret_stops_the_start_and_the_example_gives_none():
    secrets = {name for name in example() if re.search(r"PASSWORD|SECRET|KEY$", name)}
    assert secrets == required()
    assert {name: example()[name] for name in secrets} == dict.fromkeys(secrets, "")


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_secrets_come_from_the_environment_alone(service):
    named = {name: value for name, value in environment(service).items() if re.search(r"PASSWORD|SECRET|KEY", name)}
    files = {name: value for name, value in named.items() if name.endswith("_FILE")}
    assert all(re.fullmatch(r"\$\{\w+(:\?[^}]*)?\}", value) for name, value in named.items() if name not in files)
    literal = re.compile(r"://\w*:(?!\$\{)[^/]*@|\"password\": \"(?!\$\{)|xoxb-")
    assert not [value for value in map(str, environment(service).values()) if literal.search(value)]


@pytest.mark.parametrize("service", sorted(COMPOSE["services"]))
def test_only_the_api_server_is_reachable_and_only_from_this_machine(service):
    ports = COMPOSE["services"][service].get("ports", [])
    if service == "api-server":
        assert ports == ["127.0.0.1:${PORT:-8080}:8080"]
    else:
        assert ports == []
    assert "network_mode" not in COMPOSE["services"][service]


def test_every_setting_of_wirewatch_is_passed_on_and_no_other_name():
    passed = {name for name in environment("scheduler") if name.startswith("WIREWATCH_")}
    assert passed == {f"WIREWATCH_{field.upper()}" for field in Settings.model_fields}
    assert all(environment("scheduler")[name].startswith(f"${{{name}:-") for name in passed)


def test_every_airflow_setting_exists_in_airflow():
    known = yaml.safe_load(
        (distribution("apache-airflow-core").locate_file("airflow/config_templates/config.yml")).read_text()
    )
    (entry,) = entry_points(group="apache_airflow_provider").select(module="airflow.providers.celery.get_provider_info")
    known |= entry.load()()["config"]
    options = {f"AIRFLOW__{section}__{option}".upper() for section in known for option in known[section]["options"]}
    named = {name for service in OWN_IMAGE for name in environment(service) if name.startswith("AIRFLOW__")}
    assert named
    assert named <= options


@pytest.mark.parametrize("service", sorted(OWN_IMAGE))
def test_one_secret_signs_and_checks_all_tokens_and_include_is_importable(service):
    assert environment(service)["AIRFLOW__API_AUTH__JWT_SECRET"].startswith("${JWT_SECRET:?")
    path = environment(service)["PYTHONPATH"].split(":")
    assert path[0] == "/opt/airflow"
    # The image has deploy/, which Airflow finds the preload in.
    assert [folder.replace("/opt/airflow", str(PROJECT), 1) for folder in path[1:]] == [str(PROJECT / "deploy/preload")]
    assert (PROJECT / "deploy/preload/airflow_local_settings.py").is_file()
    assert "./include:/opt/airflow/include:ro" in COMPOSE["services"][service]["volumes"]


@pytest.mark.parametrize("service", sorted(set(COMPOSE["services"]) - {"init"}))
def test_every_lasting_service_has_a_health_check(service):
    assert COMPOSE["services"][service]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("service", sorted(OWN_IMAGE - {"init"}))
def test_nothing_starts_before_the_preparation_is_done(service):
    assert COMPOSE["services"][service]["depends_on"]["init"] == {"condition": "service_completed_successfully"}


@pytest.mark.parametrize("service", sorted(set(COMPOSE["services"]) - OWN_IMAGE))
def test_foreign_images_are_pinned(service):
    assert re.search(r":\d+(\.\d+)*(-alpine)?$", COMPOSE["services"][service]["image"])


def test_the_connections_are_what_airflow_reads():
    filled = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", environment("scheduler")["AIRFLOW_CONN_AWS_DEFAULT"])
    connection = json.loads(re.sub(r"\$\{(\w+):\?[^}]*\}", r"\1", filled))
    assert (connection["login"], connection["password"]) == ("S3_ACCESS_KEY", "S3_SECRET_KEY")
    assert connection["extra"]["endpoint_url"] == "http://s3:8333"
    # An empty variable is no connection: without a token, alerts go to the task log.
    assert environment("scheduler")["AIRFLOW_CONN_SLACK_API_DEFAULT"] == "${AIRFLOW_CONN_SLACK_API_DEFAULT:-}"


def test_the_password_reaches_only_the_service_that_writes_it():
    assert {name for name in COMPOSE["services"] if "ADMIN_PASSWORD" in environment(name)} == {"init"}
    mounts = {name: service.get("volumes", []) for name, service in COMPOSE["services"].items()}
    with_logins = {name for name in mounts if "auth:/opt/airflow/auth" in mounts[name]}
    assert with_logins == {"init", "api-server"}
