"""What a task needs before it can begin, made once by the process that tasks are forked from (deploy/preload).

Every stage is imported, a page is extracted, a query parsed, and S3's description read: with that, the tables and
patterns of the libraries are there too. No connection, no thread, no secret, nothing of the configuration.
"""

import importlib
import pkgutil
from datetime import UTC, datetime

from include.wirewatch import stages
from include.wirewatch.extract import Page, extract_page
from include.wirewatch.match import parse
from include.wirewatch.models import Entry
from include.wirewatch.s3_data import read_s3_data

URL = "https://example.org/2026/01/01/harbour"
PAGE = "<html><head><title>Harbour</title></head><body><article><p>{}</p></article></body></html>"


def warm() -> None:
    """Takes some seconds; called again, none."""
    for module in pkgutil.iter_modules(stages.__path__, f"{stages.__name__}."):
        importlib.import_module(module.name)
    html = PAGE.format("The harbour was closed on Monday after a storm. " * 20).encode()
    extract_page(Page(URL, html, "text/html", Entry(url=URL, source="warm"), now=datetime.now(UTC)))
    parse("SAME/sentence(storm, harbour)")
    read_s3_data()
