"""A webhook's other side on loopback: keeps every request, and answers as a test says."""

import ssl
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import NamedTuple


class Received(NamedTuple):
    """One POST; the names of its headers in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """How a request is answered. drop: the connection ends instead. delay_s: before it; body_delay_s: in mid-answer."""

    status: int = 200
    headers: dict[str, str] = {}  # noqa: RUF012  # never changed
    body: bytes = b"ok"
    drop: bool = False
    delay_s: float = 0.0
    body_delay_s: float = 0.0


OK = Reply()


class WebhookServer(ThreadingHTTPServer):
    """For the length of a `with` block. replies: one a request, then OK; or a callable that is asked on each."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *replies: Reply, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.replies: list[Reply] | Callable[[Received], Reply] = list(replies)
        self.received: list[Received] = []
        self._scheme = "https" if tls else "http"
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def __enter__(self) -> "WebhookServer":
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"{self._scheme}://{self.host}/hook/t0ken?key=s3cret"

    def answer_to(self, received: Received) -> Reply:
        self.received.append(received)
        if callable(self.replies):
            return self.replies(received)
        return self.replies.pop(0) if self.replies else OK

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that has given up


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WebhookServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.answer_to(Received(self.path, headers, body))
        time.sleep(reply.delay_s)
        if reply.drop:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
        time.sleep(reply.body_delay_s)
        self.wfile.write(reply.body)

    def log_message(self, *args: object) -> None:
        pass
