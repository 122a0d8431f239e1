"""A webhook gets each message at least once, and no more of us than it must."""

import base64
import logging
import socket

import pytest

from include.wirewatch.deliver import log as delivery_log
from include.wirewatch.deliver import outbox, webhook
from include.wirewatch.deliver.decide import LEASE, SETTLE
from include.wirewatch.deliver.drain import Drain
from include.wirewatch.deliver.receiver import BusyError, MessageFaultError, ReceiverFaultError, UnknownOutcomeError
from include.wirewatch.deliver.rollup import Gathering
from include.wirewatch.deliver.story import signature_of
from tests.deliver.conftest import NOW, make_alert, make_bulletin
from tests.deliver.hooks import SECRETS, channel_of, events_in, ids_in
from tests.deliver.test_drain import DyingStore, Killed
from tests.fakes.webhook_server import Reply, WebhookServer
from tests.fetch.conftest import running, tls_of
from tests.fetch.test_guard import Names

TEXT = " ".join(f"word{number}" for number in range(200))

# ---- what an answer means


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_every_2xx_is_a_success(server, status):
    server.replies = [Reply(status, body=b"")]
    assert channel_of(server).post(make_alert()).ts == make_alert().alert_id


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (Reply(429), BusyError, "asked to wait 30 s"),
        (Reply(429, {"Retry-After": "7"}), BusyError, "asked to wait 7 s"),
        (Reply(503, {"Retry-After": "99999"}), BusyError, "asked to wait 3600 s"),
        (Reply(503), UnknownOutcomeError, "HTTP 503"),
        (Reply(500), UnknownOutcomeError, "HTTP 500"),
        (Reply(409), UnknownOutcomeError, "HTTP 409"),
        (Reply(drop=True), UnknownOutcomeError, "no answer (ServerDisconnectedError)"),
        (Reply(delay_s=0.5), UnknownOutcomeError, "no answer within 0.2 s"),
        (Reply(400), MessageFaultError, "HTTP 400"),
        (Reply(413), MessageFaultError, "HTTP 413"),
        (Reply(422), MessageFaultError, "HTTP 422"),
        (Reply(401), ReceiverFaultError, "put its key into the Airflow connection 'case_key'"),
        (Reply(403), ReceiverFaultError, "check its key"),
        (Reply(404), ReceiverFaultError, "correct url in receivers.yaml"),
        (Reply(405), ReceiverFaultError, "correct url in receivers.yaml"),
        (Reply(410), ReceiverFaultError, "take the receiver out"),
        (Reply(301, {"Location": "/elsewhere"}), ReceiverFaultError, "it redirects"),
        (Reply(304, body=b""), ReceiverFaultError, "it redirects"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Reply) else None,
)
def test_each_answer_has_its_meaning_and_shows_no_secret(server, monkeypatch, caplog, reply, error, says):
    monkeypatch.setattr(webhook, "TIMEOUT_S", 0.2)
    server.replies = [reply]
    with caplog.at_level(logging.DEBUG), pytest.raises(error) as caught:
        channel_of(server).post(make_alert())
    assert says in str(caught.value)
    assert len(server.received) == 1, "it is not repeated by itself, nor does it follow"
    assert not any(secret in f"{caught.value}{caught.value.__cause__}{caplog.text}" for secret in SECRETS)


def test_the_status_counts_though_the_rest_of_the_answer_never_ends_or_is_huge(server, monkeypatch):
    monkeypatch.setattr(webhook, "ANSWER_S", 0.1)
    server.replies = [Reply(body_delay_s=0.5), Reply(body=b"x" * 5_000_000)]
    for number in (1, 2):
        assert channel_of(server).post(make_alert(number)).ts


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 2OO OK\r\n\r\n", b"x" * 100_000, b"\x00" * 99])
def test_an_answer_that_is_no_http_is_an_unknown_outcome(answer):
    with running() as site:
        site.routes["/hook?key=s3cret"] = lambda talk: talk.send(answer)
        channel = channel_of(site, url=f"{site.url}/hook?key=s3cret")
        with pytest.raises(UnknownOutcomeError, match="no answer"):
            channel.post(make_alert())


def test_a_server_that_is_not_there_is_an_unknown_outcome(server):
    with pytest.raises(UnknownOutcomeError, match="no connection"):
        channel_of(server, url="http://127.0.0.1:9/", allow_hosts=("127.0.0.1:9",)).post(make_alert())


@pytest.mark.parametrize(
    ("errno", "error", "says"),
    [(socket.EAI_NONAME, ReceiverFaultError, "no such host"), (socket.EAI_AGAIN, UnknownOutcomeError, "at the moment")],
)
def test_a_name_that_does_not_exist_is_a_fault_and_a_resolver_in_trouble_is_not(server, errno, error, says):
    class Nameless(Names):
        async def resolve(self, host, port=0, family=socket.AF_INET):
            raise socket.gaierror(errno, "no address")

    with pytest.raises(error, match=says):
        channel_of(server, url="https://cases.example/", resolver=Nameless([])).post(make_alert())


@pytest.mark.parametrize("host", ["a" * 70, f"{'a' * 70}.example", "a..b.example"])
def test_a_name_that_cannot_exist_is_a_fault(server, host):
    with pytest.raises(ReceiverFaultError, match=r"correct url in receivers\.yaml"):
        channel_of(server, url=f"https://{host}/hook", allow_hosts=()).post(make_alert())


def test_a_certificate_that_cannot_be_trusted_is_the_receivers_fault(tmp_path):
    with (
        WebhookServer(tls=tls_of("somebody-else.example", tmp_path)) as server,
        pytest.raises(ReceiverFaultError, match="TLS fails"),
    ):
        channel_of(server).post(make_alert())


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.1"], ["::1"], ["169.254.169.254"]], ids=" ".join)
def test_a_host_that_is_not_public_is_never_dialled_whatever_its_name(server, addresses):
    url = f"https://innocent.example:{server.server_port}/hook"
    with pytest.raises(ReceiverFaultError, match="allow_hosts"):
        channel_of(server, url=url, resolver=Names(addresses)).post(make_alert())
    with pytest.raises(ReceiverFaultError, match="allow_hosts"):
        channel_of(server, url="https://127.0.0.1:1/hook", allow_hosts=()).post(make_alert())
    assert server.received == []


def test_proxy_settings_of_the_environment_are_ignored(server, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, server.url)
    named = channel_of(server, url="http://cases.internal:9/", allow_hosts=("cases.internal",), resolver=Names(["::1"]))
    with pytest.raises(UnknownOutcomeError):
        named.post(make_alert())
    with pytest.raises(ReceiverFaultError):
        channel_of(server, url="https://10.0.0.1/hook", allow_hosts=()).post(make_alert())
    assert server.received == []


@pytest.mark.parametrize(
    ("password", "says"),
    [
        (None, "there is no Airflow connection 'case_key'"),
        ("", "it is empty"),
        ("geheim", "expected whsec_"),
        ("whsec_geheim", "expected whsec_"),
        ("whsec_" + base64.b64encode(b"too short").decode(), "24 to 64"),
    ],
)
def test_without_a_key_nothing_is_sent_and_the_connection_is_named(server, password, says):
    with pytest.raises(ReceiverFaultError, match=says) as caught:
        channel_of(server, password).post(make_alert())
    assert server.received == []
    assert not password or password.removeprefix("whsec_") not in str(caught.value)


# ---- through the drain


def drain(store, clock, server, owner="worker-1", **options):
    return Drain(store, {"desk": channel_of(server, now=clock)}, owner, now=clock, sleep=clock.sleep, **options)


def test_a_lost_answer_is_repeated_with_the_same_id_and_body_once_it_has_settled(store, clock, server):
    outbox.enqueue(store, make_alert())
    server.replies = [Reply(drop=True)]
    assert drain(store, clock, server).run(90).counts == {"unknown": 1}
    clock.sleep(SETTLE.total_seconds())
    assert drain(store, clock, server).run(90).counts == {"posted": 1}
    assert drain(store, clock, server).run(90).counts == {}
    first, second = server.received
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]


@pytest.mark.parametrize("after_effect", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("dies_at", [1, 2, 3, 4, 5], ids=["story", "claim", "write-ahead", "sent", "delete"])
def test_killed_at_any_write_it_arrives_at_least_once_and_under_one_id(store, clock, server, dies_at, after_effect):
    outbox.enqueue(store, make_alert())
    with pytest.raises(Killed):
        drain(DyingStore(store, dies_at, after_effect=after_effect), clock, server).run(90)
    clock.sleep((LEASE + SETTLE).total_seconds())
    drain(store, clock, server, owner="worker-2").run(90)
    assert set(ids_in(server)) == {make_alert().alert_id}
    assert len({request.body for request in server.received}) == 1
    assert delivery_log.read(store, make_alert().alert_id).entry.state == "sent"


def test_a_message_that_is_refused_is_sent_once_more_shortened_and_is_then_dead(store, clock, server):
    outbox.enqueue(store, make_alert(1))
    server.replies = [Reply(413)]
    assert drain(store, clock, server).run(90).counts == {"posted": 1}
    assert [event["shortened"] for event in events_in(server)] == [False, True]
    assert events_in(server)[1]["data"]["excerpts"] == []
    assert ids_in(server) == [make_alert(1).alert_id, f"{make_alert(1).alert_id}-short"], "another body, another key"
    outbox.enqueue(store, make_alert(2))
    server.replies = [Reply(422), Reply(422)]
    assert drain(store, clock, server).run(90).failures[0].subject == f"dead {make_alert(2).alert_id}"


def test_a_fault_of_the_receiver_parks_it_and_everything_waits(store, clock, server):
    for number in (1, 2):
        outbox.enqueue(store, make_alert(number))
    server.replies = [Reply(401)]
    result = drain(store, clock, server).run(90)
    assert result.counts == {"parked": 2}
    assert len(server.received) == 1
    assert drain(store, clock, server).run(90).counts == {"posted": 2}


def test_copies_come_as_replies_and_the_first_alert_is_told_anew_with_their_count(store, clock, server):
    first, copy = (make_alert(number, signature=signature_of(TEXT), publisher=f"Paper {number}") for number in (1, 2))
    for alert in (first, copy):
        outbox.enqueue(store, alert)
        drain(store, clock, server).run(90)
    told = [(event["type"], event["data"]["id"], event["data"]["parent"]) for event in events_in(server)]
    assert told == [
        ("alert.posted", first.alert_id, ""),
        ("alert.posted", copy.alert_id, first.alert_id),
        ("alert.updated", first.alert_id, ""),
    ]
    assert events_in(server)[2]["data"]["replies"] == {"count": 1, "publishers": ["Paper 2"]}
    assert ids_in(server)[2] == f"{first.alert_id}-1"


def test_a_group_is_a_rollup_with_its_stories_below_it(store, clock, server):
    outbox.enqueue(store, make_alert())
    drain(store, clock, server, gathering={"desk": Gathering(group_by="rule")}).run(90)
    opening, story, update = events_in(server)
    assert (opening["data"]["kind"], story["data"]["parent"]) == ("rollup", opening["data"]["id"])
    assert update["data"]["replies"]["count"] == 1


def test_each_edition_of_a_bulletin_is_an_event_of_its_own(store, clock, server):
    for edition in (1, 2):
        outbox.enqueue(store, make_bulletin(edition))
        drain(store, clock, server).run(90)
    assert [event["type"] for event in events_in(server)] == ["bulletin.posted", "bulletin.updated"]
    assert ids_in(server) == ["bulletin-1-1", "bulletin-1-2"]
    assert [event["data"]["edition"] for event in events_in(server)] == [1, 2]


def test_the_alert_after_a_pause_that_was_asked_for(store, clock, server):
    outbox.enqueue(store, make_alert())
    server.replies = [Reply(503, {"Retry-After": "40"})]
    assert drain(store, clock, server).run(90).counts == {"left_for_next": 1}
    assert clock.now == NOW
    clock.sleep(40)
    assert drain(store, clock, server).run(90).counts == {"posted": 1}
