"""The archive_url route: a publisher's page of one day's links, read as a section page (discover/listing.py).

Its entries have no date: that the day's page lists them is what says that they are of the day. A link whose own address
names another day is left out: archives link to their neighbours.
"""

from datetime import date

from include.wirewatch.config.history import HistoryRoute
from include.wirewatch.config.sources import Source
from include.wirewatch.discover import listing
from include.wirewatch.discover.history.spans import ONE_DAY, day_of
from include.wirewatch.discover.poll import Get, Poll, read_listing


async def entries_of(source: Source, route: HistoryRoute, day: date, get: Get) -> Poll:
    """The links of the day's page. Further pages of a day are not looked for: name another route behind this one."""
    poll = await read_listing(source, route.address(day), get, listing.parse)
    near = (day - ONE_DAY, day, day + ONE_DAY, None)
    return poll._replace(entries=tuple(entry for entry in poll.entries if day_of(entry.url) in near))
