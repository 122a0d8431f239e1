"""What a webhook is sent, as docs/webhook.md and its schema say; and what receivers.yaml may say of one."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from include.wirewatch.config.receivers import ReceiversFile
from include.wirewatch.config.yaml_file import load_yaml
from include.wirewatch.deliver import event as event_module
from include.wirewatch.deliver.event import event_id, event_of
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.errors import ConfigError
from include.wirewatch.models import BulletinLine, BulletinSection
from include.wirewatch.signing import keys_of, signed_headers
from tests.deliver.conftest import make_alert, make_bulletin
from tests.deliver.hooks import KEY, OTHER_KEY, PAGE, SECRETS, channel_of, events_in, receiver_of, verify
from tests.deliver.test_render import largest_alert

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "webhook.schema.json"

# ---- what arrives


def test_a_post_is_signed_so_that_the_code_of_the_page_verifies_it_and_nothing_else(server):
    posted = channel_of(server).post(make_alert())
    (request,) = server.received
    assert verify(KEY, request.headers, request.body)
    assert not verify(OTHER_KEY, request.headers, request.body)
    assert not verify(KEY, request.headers, request.body.replace(b"ceasefire", b"cease-fir"))
    assert not verify(KEY, {**request.headers, "webhook-id": "another"}, request.body)
    assert not verify(KEY, request.headers, request.body, now=datetime.now(UTC).timestamp() + 301)
    assert request.headers["idempotency-key"] == request.headers["webhook-id"] == make_alert().alert_id
    assert request.headers["content-type"] == "application/json"
    assert request.path == "/hook/t0ken?key=s3cret"
    assert posted == (server.host, make_alert().alert_id)


def test_while_a_key_is_exchanged_both_sign(server):
    channel_of(server, f"{KEY} {OTHER_KEY}").post(make_alert())
    (request,) = server.received
    assert verify(KEY, request.headers, request.body)
    assert verify(OTHER_KEY, request.headers, request.body)


def test_the_signature_is_the_one_that_can_be_worked_out_by_hand():
    body = b'{"a": "\xc3\xa9"}'
    headers = signed_headers("id-1", datetime(2026, 11, 24, 12, tzinfo=UTC), body, keys_of(KEY))
    # printf 'id-1.1795521600.{"a": "é"}' | openssl dgst -sha256 -hmac 'a key for …' -binary | base64
    assert headers["webhook-signature"] == "v1,VuLpO7kj9Zj1jufZTvBO09l9Ld7tn/u3fwnCGWLGAaw="


def test_an_alert_says_what_a_person_would_see(server):
    channel_of(server).post(make_alert())
    (event,) = events_in(server)
    assert (event["type"], event["timestamp"]) == ("alert.posted", "2026-11-24T12:00:00Z")
    data = event["data"]
    assert (data["kind"], data["title"], data["severity"]) == ("article", make_alert().title, "normal")
    assert data["rules"][0] | {"hits": 1, "terms": ["ceasefire"]} == data["rules"][0]
    assert data["excerpts"][0]["text"][slice(*data["excerpts"][0]["marks"][0])] == "ceasefire"


@pytest.mark.parametrize(
    ("alert", "place", "kind"),
    [
        (make_alert(), BY_ITSELF, "article"),
        (make_alert(), Place("rollup", "rollup", in_rollup=True), "article"),
        (make_alert(), Place("first", "first"), "copy"),
        (make_alert(parent="first"), Place("first", "first"), "addendum"),
        (make_alert(kind="rollup"), BY_ITSELF, "rollup"),
    ],
)
def test_an_event_says_what_it_is_and_to_what_it_belongs(alert, place, kind):
    data = event_of(alert, place, is_update=False).data
    assert (data.kind, data.parent, data.thread) == (kind, place.parent, place.thread_ts)


def test_the_largest_alert_is_bounded_and_a_second_try_is_small(server):
    event = event_of(largest_alert(), BY_ITSELF, ("Paper",) * 200, is_update=True)
    assert len(event.model_dump_json()) < 45_000
    assert len(event_of(largest_alert(), BY_ITSELF, is_update=False, short=True).model_dump_json()) < 20_000


# ---- the page and its schema


def examples_of_the_page():
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_the_schema_file_is_that_of_the_code_and_make_schema_writes_it():
    assert SCHEMA_FILE.read_text() == event_module.schema()


def test_the_examples_of_the_page_and_real_events_are_such_as_the_schema_says():
    section = BulletinSection(heading="Top", lines=(BulletinLine(text="x"),), preformatted="x")
    events = [
        event_of(make_alert(), BY_ITSELF, ("Paper",), is_update=True),
        event_of(make_bulletin(2, sections=(section,), notes=("n",)), BY_ITSELF, is_update=False),
    ]
    shown = [*examples_of_the_page(), *(json.loads(event.model_dump_json()) for event in events)]
    for event in shown:
        jsonschema.validate(event, json.loads(SCHEMA_FILE.read_text()))
        assert event.keys() == {"type", "timestamp", "shortened", "data"}
    assert shown[0]["data"].keys() == shown[1]["data"].keys(), "the page shows every field"


def test_the_receivers_of_the_page_are_such():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert load_yaml("receivers.yaml", text, ReceiversFile).value.receivers[0].kind == "webhook"


def test_an_id_holds_nothing_that_could_be_taken_for_another_part_of_what_is_signed():
    bulletin = make_bulletin(3).model_copy(update={"alert_id": "a.1795521600.{\r\n"})
    assert event_id(bulletin) == "a_1795521600____-3"


# ---- the file


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": "http://cases.example/t0ken"}, "http:// only for a host named in allow_hosts"),
        ({"url": "https://user:t0ken@cases.example/"}, "without a login"),
        ({"url": "file:///t0ken"}, "expected https://host/path"),
        ({"url": "t0ken"}, "expected https://host/path"),
        ({"secret": KEY}, "never the key itself"),
        ({"secret": "whsec_t0ken"}, "never the key itself"),
    ],
)
def test_a_webhook_that_is_not_safe_is_refused_and_its_secrets_are_not_shown(changes, says):
    facts = {"name": "cases", "kind": "webhook", "url": "https://cases.example/", "secret": "case_key", **changes}
    with pytest.raises(ConfigError, match=says) as caught:
        load_yaml("receivers.yaml", json.dumps({"receivers": [facts], "routes": []}), ReceiversFile)
    assert not any(secret in str(caught.value) for secret in SECRETS)


def test_a_named_host_may_speak_plain_http(server):
    assert receiver_of(server, url="http://cases.internal/x", allow_hosts=("CASES.internal",)).url
