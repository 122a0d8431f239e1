"""The Slack stand-in, through the real client: what it accepts, what it refuses, and each of its faults."""

import json
import logging
from http.client import HTTPException

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.fakes.slack_server import CHANNEL, Fault, SlackServer

METADATA = {"event_type": "wirewatch_alert", "event_payload": {"alert_id": "a1"}}
SECTION = {"type": "section", "text": {"type": "mrkdwn", "text": "Talks go on."}}


@pytest.fixture
def client(slack_server):
    logging.getLogger("slack_sdk.web.base_client").setLevel(logging.CRITICAL)
    return WebClient(slack_server.token, base_url=slack_server.base_url, timeout=5, retry_handlers=[])


def post(client, text="Talks go on.", **arguments):
    return client.chat_postMessage(channel=CHANNEL, text=text, **arguments)


def refusal(act, *arguments, **named):
    with pytest.raises(SlackApiError) as caught:
        act(*arguments, **named)
    return caught.value.response["error"]


def test_a_message_is_kept_letter_by_letter(client, slack_server):
    text = "Ärger & <b>Überraschung</b> &amp; перемир'я *x*\nzweite Zeile"
    answer = post(client, text, blocks=[SECTION], metadata=METADATA)
    [message] = slack_server.messages
    assert (message["channel"], message["ts"]) == (answer["channel"], answer["ts"])
    assert (message["text"], message["blocks"], message["metadata"]) == (text, [SECTION], METADATA)


def test_a_wrong_token_is_refused(slack_server):
    client = WebClient("xoxb-other", base_url=slack_server.base_url, retry_handlers=[])
    assert refusal(client.auth_test) == "invalid_auth"
    assert refusal(WebClient(base_url=slack_server.base_url, retry_handlers=[]).auth_test) == "not_authed"


def test_auth_test_names_the_bot(client):
    assert client.auth_test()["user"] == "wirewatch"


def test_unknown_channels_and_channels_without_the_bot_are_refused():
    with SlackServer(outside=("C0OUTSIDE1",)) as slack:
        client = WebClient(slack.token, base_url=slack.base_url, retry_handlers=[])
        assert refusal(client.chat_postMessage, channel="C0NOWHERE1", text="x") == "channel_not_found"
        assert refusal(client.chat_postMessage, channel="C0OUTSIDE1", text="x") == "not_in_channel"
        assert slack.messages == []


PLAIN = {"type": "plain_text", "text": "x"}


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        pytest.param({"text": ""}, "no_text", id="nothing to say"),
        pytest.param({"text": "x" * 4001}, "msg_too_long", id="long text"),
        pytest.param({"blocks": [{"type": "divider"}] * 51}, "invalid_blocks", id="51 blocks"),
        pytest.param({"blocks": [{"type": "nonsense"}]}, "invalid_blocks", id="unknown block"),
        pytest.param(
            {"blocks": [{"type": "section", "text": {**PLAIN, "text": "x" * 3001}}]}, "invalid_blocks", id="section"
        ),
        pytest.param(
            {"blocks": [{"type": "header", "text": {**PLAIN, "text": "x" * 151}}]}, "invalid_blocks", id="header"
        ),
        pytest.param({"blocks": [{"type": "context", "elements": [PLAIN] * 11}]}, "invalid_blocks", id="context"),
        pytest.param(
            {"blocks": [{"type": "section", "text": {**PLAIN, "text": "x" * 2900}}] * 5},
            "msg_blocks_too_long",
            id="blocks in all",
        ),
        pytest.param({"metadata": {"event_type": "x"}}, "invalid_metadata_format", id="half of the metadata"),
    ],
)
def test_what_breaks_a_limit_is_refused(client, slack_server, arguments, error):
    assert refusal(post, client, **{"text": "x", **arguments}) == error
    assert slack_server.messages == []


def test_what_just_keeps_the_limits_is_accepted(client, slack_server):
    blocks = [
        {"type": "header", "text": {**PLAIN, "text": "x" * 150}},
        {"type": "section", "text": {**PLAIN, "text": "x" * 3000}},
        {"type": "context", "elements": [PLAIN] * 10},
        *[{"type": "divider"}] * 47,
    ]
    post(client, "x" * 4000, blocks=blocks)
    assert len(slack_server.messages) == 1


def test_history_is_paged_newest_first_and_shows_metadata_when_asked(client):
    for number in range(20):
        post(client, f"alert {number}", metadata=METADATA)
    page = client.conversations_history(channel=CHANNEL, include_all_metadata=True)
    assert [message["text"] for message in page["messages"]] == [f"alert {n}" for n in range(19, 4, -1)]
    assert page["messages"][0]["metadata"] == METADATA
    cursor = page["response_metadata"]["next_cursor"]
    rest = client.conversations_history(channel=CHANNEL, cursor=cursor)
    assert [message["text"] for message in rest["messages"]] == [f"alert {n}" for n in range(4, -1, -1)]
    assert "metadata" not in rest["messages"][0]
    assert rest["response_metadata"]["next_cursor"] == ""


def test_history_begins_after_oldest(client):
    first = post(client, "one")["ts"]
    post(client, "two")
    found = client.conversations_history(channel=CHANNEL, oldest=first)["messages"]
    assert [message["text"] for message in found] == ["two"]


def test_replies_are_in_their_thread_and_not_in_the_history(client):
    parent = post(client, "parent")["ts"]
    post(client, "reply", thread_ts=parent, metadata=METADATA)
    thread = client.conversations_replies(channel=CHANNEL, ts=parent, include_all_metadata=True)["messages"]
    assert [message["text"] for message in thread] == ["parent", "reply"]
    assert thread[1]["metadata"] == METADATA
    assert [m["text"] for m in client.conversations_history(channel=CHANNEL)["messages"]] == ["parent"]
    assert refusal(post, client, thread_ts="1.000001") == "thread_not_found"


def test_an_update_edits_the_message_in_place(client, slack_server):
    ts = post(client, "first")["ts"]
    client.chat_update(channel=CHANNEL, ts=ts, text="second")
    [message] = slack_server.messages
    assert (message["text"], message["ts"], message["edits"]) == ("second", ts, 1)
    assert refusal(client.chat_update, channel=CHANNEL, ts="1.000001", text="x") == "message_not_found"


def test_reactions_are_counted_by_name(client, slack_server):
    ts = post(client)["ts"]
    client.reactions_add(channel=CHANNEL, timestamp=ts, name="eyes")
    slack_server.react_as("U0ANALYST", "eyes", ts)
    [reaction] = client.reactions_get(channel=CHANNEL, timestamp=ts)["message"]["reactions"]
    assert (reaction["name"], reaction["count"]) == ("eyes", 2)
    assert refusal(client.reactions_add, channel=CHANNEL, timestamp=ts, name="eyes") == "already_reacted"


@pytest.mark.parametrize(("kind", "accepted"), [("drop_before", 0), ("drop_after", 1)])
def test_a_dropped_connection_says_nothing_about_the_message(client, slack_server, kind, accepted):
    slack_server.faults = [Fault(kind)]
    with pytest.raises((HTTPException, OSError)):
        post(client)
    assert len(slack_server.messages) == accepted
    assert post(client)["ok"]


@pytest.mark.parametrize(("kind", "accepted"), [("http_500_before", 0), ("http_500_after", 1)])
def test_a_server_error_says_nothing_about_the_message(client, slack_server, kind, accepted):
    slack_server.faults = [Fault(kind)]
    with pytest.raises(SlackApiError) as caught:
        post(client)
    assert caught.value.response.status_code == 500
    assert len(slack_server.messages) == accepted


def test_a_rate_limit_says_how_long_to_wait(client, slack_server):
    slack_server.faults = [Fault("rate_limited", retry_after_s=7)]
    with pytest.raises(SlackApiError) as caught:
        post(client)
    assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    assert slack_server.messages == []


def test_a_slow_answer_comes_after_the_message_was_accepted(slack_server):
    slack_server.faults = [Fault("slow", delay_s=0.5)]
    logging.getLogger("slack_sdk.web.base_client").setLevel(logging.CRITICAL)
    hasty = WebClient(slack_server.token, base_url=slack_server.base_url, timeout=0.1, retry_handlers=[])  # type: ignore[arg-type]
    with pytest.raises(OSError, match="timed out"):
        post(hasty)
    assert len(slack_server.messages) == 1


def test_a_scripted_refusal_is_answered_once(client, slack_server):
    slack_server.faults = [Fault("channel_not_found")]
    assert refusal(post, client) == "channel_not_found"
    assert post(client)["ok"]


def test_faults_may_depend_on_the_call(client, slack_server):
    slack_server.faults = lambda _, arguments: Fault("msg_too_long") if "bad" in arguments["text"] else None
    assert refusal(post, client, "bad") == "msg_too_long"
    assert post(client, "good")["ok"]


def test_the_airflow_connection_leads_here(slack_server):
    connection = json.loads(slack_server.airflow_connection())
    assert connection["extra"]["base_url"] == slack_server.base_url
    assert slack_server.base_url.endswith("/api/")
