"""S3 and a news site in a process of their own, so that their CPU is not counted as ours. Prints two URLs, then waits.

Run as `python -m tests.benchmarks.servers`; ends when its standard input closes.
"""

import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from xml.sax.saxutils import escape

from tests.benchmarks.corpus import pages
from tests.fakes.s3_server import LockedS3


class Site(BaseHTTPRequestHandler):
    """/feed.xml lists every page; /<stem> is the page."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *args: object, site: dict[str, bytes]) -> None:
        self.site = site
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        name = self.path.strip("/")
        body = self.site.get(name, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "application/rss+xml" if name == "feed.xml" else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def feed(base: str, stems: list[str]) -> bytes:
    date = format_datetime(datetime.now(UTC))
    items = "".join(
        f"<item><title>Page {stem[:8]}</title><link>{escape(base)}/{stem}</link><pubDate>{date}</pubDate></item>"
        for stem in stems
    )
    return f"<rss version='2.0'><channel><title>Corpus</title>{items}</channel></rss>".encode()


def main() -> None:
    site = pages()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, site=site))
    base = f"http://127.0.0.1:{server.server_port}"
    site["feed.xml"] = feed(base, sorted(site))
    Thread(target=server.serve_forever, daemon=True).start()
    with LockedS3() as s3:
        s3.create_bucket("bench")
        print(s3.endpoint_url, base, flush=True)
        sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    main()
