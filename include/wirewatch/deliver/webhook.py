"""The webhook receiver: each message is a signed JSON POST to one address.

At least once, never exactly once: a webhook cannot be searched as a channel can, so a post whose answer was lost is
posted again after SETTLE. It has the same webhook-id (and Idempotency-Key) then, by which the other side knows it.
Guarded like any fetch: public addresses only, unless the host is named in `allow_hosts`; no redirects, no proxies, no
cookies; bounded in time, and of the answer only the status counts. Errors name the host: paths and queries hold tokens.
"""

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, NoReturn

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from include.wirewatch import guard
from include.wirewatch.answers import read_body
from include.wirewatch.config.receivers import WebhookReceiver
from include.wirewatch.deliver.event import Event, event_id, event_of
from include.wirewatch.deliver.receiver import (
    BusyError,
    MessageFaultError,
    Posted,
    ReceiverFaultError,
    UnknownOutcomeError,
    wait_s,
)
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin
from include.wirewatch.settings import product
from include.wirewatch.signing import keys_of, signed_headers
from include.wirewatch.urls import host_of, is_named

TIMEOUT_S = 15.0
# After the status, for a server that is still writing when its connection ends.
ANSWER_S, MAX_ANSWER_BYTES = 2.0, 65_536
HEADERS = {"Content-Type": "application/json", "User-Agent": product(), "Accept-Encoding": "identity"}

# What a status means beside 2xx: 400, 413 … are refusals of this message; these may pass; every other 4xx and 3xx is
# the receiver's.
OF_THE_MESSAGE = {400, 413, 415, 422}
MAY_PASS = {408, 409, 425}
MEND = {
    401: "it does not accept the signature; put its key into the Airflow connection {secret!r}",
    403: "it does not let us in; check its key in the Airflow connection {secret!r}, and its list of senders",
    404: "there is nothing at this address; correct url in receivers.yaml",
    410: "it wants no more messages; take the receiver out of receivers.yaml",
}


class _Answer(NamedTuple):
    status: int
    retry_after: str


class WebhookChannel:
    """One webhook. password: of the Airflow connection that the receiver names; None where there is none.

    resolver: the system's where None.
    """

    via = "webhook"

    def __init__(
        self,
        receiver: WebhookReceiver,
        password: str | None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._receiver = receiver
        self._password = password
        self._now = now
        self._resolver = resolver
        self._host = host_of(receiver.url)

    def post(self, outgoing: Alert | Bulletin, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:
        self._send(event_id(outgoing, short=plain), event_of(outgoing, place, is_update=False, short=plain))
        return Posted(self._host, outgoing.alert_id)

    def find(self, outgoing: Alert | Bulletin, place: Place, last_try: datetime) -> Posted | None:  # noqa: ARG002
        return None

    def update(
        self,
        outgoing: Alert | Bulletin,
        place: Place,
        posted: Posted,  # noqa: ARG002
        copies: tuple[str, ...] = (),
        *,
        plain: bool = False,
    ) -> None:
        message_id = event_id(outgoing, copies, short=plain)
        self._send(message_id, event_of(outgoing, place, copies, is_update=True, short=plain))

    def _send(self, message_id: str, event: Event) -> None:
        body = event.model_dump_json().encode()
        headers = {**HEADERS, "Idempotency-Key": message_id}
        headers |= signed_headers(message_id, self._now(), body, self._keys())
        self._judge(asyncio.run(self._exchange(headers, body)))

    def _keys(self) -> tuple[bytes, ...]:
        if self._password is None:
            self._fault(f"there is no Airflow connection {self._receiver.secret!r}; its password is the key")
        try:
            return keys_of(self._password)
        except ValueError as error:
            self._fault(f"the password of the Airflow connection {self._receiver.secret!r} is no key: {error}")

    async def _exchange(self, headers: dict[str, str], body: bytes) -> _Answer:
        """One request and the status of its answer, with every way in which it can go wrong as one of our errors."""
        url = self._receiver.url
        guarded = not is_named(url, self._receiver.allow_hosts)
        try:
            async with guard.open_session(headers, guarded=guarded, resolver=self._resolver) as session:
                async with asyncio.timeout(TIMEOUT_S):
                    response = await session.post(URL(url, encoded=True), data=body, allow_redirects=False)
                with suppress(TimeoutError, aiohttp.ClientError, OSError):
                    async with asyncio.timeout(ANSWER_S):
                        await read_body(response, MAX_ANSWER_BYTES)
                response.close()
                return _Answer(response.status, response.headers.get("Retry-After", ""))
        except TimeoutError:
            raise UnknownOutcomeError(f"webhook {self._host}: no answer within {TIMEOUT_S:g} s") from None
        except aiohttp.ClientSSLError as error:
            self._fault(f"TLS fails ({type(error).__name__}); the other side must mend its certificate")
        except aiohttp.ClientConnectorDNSError as error:
            if error.os_error.errno != socket.EAI_AGAIN:
                self._fault("there is no such host; correct url in receivers.yaml")
            raise UnknownOutcomeError(f"webhook {self._host}: its name cannot be looked up at the moment") from None
        except aiohttp.ClientConnectorError as error:
            if guard.MARK in str(error.os_error):
                self._fault(f"{error.os_error} is not public; name the host in allow_hosts if that is meant")
            raise UnknownOutcomeError(f"webhook {self._host}: no connection") from None
        except (UnicodeError, aiohttp.InvalidURL):
            self._fault("no such host can exist; correct url in receivers.yaml")
        except (aiohttp.ClientError, OSError) as error:
            # Dropped in mid-exchange, an answer that is no HTTP; their texts may hold the whole URL.
            raise UnknownOutcomeError(f"webhook {self._host}: no answer ({type(error).__name__})") from None

    def _judge(self, answer: _Answer) -> None:
        """Raises what the status means, unless it is a success."""
        status = answer.status
        if 200 <= status < 300:
            return
        if status == 429 or (status == 503 and answer.retry_after):
            raise BusyError(wait_s(answer.retry_after, self._now()))
        if status in OF_THE_MESSAGE:
            raise MessageFaultError(f"webhook {self._host}: HTTP {status}")
        if status >= 500 or status in MAY_PASS:
            raise UnknownOutcomeError(f"webhook {self._host}: HTTP {status}")
        if 300 <= status < 400:
            self._fault(f"HTTP {status}: it redirects; put the address where it really is into url")
        self._fault(
            f"HTTP {status}: {MEND.get(status, 'correct url in receivers.yaml').format(**vars(self._receiver))}"
        )

    def _fault(self, says: str) -> NoReturn:
        raise ReceiverFaultError(f"webhook {self._host}: {says}") from None
