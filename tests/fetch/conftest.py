"""Real servers on loopback that answer byte for byte what a test says."""

import asyncio
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from include.wirewatch.config.sources import Source
from include.wirewatch.fetch import Client
from include.wirewatch.models import Capture, Outcome

Answer = bytes | Callable[["Conversation"], None]


def reply(body: bytes = b"", *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    """A whole HTTP answer with a true Content-Length."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body)}",
        *([f"Content-Type: {kind}"] if kind else []),
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Conversation(socketserver.StreamRequestHandler):
    """Requests of one connection, each answered by the site's route for its path; then the connection is kept."""

    server: "Site"

    def handle(self) -> None:
        self.server.connections += 1
        while line := self.rfile.readline():
            path = line.split()[1].decode()
            headers = {}
            while header := self.rfile.readline().strip():
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            self.server.requests.append((path, headers))
            answer = self.server.routes.get(path, reply(status="404 Not Found"))
            try:
                if callable(answer):
                    answer(self)
                    return
                self.wfile.write(answer)
            except OSError:
                return

    def send(self, *parts: bytes) -> bool:
        """Write; False once the other side has gone or the test is over."""
        try:
            self.wfile.write(b"".join(parts))
        except OSError:
            return False
        return not self.server.over.is_set()


class Site(socketserver.ThreadingTCPServer):
    """routes: path → whole answer as bytes, or a function that speaks for itself. requests: (path, headers) so far."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.routes: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.over = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.requests]

    def handle_error(self, *args: object) -> None:
        pass  # clients that hang up are what these tests are about


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    with Site() as site:
        if tls is not None:
            site.socket = tls.wrap_socket(site.socket, server_side=True)
        threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield site
        site.over.set()
        site.shutdown()


@pytest.fixture
def site() -> Iterator[Site]:
    with running() as started:
        yield started


@pytest.fixture
def other_site() -> Iterator[Site]:
    with running() as started:
        yield started


def tls_of(name: str, folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate for that name, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.pem").write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context


def source_of(site: Site, **settings: object) -> Source:
    """A feed of that site, which may reach it, without a pause between requests."""
    given = {"name": "ours", "publisher": "Ours", "kind": "feed", "url": f"{site.url}/feed", "delay_s": 0}
    return Source(**{**given, "allow_hosts": (site.host,), **settings})


def client_of(**settings: object) -> Client:
    given = {
        "user_agent": "Wirewatch/9.9 (test; +mailto:desk@wire.example)",
        "timeout_s": 5.0,
        "max_body_bytes": 100_000,
    }
    return Client(**{**given, **settings})


def fetch(*urls: str, source: Source, accept: str = "page", headers: dict[str, str] | None = None, **settings: object):
    """GET the URLs one after the other with one client; the last answer, or all of them where there are several."""

    async def run() -> list[Capture | Outcome]:
        async with client_of(**settings) as client:
            return [await client.get(url, source=source, accept=accept, headers=headers) for url in urls]

    answers = asyncio.run(run())
    return answers[0] if len(answers) == 1 else answers
