import base64
import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from slack_sdk import WebClient
from typer.testing import CliRunner

from include.wirewatch.cli import app
from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.deliver import outbox
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.doctor import examine, s3, slack, webhook
from include.wirewatch.doctor.verdicts import SCOPES, judge_clock, judge_conditions, judge_race, judge_scopes
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import CHANNEL, SlackServer, _Handler

PROJECT = Path(__file__).resolve().parents[1]
NOW = datetime(2026, 11, 24, 12, 0, 30, tzinfo=UTC)
ROUNDS = 4


def desks(*channels: str) -> ReceiversFile:
    receivers = [{"kind": "slack", "name": f"desk-{i}", "channel": channel} for i, channel in enumerate(channels)]
    return ReceiversFile.model_validate({"receivers": receivers, "routes": []})


def client_of(server: SlackServer) -> WebClient:
    return WebClient(token=server.token, base_url=server.base_url, retry_handlers=[], timeout=5)


def findings_of(store, **options):
    return {finding.check: finding for finding in s3.examine(store, rounds=ROUNDS, now=utc_now, **options)}


def utc_now() -> datetime:
    return datetime.now(UTC)


class SayingSlack(SlackServer):
    """The workspace with what the doctor looks at: the scopes' header, and a clock of its own."""

    def __init__(self, *, scopes: str | None = ", ".join(SCOPES), ahead_s: float = 0, **options) -> None:
        super().__init__(**options)

        class Handler(_Handler):
            def date_time_string(self, timestamp=None):
                return super().date_time_string((timestamp or time.time()) + ahead_s)

            def end_headers(self):
                if scopes is not None:
                    self.send_header("X-OAuth-Scopes", scopes)
                super().end_headers()

        self._server.RequestHandlerClass = Handler


class Recorded(LockedS3):
    """Keeps (method, path) of every request."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        super().__init__(lambda method, path: self.seen.append((method, path)))


class Racy(LockedS3):
    """A server that looks whether it may write, and writes a moment later."""

    may_wait = True

    def _answer(self, environ, start_response):
        asked = {name: environ.pop(name, None) for name in ("HTTP_IF_NONE_MATCH", "HTTP_IF_MATCH")}
        if environ["REQUEST_METHOD"] == "PUT" and any(asked.values()):
            found = {}
            look = {**environ, "REQUEST_METHOD": "HEAD", "CONTENT_LENGTH": "0"}
            super()._answer(look, lambda status, headers: found.update(headers, status=status))
            etag = found.get("ETag") or found.get("etag")
            refused = (
                found["status"].startswith("200") if asked["HTTP_IF_NONE_MATCH"] else etag != asked["HTTP_IF_MATCH"]
            )
            if refused:
                environ["HTTP_IF_NONE_MATCH"] = "*"
            time.sleep(0.02)
        return super()._answer(environ, start_response)


class Ignorant(LockedS3):
    """A server that does not know one of the conditions."""

    def __init__(self, unknown: str) -> None:
        super().__init__()
        self.unknown = unknown

    def _answer(self, environ, start_response):
        environ.pop(self.unknown, None)
        return super()._answer(environ, start_response)


def place_at(server: LockedS3, name: str = "doctor") -> Store:
    server.create_bucket(name)
    return Store(server.client(), S3Place(name, "archive"))


# S3


def test_a_good_bucket_passes_and_is_left_as_it_was():
    with Recorded() as server:
        store = place_at(server, "doctor-good")
        outbox_before = [item.key for item in store.list("")]
        findings = findings_of(store)
        assert [finding for finding in findings.values() if not finding.ok] == []
        assert list(findings) == list(s3.CHECKS)
        assert findings["s3 one creates"].says == f"exactly one winner in each of {ROUNDS} races with If-None-Match"
        assert [item.key for item in store.list("")] == outbox_before
        changed = {path for method, path in server.seen if method in {"PUT", "DELETE"}} - {"/doctor-good"}
        assert changed
        assert all(path.startswith("/doctor-good/archive/outbox/doctor-") for path in changed), (
            "it may not delete elsewhere"
        )


def test_a_bucket_that_lets_two_writers_win_is_refused():
    with Racy() as server:
        findings = findings_of(place_at(server))
    assert not findings["s3 one creates"].ok
    assert not findings["s3 one swaps"].ok
    assert "Do not use this bucket" in findings["s3 one creates"].says
    assert findings["s3 conditional writes"].ok, "one writer at a time sees nothing wrong: only the race shows it"


@pytest.mark.parametrize(
    ("unknown", "says"),
    [("HTTP_IF_NONE_MATCH", "If-None-Match: * is ignored"), ("HTTP_IF_MATCH", "If-Match is ignored")],
)
def test_a_server_that_ignores_a_condition_is_refused(unknown, says):
    with Ignorant(unknown) as server:
        findings = findings_of(place_at(server))
    assert not findings["s3 conditional writes"].ok
    assert says in findings["s3 conditional writes"].says


def test_a_missing_bucket_is_one_line_that_says_what_to_do():
    with LockedS3() as server:
        findings = list(s3.examine(Store(server.client(), S3Place("no-such", "x")), rounds=ROUNDS, now=utc_now))
    (finding,) = findings
    assert not finding.ok
    assert "create it or correct WIREWATCH_STORE" in finding.says


def test_a_server_that_fails_in_mid_race_ends_the_race_and_says_so():
    def faults(method, path):
        return "before" if method == "PUT" and "-new-2" in path else None

    with LockedS3(faults) as server:
        server.create_bucket("doctor-faults")
        store = Store(server.client(retries={"total_max_attempts": 1}), S3Place("doctor-faults", ""))
        findings = findings_of(store)
    assert findings["s3 one creates"].says.endswith("InternalError")
    assert findings["s3 one swaps"].ok, "the others are examined all the same"


def test_what_a_killed_doctor_left_is_not_delivered_and_is_taken_away_later(store):
    examination = s3.examine(store, rounds=ROUNDS, now=utc_now)
    next(examination), next(examination)  # killed here: nothing of it runs any more
    left = [item.key for item in store.list(s3.PREFIX)]
    assert left
    posts_to = {"doctor": pytest.fail}
    result = Drain(store, posts_to, "worker", post_interval_s=0).run(10)
    assert result.counts == {"not_yet": len(left)}
    assert not result.failures
    assert len(list(outbox.waiting(store))) == len(left)

    list(s3.examine(store, rounds=1, now=lambda: utc_now() + timedelta(minutes=5)))
    assert [item.key for item in store.list(s3.PREFIX)] == left, "it may still be at work"
    list(s3.examine(store, rounds=1, now=lambda: utc_now() + timedelta(hours=2)))
    assert list(store.list(s3.PREFIX)) == []
    examination.close()


# Slack


def slack_findings(server: SlackServer, *channels: str):
    return {f.check: f for f in slack.examine(client_of(server), desks(*channels), now=utc_now)}


def test_a_good_workspace_passes_and_nothing_is_posted():
    with SayingSlack() as server:
        findings = slack_findings(server, CHANNEL)
        assert [finding for finding in findings.values() if not finding.ok] == []
        assert list(findings) == ["slack token", "slack scopes", "slack clock", "slack receiver desk-0"]
        assert server.messages == []
        assert set(server.calls) == {"auth.test", "conversations.history"}


def test_each_channel_says_what_is_wrong_with_it():
    with SayingSlack(outside=("C0OUTSIDE",)) as server:
        findings = slack_findings(server, CHANNEL, "C0OUTSIDE", "C0UNKNOWN")
    assert findings["slack receiver desk-0"].ok
    assert "/invite @wirewatch" in findings["slack receiver desk-1"].says
    assert "channel_not_found: correct the channel in receivers.yaml" in findings["slack receiver desk-2"].says


def test_a_refused_token_is_the_last_line():
    with SayingSlack() as server:
        client = WebClient(token="xoxb-old", base_url=server.base_url, retry_handlers=[])
        (finding,) = slack.examine(client, desks(CHANNEL), now=utc_now)
    assert not finding.ok
    assert "connection slack_api_default" in finding.says
    assert "xoxb-old" not in finding.says


def test_no_answer_is_not_a_traceback():
    client = WebClient(token="xoxb", base_url="http://127.0.0.1:9/api/", retry_handlers=[])
    (finding,) = slack.examine(client, desks(CHANNEL), now=utc_now)
    assert "no answer" in finding.says


def test_an_answer_without_a_readable_date_is_not_a_traceback():
    verdict = slack._clock("", utc_now(), utc_now())
    assert (verdict.ok, "no readable Date header" in verdict.says) == (False, True)


def test_slack_receivers_without_a_connection_are_named_and_none_is_fine():
    (finding,) = slack.examine(None, desks(CHANNEL), now=utc_now)
    assert not finding.ok
    assert "desk-0" in finding.says
    (finding,) = slack.examine(None, desks(), now=utc_now)
    assert finding.ok


def test_a_missing_scope_and_a_wrong_clock_are_said():
    with SayingSlack(scopes="chat:write,channels:history,reactions:read", ahead_s=-200) as server:
        findings = slack_findings(server, CHANNEL)
    assert "missing: groups:history (look for a lost post in a private channel)" in findings["slack scopes"].says
    assert " s ahead of Slack's; synchronise it" in findings["slack clock"].says


def test_the_scopes_are_those_of_the_manifest():
    manifest = yaml.safe_load((PROJECT / "deploy" / "slack-manifest.yaml").read_text())
    assert list(SCOPES) == manifest["oauth_config"]["scopes"]["bot"]


# Webhooks

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()


def webhook_findings(password, addresses, **changes):
    facts = {"name": "cases", "kind": "webhook", "url": "https://cases.example/t0ken?key=s3cret", "secret": "case_key"}
    receivers = ReceiversFile.model_validate({"receivers": [{**facts, **changes}], "routes": []})

    def resolve(host):
        if not addresses:
            raise OSError(host)
        return addresses

    return [finding[1:] for finding in webhook.examine(receivers, {"case_key": password}.get, resolve)]


@pytest.mark.parametrize(
    ("password", "ok", "says"),
    [
        (KEY, True, "'case_key' holds a key"),
        (f"{KEY} {KEY}", True, "holds 2 keys: both sign"),
        (None, False, "there is no connection 'case_key': add it"),
        ("geheim", False, "is no key: expected whsec_"),
    ],
)
def test_a_webhooks_key_is_examined_and_never_shown(password, ok, says):
    found, _ = webhook_findings(password, ["8.8.8.8"])
    assert found[0] is ok
    assert says in found[1]
    assert not password or password not in found[1]


@pytest.mark.parametrize(
    ("addresses", "changes", "ok", "says"),
    [
        (["8.8.8.8"], {}, True, "cases.example has the address 8.8.8.8"),
        (["8.8.8.8", "10.0.0.1"], {}, False, "10.0.0.1, which is not public"),
        (["10.0.0.1"], {"allow_hosts": ["cases.example"]}, True, "named in allow_hosts"),
        ([], {}, False, "there is no such host"),
    ],
)
def test_a_webhooks_host_is_looked_up_and_nothing_is_posted(addresses, changes, ok, says):
    _, found = webhook_findings(KEY, addresses, **changes)
    assert found[0] is ok
    assert says in found[1]
    assert not {"t0ken", "s3cret"} & set(re.split(r"\W", found[1]))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "localhost", "localhost:1"])
def test_a_host_is_looked_up_without_its_port(host):
    assert "127.0.0.1" in webhook.addresses_of(host)
    assert webhook.addresses_of("[::1]:8080") == ["::1"]


# Verdicts


@pytest.mark.parametrize(
    ("winners", "kept", "ok", "says"),
    [
        ([[3], [0]], [3, 0], True, "exactly one winner in each of 2 races"),
        ([[3], [0, 1]], [3, 0], False, "2 writers won the same If-Match write (1 of 2 races)"),
        ([[], []], [None, None], False, "nobody won 2 of 2 races"),
        ([[3], [0]], [3, 1], False, "the bytes that stayed are not the winner's"),
    ],
    ids=["one", "two", "none", "overwritten"],
)
def test_a_race_is_judged_by_its_winners(winners, kept, ok, says):
    verdict = judge_race("If-Match", winners, kept)
    assert verdict.ok is ok
    assert says in verdict.says


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"created": False}, "refuses a key that does not exist"),
        ({"swapped": False}, "refuses the etag that the server itself gave"),
        ({"stale": True}, "If-Match is ignored"),
        ({"overwritten": True}, "If-None-Match: * is ignored"),
        ({}, "allow and refuse what they should"),
    ],
)
def test_conditions_are_judged_one_by_one(broken, says):
    verdict = judge_conditions(**({"created": True, "swapped": True, "stale": False, "overwritten": False} | broken))
    assert says in verdict.says
    assert verdict.ok is not bool(broken)


@pytest.mark.parametrize(
    ("theirs_s", "ok", "says"),
    [
        (0, True, "agree to 1 s"),
        (20, True, "agree to 18 s"),
        (45, False, "43 s behind S3's"),
        (-45, False, "44 s ahead of S3's"),
    ],
)
def test_a_clock_may_be_off_by_what_the_search_for_lost_posts_bears(theirs_s, ok, says):
    verdict = judge_clock("S3", NOW, NOW + timedelta(seconds=theirs_s), NOW + timedelta(seconds=2))
    assert verdict.ok is ok
    assert says in verdict.says


def test_an_answer_without_scopes_is_not_taken_for_slack():
    assert not judge_scopes(None).ok
    assert judge_scopes(",".join(SCOPES)).ok


# The command


@pytest.fixture
def environment(monkeypatch, tmp_path, s3: LockedS3, store):
    receivers = desks(CHANNEL).model_dump(mode="json")
    (tmp_path / "receivers.yaml").write_text(json.dumps(receivers))
    monkeypatch.setenv("WIREWATCH_STORE", store.url("").rstrip("/"))
    monkeypatch.setenv("WIREWATCH_CONFIG", str(tmp_path))
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", s3.airflow_connection())
    return monkeypatch


def test_the_command_examines_airflows_own_connections(environment):
    with SayingSlack() as server:
        environment.setenv("AIRFLOW_CONN_SLACK_API_DEFAULT", server.airflow_connection())
        shown = CliRunner().invoke(app, ["doctor"])
    assert shown.exit_code == 0, shown.output
    assert all(line.startswith("ok    ") for line in shown.stdout.splitlines())
    assert f"member of {CHANNEL}" in shown.stdout


def test_the_command_takes_a_webhooks_key_from_the_environment(environment, tmp_path):
    receiver = {"name": "cases", "kind": "webhook", "url": "http://127.0.0.1:9/", "secret": "case_key"}
    receiver["allow_hosts"] = ["127.0.0.1:9"]
    (tmp_path / "receivers.yaml").write_text(json.dumps({"receivers": [receiver], "routes": []}))
    environment.setenv("AIRFLOW_CONN_CASE_KEY", json.dumps({"conn_type": "generic", "password": KEY}))
    shown = CliRunner().invoke(app, ["doctor", "--json"])
    lines = {line["check"]: line for line in map(json.loads, shown.stdout.splitlines())}
    assert lines["webhook cases key"]["ok"]
    assert lines["webhook cases host"]["ok"]


def test_the_command_fails_where_one_line_fails(environment):
    shown = CliRunner().invoke(app, ["doctor", "--json"])
    assert shown.exit_code == 1
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [line["check"] for line in lines if not line["ok"]] == ["slack token"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("aws://key:geheim@", "expected Airflow's JSON form"),
        ('{"conn_type": "aws", "password": "geheim", "extra": {"role_arn": "arn:aws:iam::1:role/r"}}', "role_arn"),
        ('{"conn_type": "aws", "password": "geheim", "extra": "x"}', "`extra`"),
    ],
)
def test_a_connection_that_cannot_be_used_is_named_without_its_secret(environment, value, says):
    environment.setenv("AIRFLOW_CONN_AWS_DEFAULT", value)
    shown = CliRunner().invoke(app, ["doctor"])
    assert says in str(shown.exception)
    assert "geheim" not in str(shown.exception)


def test_examine_goes_through_both(store):
    with SayingSlack() as server:
        checks = [finding.check for finding in examine(store, client_of(server), desks(CHANNEL), {}.get, rounds=1)]
    assert checks == [*s3.CHECKS, "slack token", "slack scopes", "slack clock", "slack receiver desk-0"]
