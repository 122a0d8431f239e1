"""Source kinds by name. A new kind is one module with a `parse`, and one line here (and in config/sources.py)."""

from collections.abc import Callable

from include.wirewatch.config.sources import Source
from include.wirewatch.discover import feed, listing, sitemap
from include.wirewatch.discover.parsed import Parsed

Parse = Callable[[bytes, Source, str, str], Parsed]

KINDS: dict[str, Parse] = {
    "feed": feed.parse,
    "sitemap": sitemap.parse,
    "listing": listing.parse,
}
