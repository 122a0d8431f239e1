"""One polite, bounded GET: the only way in which the project asks publishers for anything.

Order for each URL, and again for each redirect:
URL → robots.txt → the host's turn → address guard → status → type → body.
Bounds: fetch timeout over all hops (waiting for a turn does not count), five redirects, decoded bytes while streaming.
Trouble with one URL is never raised: it is an Outcome with its reason.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Literal, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from include.wirewatch import guard
from include.wirewatch.answers import read_body, retry_after_s
from include.wirewatch.config.sources import Source
from include.wirewatch.fetch import robots
from include.wirewatch.fetch.host import DEFAULT_PAUSE_S, Host
from include.wirewatch.fetch.robots_store import RobotsStore
from include.wirewatch.models import Capture, Outcome, Reason
from include.wirewatch.urls import absolute, host_of, is_named, redact, site_of

Accept = Literal["page", "memento", "listing", "section"]

MAX_REDIRECTS = 5
# Requests in flight over all hosts. Only exchanges count, not those who wait for a slow host's turn.
IN_FLIGHT = 64
HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
ONLY_HTML = frozenset({"page", "memento"})
ACCEPTED = {
    "page": "text/html,application/xhtml+xml;q=0.9",
    "memento": "text/html,application/xhtml+xml;q=0.9",
    "section": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5",
    "listing": "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,*/*;q=0.5",
}


class Ask(NamedTuple):
    """What is asked for, the same over all its redirects."""

    accept: Accept
    is_robots: bool
    headers: Mapping[str, str]
    needs_robots: bool
    delay_s: float
    concurrency: int
    home: str
    allow_hosts: frozenset[str]


class Redirect(NamedTuple):
    """An answer that points elsewhere."""

    target: str


class Client:
    """Keeps each host's pace, robots.txt and patience for its own life, which is one task.

    user_agent: `Name/version (…)`; the name is what robots.txt files know.
    robots_store: where robots.txt files are remembered for a day; without it, for the client's life.
    resolver: the system's where None.
    Use as an async context manager.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        timeout_s: float,
        max_body_bytes: int,
        robots_store: RobotsStore | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._user_agent = user_agent
        self._robot = user_agent.partition("/")[0]
        self._timeout_s = timeout_s
        self._max_body_bytes = max_body_bytes
        self._robots_store = robots_store
        self._resolver = resolver
        self._hosts: dict[str, Host] = {}
        self._robots: dict[str, asyncio.Task[robots.Robots]] = {}
        self._in_flight = asyncio.Semaphore(IN_FLIGHT)

    async def __aenter__(self) -> "Client":
        # Two sessions, so that no source ever finds a pooled connection to an address only another one may reach.
        self._public = self._session(guarded=True)
        self._private = self._session(guarded=False)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for task in self._robots.values():
            task.cancel()
        await asyncio.gather(*self._robots.values(), return_exceptions=True)
        await self._public.close()
        await self._private.close()

    async def get(
        self,
        url: str,
        *,
        source: Source,
        accept: Accept = "page",
        headers: Mapping[str, str] | None = None,
        max_body_bytes: int | None = None,
    ) -> Capture | Outcome:
        """Fetch one URL for a source: a 2xx Capture, or the Outcome that says why there is none.

        accept "page" takes HTML only; "listing" takes what a poll may answer. A 304 is Outcome `unchanged`.
        Polls of feeds and sitemaps ask no permission of robots.txt: they are published for programs, and a
        configured source is read as a feed reader would. Section pages ("section", or a source of kind listing) and
        articles do ask. A "memento" is HTML that a web archive hands out by its API, and asks nobody.
        max_body_bytes: in place of the client's own limit.
        """
        ask = Ask(
            accept=accept,
            is_robots=False,
            headers=headers or {},
            needs_robots=accept in ("page", "section") or (accept == "listing" and source.kind == "listing"),
            delay_s=source.delay_s,
            concurrency=source.concurrency,
            home=site_of(_host_or_nothing(source.url)),
            allow_hosts=frozenset(name.lower() for name in source.allow_hosts),
        )
        return await self._follow(url, ask, max_body_bytes or self._max_body_bytes)

    async def _follow(self, url: str, ask: Ask, max_body_bytes: int) -> Capture | Outcome:
        at, seconds_left = url, self._timeout_s
        for _ in range(MAX_REDIRECTS + 1):
            try:
                at = absolute(at, at)
            except ValueError as error:
                return Outcome(reason=Reason.BAD_URL, detail=str(error))
            host = self._host(host_of(at), ask)
            if ask.needs_robots and (refusal := await self._refusal(at, host, ask)) is not None:
                return refusal
            async with host.turn() as closed, self._in_flight:
                if closed:
                    return Outcome(reason=Reason.NOT_FETCHED, detail=closed)
                started = time.monotonic()
                answer = await self._exchange(url, at, ask, host, min(seconds_left, self._timeout_s), max_body_bytes)
                seconds_left -= time.monotonic() - started
            if not isinstance(answer, Redirect):
                return answer
            at = answer.target
            if seconds_left <= 0:
                return Outcome(reason=Reason.TIMEOUT, detail=f"redirects took {self._timeout_s:g} s")
        return Outcome(reason=Reason.TOO_MANY_REDIRECTS, detail=f"more than {MAX_REDIRECTS}, last to {redact(at)}")

    def _host(self, name: str, ask: Ask) -> Host:
        # A guest is slower than at home: nobody there has agreed to be read.
        delay_s = ask.delay_s if site_of(name) == ask.home else ask.delay_s * 2
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(name, delay_s, ask.concurrency)
        host.delay_s = max(host.delay_s, delay_s)
        return host

    async def _refusal(self, url: str, host: Host, ask: Ask) -> Outcome | None:
        origin = f"{url.partition(':')[0]}://{host.name}"
        task = self._robots.get(origin)
        if task is None:
            task = self._robots[origin] = asyncio.create_task(self._read_robots(origin, ask))
        # Shielded: a caller that is cancelled must not take the answer from all the others.
        rules = task.result() if task.done() else await asyncio.shield(task)
        host.delay_s = max(host.delay_s, rules.crawl_delay_s(self._robot))
        return rules.refusal(url, self._robot)

    async def _read_robots(self, origin: str, ask: Ask) -> robots.Robots:
        now = datetime.now(UTC)
        if self._robots_store is not None:
            text = await asyncio.to_thread(self._robots_store.read, origin, now)
            if text is not None:
                return robots.rules_of(text)
        asking = ask._replace(accept="listing", is_robots=True, headers={}, needs_robots=False)
        answer = await self._follow(f"{origin}/robots.txt", asking, robots.MAX_ROBOTS_BYTES)
        text = robots.text_of(answer)
        if text is None:
            return robots.trouble_of(answer)
        if self._robots_store is not None:
            await asyncio.to_thread(self._robots_store.write, origin, text, now)
        return robots.rules_of(text)

    async def _exchange(
        self, url: str, at: str, ask: Ask, host: Host, timeout_s: float, max_body_bytes: int
    ) -> Capture | Outcome | Redirect:
        """One request and its answer, with every way in which it can go wrong as an Outcome."""
        try:
            async with asyncio.timeout(timeout_s):
                answer = await self._request(url, at, ask, host, max_body_bytes)
        except TimeoutError:
            host.note(answered=False)
            return Outcome(reason=Reason.TIMEOUT, detail=f"{redact(at)}: no whole answer within {timeout_s:.0f} s")
        except aiohttp.ClientConnectorError as error:
            if guard.MARK in str(error.os_error):
                return Outcome(reason=Reason.REFUSED_ADDRESS, detail=f"{host.name}: {_brief(error.os_error)}")
            host.note(answered=False)
            return Outcome(reason=Reason.CONNECTION, detail=f"{host.name}: {_brief(error.os_error)}")
        except (aiohttp.ClientConnectionError, ssl.SSLError, OSError) as error:
            # Dropped after it was accepted, TLS that fails half-way, and the like.
            host.note(answered=False)
            return Outcome(reason=Reason.CONNECTION, detail=f"{host.name}: {_brief(error)}")
        except (aiohttp.InvalidURL, UnicodeError) as error:
            # The text of InvalidURL is the whole URL.
            return Outcome(reason=Reason.BAD_URL, detail=f"{redact(at)}: {type(error).__name__}")
        except (aiohttp.ClientError, ValueError) as error:
            host.note(answered=True)
            return Outcome(reason=Reason.BAD_RESPONSE, detail=f"{redact(at)}: {_brief(error)}")
        host.note(answered=True)
        return answer

    async def _request(
        self, url: str, at: str, ask: Ask, host: Host, max_body_bytes: int
    ) -> Capture | Outcome | Redirect:
        headers = {"Accept": ACCEPTED[ask.accept], **ask.headers}
        session = self._private if is_named(at, ask.allow_hosts) else self._public
        async with session.get(URL(at, encoded=True), headers=headers, allow_redirects=False) as response:
            status = response.status
            if status == 304:
                return Outcome(reason=Reason.UNCHANGED, status=status)
            if 300 <= status < 400:
                return _redirect(at, status, response.headers.get("Location", ""))
            if not 200 <= status < 300:
                pause_s = _heed(host, status, response.headers.get("Retry-After", ""))
                detail = f"{redact(at)} answered {status}"
                return Outcome(reason=Reason.HTTP_ERROR, status=status, detail=detail, retry_after_s=pause_s)
            if ask.accept in ONLY_HTML and (kind := response.headers.get("Content-Type", "")) and not _is_html(kind):
                return Outcome(reason=Reason.NOT_HTML, status=status, detail=f"Content-Type is {kind[:80]!r}")
            body, is_whole = await read_body(response, max_body_bytes)
            if not is_whole and not ask.is_robots:
                limit = f"more than {max_body_bytes:,} decoded bytes"
                return Outcome(reason=Reason.TOO_LARGE, status=status, detail=f"{redact(at)}: {limit}")
            return Capture(
                url=url,
                final_url=at,
                fetched_at=datetime.now(UTC),
                status=status,
                headers=tuple(
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers
                ),
                body=body,
            )

    def _session(self, *, guarded: bool) -> aiohttp.ClientSession:
        headers = {"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"}
        return guard.open_session(headers, guarded=guarded, resolver=self._resolver)


def _redirect(at: str, status: int, location: str) -> Outcome | Redirect:
    if not location:
        return Outcome(reason=Reason.BAD_RESPONSE, status=status, detail=f"{redact(at)}: redirect without Location")
    try:
        return Redirect(absolute(location, at))
    except ValueError as error:
        return Outcome(reason=Reason.BAD_URL, status=status, detail=f"{redact(at)} redirects: {error}")


def _heed(host: Host, status: int, retry_after: str) -> float | None:
    """Close a host that asks to be left alone. Seconds that it asks for, None where it does not."""
    pause_s = retry_after_s(retry_after, datetime.now(UTC)) if retry_after else None
    if status == 429 and pause_s is None:
        pause_s = DEFAULT_PAUSE_S
    if status not in (429, 503) or pause_s is None:
        return None
    host.close(pause_s, f"the host answered {status}: leave it alone for {pause_s:.0f} s")
    return pause_s


def _is_html(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in HTML_TYPES


def _host_or_nothing(url: str) -> str:
    try:
        return host_of(url)
    except ValueError:
        return ""


def _brief(error: BaseException | None) -> str:
    # The text of a ClientResponseError ends with the whole URL.
    said = error.message if isinstance(error, aiohttp.ClientResponseError) else str(error)
    text = " ".join(said.split()) or type(error).__name__
    return text[:200]
