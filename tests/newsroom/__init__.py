"""A newsroom on loopback: five made-up publishers with pages, feeds, sitemaps and every kind of trouble.

content.py    articles/*.yaml → pieces dated relative to now, and what must become of each
pages.py      pieces × templates/ → pages, feeds, sitemaps
server.py     one HTTP server a publisher, and the configuration files that lead to them
"""

from tests.newsroom.content import Expected, ExpectedAlert
from tests.newsroom.server import Newsroom, Request

__all__ = ["Expected", "ExpectedAlert", "Newsroom", "Request"]
