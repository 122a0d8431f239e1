"""wirewatch extract: one HTML file → the article that the pipeline would make of it."""

import json
import sys
import zlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from include.wirewatch.extract import EXTRACTOR, Extraction, Page, extract_pages
from include.wirewatch.models import Entry
from include.wirewatch.settings import load_settings
from include.wirewatch.stages.extract import limits_of

GZIP = b"\x1f\x8b"
SHOWN = (
    "title", "published", "modified", "author", "language", "site_name", "section", "tags", "image", "paywalled",
    "canonical_url", "word_count", "method", "method_detail",
)  # fmt: skip


def extract(
    file: Annotated[Path, typer.Argument(help="An HTML file, plain or gzipped; - reads standard input.")],
    url: Annotated[str, typer.Option(help="Where the page came from: resolves links, dates and the site's name.")] = "",
    content_type: Annotated[str, typer.Option(help="The Content-Type header it came with.")] = "text/html",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object; the default unless on a terminal.")] = False,
) -> None:
    """Show title, text and metadata of a page, each with its origin. Exit 1 where no text is found."""
    settings = load_settings()
    html = read_html(file, settings.max_body_bytes)
    page = Page(url, html, content_type, Entry(url=url or file.name, source="file"), now=datetime.now(UTC))
    extraction = extract_pages([page], limits_of(settings))[0]
    if as_json or not sys.stdout.isatty():
        print(json.dumps(to_json(extraction), ensure_ascii=False))
    else:
        print(to_text(extraction))
    raise typer.Exit(1 if extraction.method == "summary" else 0)


def read_html(file: Path, max_body_bytes: int) -> bytes:
    """The bytes of an HTML file, plain or gzipped; - is standard input. Exits with 2 where it cannot be read."""
    try:
        html = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        # Not a byte more than would be extracted: a small file may unpack to gigabytes.
        return zlib.decompressobj(31).decompress(html, max_body_bytes + 1) if html.startswith(GZIP) else html
    except (OSError, zlib.error) as error:
        print(f"{file}: {getattr(error, 'strerror', None) or error}", file=sys.stderr)
        raise typer.Exit(2) from None


def to_json(extraction: Extraction) -> dict[str, object]:
    """Every field; times in ISO 8601 with the page's own zone. author: the authors as one string."""
    return {
        **extraction._asdict(),
        "published": extraction.published.isoformat() if extraction.published else None,
        "modified": extraction.modified.isoformat() if extraction.modified else None,
        "author": "; ".join(extraction.authors),
        "extractor": EXTRACTOR,
    }


def to_text(extraction: Extraction) -> str:
    """For people: the fields that are known with their origins, then the text."""
    fields = to_json(extraction)
    origins = extraction.origins
    lines = []
    for name in SHOWN:
        value = fields[name]
        if value not in ("", None, ()):
            origin = origins.get({"author": "authors"}.get(name, name))
            value = ", ".join(value) if isinstance(value, tuple) else value
            lines.append(f"{name + ':':15}{value}" + (f"  [{origin}]" if origin else ""))
    if rejected := origins.get("published.rejected"):
        lines.append(f"{'not believed:':15}{rejected}")
    return "\n".join([*lines, "", extraction.text])
