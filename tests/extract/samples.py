"""Pages and entries that the tests of extraction share."""

from datetime import UTC, datetime

from include.wirewatch.extract import Extraction, Page, extract_page
from include.wirewatch.models import Entry

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
URL = "https://harbour-times.example/2026/11/24/talks-resume"
PARAGRAPHS = [
    "Negotiators in Harbour City said on Tuesday that the ceasefire would hold through the winter, although both sides "
    "accused the other of breaking it twice since Sunday night.",
    "The envoy, Marta Ilves, told reporters that the ultimatum had been withdrawn and that a second round of talks "
    "would begin before the end of the month, in a place still to be agreed.",
    "Grain prices fell for the third day on hopes that the port would reopen, and insurers said they would review the "
    "premiums that had kept most ships away since the spring.",
]
BODY = "<h1>Talks resume in Harbour City</h1>" + "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def entry(**fields: object) -> Entry:
    return Entry(**({"url": URL, "source": "harbour-times", "title": "Talks resume"} | fields))  # type: ignore[arg-type]


def html(body: str = BODY, head: str = "", lang: str = "en") -> bytes:
    title = "<title>Talks resume in Harbour City | Harbour Times</title>"
    article = f"<body><nav><a href='/world'>World news</a></nav><article>{body}</article></body>"
    return f'<!DOCTYPE html><html lang="{lang}"><head>{title}{head}</head>{article}</html>'.encode()


def page(body: bytes, *, url: str = URL, content_type: str = "text/html", **fields: object) -> Page:
    return Page(url, body, content_type, entry(**fields), NOW)


def extract(body: str = BODY, head: str = "", **fields: object) -> Extraction:
    return extract_page(page(html(body, head), **fields))
