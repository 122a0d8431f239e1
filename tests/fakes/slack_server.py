"""A Slack workspace on loopback that the real slack-sdk client talks to: the Web API's wire format, limits and faults.

It keeps what was sent, letter by letter. A message is accepted when it is in `messages`; whether the client hears of it
is another matter, which `faults` decide: a list of one fault a posting call, or a callable asked on each.
"""

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from tests.fakes.slack_limits import message_error

TOKEN = "xoxb-wirewatch-demo"
BOT = "U0WIREBOT"
CHANNEL = "C0WIREDEMO"

Answer = dict[str, Any]


class SlackError(Exception):
    """A refusal: HTTP 200 with ok=false and this code."""


class Fault(NamedTuple):
    """What goes wrong with one call that posts. kind:

    drop_before, drop_after: the connection ends without an answer, before or after the message is accepted
    http_500_before, http_500_after: the same with an answer of 500
    rate_limited: 429 with Retry-After: retry_after_s
    slow: accepted, and answered only after delay_s
    anything else: a refusal with that error code, such as channel_not_found
    """

    kind: str
    retry_after_s: int = 1
    delay_s: float = 0.0


Faults = list[Fault] | Callable[[str, Answer], Fault | None]


class SlackServer:
    """A workspace for the length of a `with` block. channels: where the bot is a member; outside: where it is not."""

    def __init__(
        self,
        *,
        token: str = TOKEN,
        channels: tuple[str, ...] = (CHANNEL,),
        outside: tuple[str, ...] = (),
        faults: Faults | None = None,
    ) -> None:
        self.token = token
        self.channels = channels
        self.outside = outside
        self.faults: Faults = faults if faults is not None else []
        self.messages: list[Answer] = []
        self.calls: list[str] = []
        self._reactions: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._lock = Lock()
        self._last_ts = 0
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.slack = self
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> "SlackServer":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/api/"

    def airflow_connection(self) -> str:
        """The value of AIRFLOW_CONN_SLACK_API_DEFAULT."""
        extra = {"base_url": self.base_url, "timeout": 10}
        return json.dumps({"conn_type": "slack", "password": self.token, "extra": extra})

    def answer(self, method: str, token: str, arguments: Answer) -> tuple[Fault | None, Answer]:
        """Carry out one call. Returns the fault that its answer meets on the way back, and the answer."""
        with self._lock:
            self.calls.append(method)
            try:
                act = METHODS.get(method)
                if act is None:
                    raise SlackError("unknown_method")
                if token != self.token:
                    raise SlackError("invalid_auth" if token else "not_authed")
                fault = self._next_fault(method, arguments) if method.startswith("chat.") else None
                if fault and fault.kind in _NOT_ACCEPTED:
                    return fault, {}
                if fault and fault.kind not in _ACCEPTED:
                    raise SlackError(fault.kind)
                return fault, {"ok": True, **act(self, arguments)}
            except SlackError as error:
                return None, {"ok": False, "error": str(error)}

    def _next_fault(self, method: str, arguments: Answer) -> Fault | None:
        if callable(self.faults):
            return self.faults(method, arguments)
        return self.faults.pop(0) if self.faults else None

    def _auth_test(self, arguments: Answer) -> Answer:
        return {"url": self.base_url, "team": "Demo", "team_id": "T0WIREDEMO", "user": "wirewatch", "user_id": BOT}

    def _post(self, arguments: Answer) -> Answer:
        channel = self._channel(arguments)
        if error := message_error(arguments):
            raise SlackError(error)
        thread = str(arguments.get("thread_ts") or "")
        if thread:
            self._find(channel, thread, "thread_not_found")
        # Unique and growing within the workspace, as ids of messages are.
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        ts = f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"
        message: Answer = {"type": "message", "user": BOT, "channel": channel, "ts": ts, "edits": 0}
        message |= {"text": arguments.get("text", ""), "blocks": arguments.get("blocks") or []}
        message |= {"metadata": arguments.get("metadata"), "client_msg_id": arguments.get("client_msg_id", "")}
        message["thread_ts"] = thread
        self.messages.append(message)
        return {"channel": channel, "ts": ts, "message": _shown(message, metadata=True)}

    def _update(self, arguments: Answer) -> Answer:
        message = self._find(self._channel(arguments), arguments.get("ts", ""), "message_not_found")
        if error := message_error(arguments):
            raise SlackError(error)
        message.update({key: arguments[key] for key in ("text", "blocks", "metadata") if key in arguments})
        message["edits"] += 1
        return {"channel": message["channel"], "ts": message["ts"], "text": message["text"]}

    def _history(self, arguments: Answer) -> Answer:
        channel = self._channel(arguments)
        found = [message for message in self.messages if message["channel"] == channel and not message["thread_ts"]]
        return _page(found[::-1], arguments)

    def _replies(self, arguments: Answer) -> Answer:
        channel = self._channel(arguments)
        parent = self._find(channel, arguments.get("ts", ""), "thread_not_found")
        return _page([parent, *(reply for reply in self.messages if reply["thread_ts"] == parent["ts"])], arguments)

    def _react(self, arguments: Answer) -> Answer:
        channel, ts = self._channel(arguments), str(arguments.get("timestamp", ""))
        self._find(channel, ts, "message_not_found")
        given = self._reactions.setdefault((channel, ts), [])
        if (name := str(arguments.get("name", ""))) and (name, BOT) not in given:
            given.append((name, BOT))
            return {}
        raise SlackError("already_reacted" if name else "invalid_name")

    def react_as(self, user: str, name: str, ts: str) -> None:
        """A person reacts to the message with that ts."""
        channel = next(message["channel"] for message in self.messages if message["ts"] == ts)
        self._reactions.setdefault((channel, ts), []).append((name, user))

    def _reactions_of(self, arguments: Answer) -> Answer:
        channel, ts = self._channel(arguments), str(arguments.get("timestamp", ""))
        message = self._find(channel, ts, "message_not_found")
        users: dict[str, list[str]] = {}
        for name, user in self._reactions.get((channel, ts), []):
            users.setdefault(name, []).append(user)
        reactions = [{"name": name, "users": who, "count": len(who)} for name, who in users.items()]
        return {"type": "message", "channel": channel, "message": {**_shown(message), "reactions": reactions}}

    def _channel(self, arguments: Answer) -> str:
        channel = str(arguments.get("channel", ""))
        if channel in self.outside:
            raise SlackError("not_in_channel")
        if channel not in self.channels:
            raise SlackError("channel_not_found")
        return channel

    def _find(self, channel: str, ts: object, error: str) -> Answer:
        for message in self.messages:
            if message["channel"] == channel and message["ts"] == ts:
                return message
        raise SlackError(error)


METHODS: dict[str, Callable[[SlackServer, Answer], Answer]] = {
    "auth.test": SlackServer._auth_test,
    "chat.postMessage": SlackServer._post,
    "chat.update": SlackServer._update,
    "conversations.history": SlackServer._history,
    "conversations.replies": SlackServer._replies,
    "reactions.add": SlackServer._react,
    "reactions.get": SlackServer._reactions_of,
}
_NOT_ACCEPTED = {"drop_before", "http_500_before", "rate_limited"}
_ACCEPTED = {"drop_after", "http_500_after", "slow"}


def _page(found: list[Answer], arguments: Answer) -> Answer:
    oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
    inclusive = _flag(arguments.get("inclusive"))
    found = [m for m in found if oldest < float(m["ts"]) < latest or (inclusive and float(m["ts"]) in (oldest, latest))]
    start, limit = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 15)
    rest = len(found) > start + limit
    metadata = _flag(arguments.get("include_all_metadata"))
    return {
        "messages": [_shown(message, metadata=metadata) for message in found[start : start + limit]],
        "has_more": rest,
        "response_metadata": {"next_cursor": str(start + limit) if rest else ""},
    }


def _shown(message: Answer, *, metadata: bool = False) -> Answer:
    """As Slack shows it: without channel, without empty thread_ts, and with metadata only where asked for."""
    hidden = {"channel", "edits"} | (set() if metadata and message["metadata"] else {"metadata"})
    return {key: value for key, value in message.items() if key not in hidden and (key != "thread_ts" or value)}


def _flag(value: object) -> bool:
    return value in (True, 1, "1", "true", "True")


class _Server(ThreadingHTTPServer):
    slack: SlackServer
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that has given up


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        path, _, query = self.path.partition("?")
        sent = "json" in self.headers.get("Content-Type", "")
        arguments = json.loads(body) if sent and body else dict(parse_qsl(f"{query}&{body}", keep_blank_values=True))
        for name in ("blocks", "metadata"):
            if isinstance(arguments.get(name), str):
                arguments[name] = json.loads(arguments[name] or "null")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or arguments.pop("token", "")
        fault, answer = self.server.slack.answer(path.removeprefix("/api/"), token, arguments)
        kind = fault.kind if fault else ""
        if fault and kind == "slow":
            time.sleep(fault.delay_s)
        if kind.startswith("drop"):
            self.close_connection = True
        elif kind.startswith("http_500"):
            self._send(500, {"ok": False, "error": "internal_error"})
        elif fault and kind == "rate_limited":
            self._send(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(fault.retry_after_s)})
        else:
            self._send(200, answer)

    def _send(self, status: int, answer: Answer, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass
