"""What a source lists now: one poll → entries. What it listed on a past day: history/.

One module per kind, each a pure `parse(body, source, url, content_type) -> Parsed`; the kinds that spread over several
files (sitemap indexes) also say which to read next. All I/O is the `get` that the caller brings.
"""

from include.wirewatch.discover.kinds import KINDS
from include.wirewatch.discover.poll import Get, Poll, discover

__all__ = ["KINDS", "Get", "Poll", "discover"]
