"""The Wayback Machine on loopback: its index (CDX server) and captures in original form, as far as history asks.

Answers by the rules of wayback-cdx-server/README.md: prefix match on the URL without its scheme and `www.`, from and
to inclusive, regular expressions on whole fields, collapsing of adjacent lines, a resumption key after an empty one.
Captures: /web/<time>id_/<url> with Memento-Datetime and X-Archive-Orig-*; another time leads to the nearest one.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote_plus, urlsplit

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")


class Stored(NamedTuple):
    """One capture. headers: the publisher's own."""

    stamp: str
    url: str
    body: bytes
    status: int
    kind: str
    headers: tuple[tuple[str, str], ...]

    @property
    def line(self) -> dict[str, str]:
        values = (surt(self.url), self.stamp, self.url, self.kind, str(self.status), "DIGEST", str(len(self.body)))
        return dict(zip(FIELDS, values, strict=True))


class WaybackServer:
    """captures: what it has. refusals: (status, Retry-After) for the next requests, one each. paths: what was asked.

    extra_lines: put before the index's own, as they are. max_lines: of one answer, whatever was asked.
    """

    def __init__(self) -> None:
        self.captures: list[Stored] = []
        self.refusals: list[tuple[int, str]] = []
        self.paths: list[str] = []
        self.extra_lines: list[str] = []
        self.max_lines = 3_000
        self.at_once = self.most_at_once = 0

    def add(
        self, stamp: str, url: str, body: bytes = b"<h1>Archived</h1>", *headers: tuple[str, str], **facts: Any
    ) -> None:
        """Keep one capture. facts: status, kind."""
        stored = Stored(stamp, url, body, facts.get("status", 200), facts.get("kind", "text/html"), headers)
        self.captures = sorted([*self.captures, stored], key=lambda one: (surt(one.url), one.stamp))

    @property
    def mementos(self) -> list[str]:
        return [path for path in self.paths if path.startswith("/web/")]

    @property
    def questions(self) -> list[dict[str, list[str]]]:
        return [parse_qs(urlsplit(path).query) for path in self.paths if path.startswith("/cdx/")]

    def answer(self, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
        self.paths.append(path)
        if self.refusals:
            status, pause = self.refusals.pop(0)
            return status, [("Retry-After", pause)] if pause else [], b"slow down"
        if path.startswith("/cdx/search/cdx?"):
            return 200, [("Content-Type", "text/plain")], self._index(parse_qs(urlsplit(path).query)).encode()
        return self._capture(path)

    def _index(self, query: dict[str, list[str]]) -> str:
        one = {name: values[0] for name, values in query.items()}
        assert one["matchType"] == "prefix"
        prefix = surt(one["url"])
        rows = [stored.line for stored in self.captures if surt(stored.url).startswith(prefix)]
        rows = [row for row in rows if one["from"] <= row["timestamp"] <= one["to"]]
        for condition in query.get("filter", []):
            field, _, pattern = condition.partition(":")
            rows = [row for row in rows if re.fullmatch(pattern, row[field])]
        if field := one.get("collapse"):
            rows = [
                row
                for before, row in zip([None, *rows], rows, strict=False)
                if not before or before[field] != row[field]
            ]
        keys = [f"{row['urlkey']} {row['timestamp']}!" for row in rows]
        start = keys.index(one["resumeKey"]) + 1 if "resumeKey" in one else 0
        limit = min(int(one["limit"]), self.max_lines)
        shown = rows[start : start + limit]
        lines = [" ".join(row[name] for name in one["fl"].split(",")) for row in shown]
        if start == 0:
            lines = [*self.extra_lines, *lines]
        if start + limit < len(rows) and one.get("showResumeKey") == "true":
            lines += ["", quote_plus(keys[start + limit - 1])]
        return "".join(f"{line}\n" for line in lines)

    def _capture(self, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
        found = re.fullmatch(r"/web/(\d{14})id_/(.+)", path)
        same = [one for one in self.captures if found and surt(one.url) == surt(found[2])]
        if not found or not same:
            return 404, [("Content-Type", "text/html")], b"The Wayback Machine has not archived that URL."
        nearest = min(same, key=lambda one: abs(int(one.stamp) - int(found[1])))
        if nearest.stamp != found[1]:
            return 302, [("Location", f"/web/{nearest.stamp}id_/{nearest.url}")], b""
        moment = datetime.strptime(nearest.stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        headers = [
            ("Content-Type", nearest.kind),
            ("Memento-Datetime", format_datetime(moment, usegmt=True)),
            ("x-archive-orig-content-type", nearest.kind),
            *((f"x-archive-orig-{name.lower()}", value) for name, value in nearest.headers),
        ]
        return nearest.status, headers, nearest.body


def surt(url: str) -> str:
    """The index's key of a URL: host turned round, without scheme, port and www."""
    host, slash, path = url.partition("://")[2].partition("/") if "://" in url else url.partition("/")
    labels = host.lower().partition(":")[0].removeprefix("www.").split(".")
    return f"{','.join(reversed(labels))}){slash}{path}".lower()


@contextmanager
def serving(machine: WaybackServer) -> Iterator[str]:
    """Serve it on loopback; the address to give as WIREWATCH_WAYBACK_URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            machine.at_once += 1
            machine.most_at_once = max(machine.most_at_once, machine.at_once)
            status, headers, body = machine.answer(self.path)
            self.send_response(status)
            for name, value in [*headers, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            machine.at_once -= 1
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
