"""The newsroom's HTTP servers: one a publisher, for a publisher is a host of its own.

Newsroom(now) is a context manager. Everything it publishes is dated relative to that now; it asks no clock.
"""

import re
import shutil
from dataclasses import replace
from datetime import date, datetime, timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, NamedTuple

from include.wirewatch.settings import DEFAULT_CONFIG
from tests.newsroom import pages
from tests.newsroom.content import Expected, Piece, Publisher, expected, load_publishers

DEMO_CONFIG = Path(__file__).resolve().parents[1] / "config_demo"
ISO_TIME = re.compile(rb"\b\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?")
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.DOTALL | re.IGNORECASE)


class Request(NamedTuple):
    """One answered request."""

    publisher: str
    path: str
    status: int


class Newsroom:
    """publishers: id → base URL. requests: what was asked, in order of the answers."""

    def __init__(self, now: datetime) -> None:
        self.now = now.replace(microsecond=0)
        self.requests: list[Request] = []
        self._lock = Lock()
        self._content = {publisher.id: publisher for publisher in load_publishers(self.now)}
        self._servers = {name: _Server(self, publisher) for name, publisher in self._content.items()}

    def __enter__(self) -> "Newsroom":
        for server in self._servers.values():
            server.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.thread.join(5)
            server.server_close()

    @property
    def publishers(self) -> dict[str, str]:
        return {name: server.base for name, server in self._servers.items()}

    @property
    def expected(self) -> Expected:
        return expected(list(self._content.values()), self.now)

    def url(self, slug: str) -> str:
        """Where the piece's page lies. Raises KeyError for an unknown slug."""
        for name, publisher in self._content.items():
            if any(piece.slug == slug for piece in [*publisher.pieces, *publisher.served]):
                return f"{self._servers[name].base}/{slug}"
        raise KeyError(slug)

    def pieces(self) -> list[Piece]:
        """Everything that the sources list now."""
        return [piece for publisher in self._content.values() for piece in publisher.listed]

    def serve_file(
        self, path: Path, *, title: str = "", publisher: str = "harbour-courier", fresh: bool = False
    ) -> str:
        """List an HTML file as that publisher's newest article, and serve it as it is. Returns its URL.

        The entry is dated now. A page's own date counts as well, and the earliest is believed: an old page stays too
        old to alert unless fresh, which moves every ISO time in the bytes to an hour ago.
        """
        body = path.read_bytes()
        if fresh:
            body = ISO_TIME.sub((self.now - timedelta(hours=1)).isoformat().encode(), body)
        found = TITLE.search(body.decode("utf-8", "replace"))
        piece = Piece(
            f"served/{path.stem}", title or (unescape(found[1]).strip() if found else path.stem), self.now, raw=body
        )
        with self._lock:
            self._content[publisher].served.append(piece)
        return self.url(piece.slug)

    def repeat_history(self, days: int) -> None:
        """Publish the last week's pieces of history again, a week earlier each time, for so many days back in all."""
        for publisher in self._content.values():
            for piece in [piece for piece in publisher.pieces if not piece.listed]:
                age = (self.now.date() - piece.published.date()).days
                publisher.pieces += [
                    replace(piece, slug=f"{piece.slug}-{weeks}", published=piece.published - timedelta(weeks=weeks))
                    for weeks in range(1, days)
                    if age <= 7 and 8 < age + 7 * weeks <= days
                ]

    def write_config(self, directory: Path) -> None:
        """Write sources.yaml with the real addresses beside the demo's receivers.yaml and the shipped rules.yaml."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "sources.yaml").write_text(self.sources_yaml(), "utf-8")
        shutil.copyfile(DEMO_CONFIG / "receivers.yaml", directory / "receivers.yaml")
        shutil.copyfile(Path(DEFAULT_CONFIG) / "rules.yaml", directory / "rules.yaml")

    def sources_yaml(self) -> str:
        """The demo's sources.yaml with the real addresses."""
        hosts = {name.replace("-", "_"): base.removeprefix("http://") for name, base in self.publishers.items()}
        text = (DEMO_CONFIG / "sources.yaml").read_text("utf-8")
        return re.sub(r"<([a-z_]+)>(?! stands)", lambda name: hosts[name[1]], text)

    def answer(self, publisher: Publisher, base: str, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers for one GET, which is logged."""
        with self._lock:
            status, body, headers = self._route(publisher, base, path.partition("?")[0])
            self.requests.append(Request(publisher.id, path, status))
        return status, body, headers

    def _route(self, publisher: Publisher, base: str, path: str) -> tuple[int, bytes, dict[str, str]]:
        if path == "/robots.txt":
            return 200, pages.ROBOTS.encode(), {"Content-Type": "text/plain"}
        source_path, listing, content_type = pages.source_page(publisher, base, self.now)
        if path == source_path:
            return 200, listing, {"Content-Type": content_type}
        if dated := re.fullmatch(r"/sitemaps/(\d{4}-\d\d-\d\d)\.xml", path):
            pieces = publisher.of_day(date.fromisoformat(dated[1])) if publisher.history else []
            if not pieces:
                return _NOT_FOUND
            return 200, pages.sitemap(publisher, pieces, base), {"Content-Type": "application/xml"}
        for piece in [*publisher.pieces, *publisher.served]:
            if path == f"/go/{piece.slug}" and piece.quirk == "redirect":
                return 302, b"", {"Location": f"/{piece.slug}"}
            if path == f"/{piece.slug}":
                if piece.quirk == "missing":
                    return _NOT_FOUND
                if piece.quirk == "error":
                    return 500, b"<h1>Internal error</h1>", {"Content-Type": "text/html"}
                return 200, *pages.page(publisher, piece, base)
        return _NOT_FOUND


_NOT_FOUND: tuple[int, bytes, dict[str, str]] = (404, b"<h1>Not found</h1>", {"Content-Type": "text/html"})


class _Server(ThreadingHTTPServer):
    block_on_close = False

    def __init__(self, newsroom: Newsroom, publisher: Publisher) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.newsroom, self.publisher = newsroom, publisher
        self.base = f"http://127.0.0.1:{self.server_port}"
        self.thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # a reader that has hung up, at its size limit for instance


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        status, body, headers = self.server.newsroom.answer(self.server.publisher, self.server.base, self.path)
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        pass
