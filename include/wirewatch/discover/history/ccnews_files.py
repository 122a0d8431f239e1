"""Which of Common Crawl's news files can hold records of a day, by their names alone. Pure.

`<prefix>/YYYY/MM/warc.paths.gz` lists a month's files, one path a line (commoncrawl.org, "News Dataset Available");
a file is `CC-NEWS-YYYYMMDDHHMMSS-NNNNN.warc.gz`, named by the time of its first record. The crawler begins a new one
after 1 GB or a day (commoncrawl/news-crawl, CrawlTopology: FileTimeSizeRotationPolicy).
"""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

FILE = re.compile(r"(?:.*/)?(\d{4}/\d\d/CC-NEWS-(\d{14})-\d+\.warc\.gz)")
ROTATION = timedelta(days=1)
# Begun before the day and still written on it: one a writer, and there is one writer, or two for a while.
EARLIER_FILES = 2
MAX_LIST_BYTES = 10_000_000


class DayFiles(NamedTuple):
    """The files of one day, in order; keys below the prefix."""

    day: date
    keys: tuple[str, ...]


class _NewsFile(NamedTuple):
    begun_at: datetime
    key: str


def lists_of(day: date) -> list[str]:
    """The keys of the lists to read: the month's, and before it the month's in which the day before lies."""
    months = dict.fromkeys(f"{moment:%Y/%m}" for moment in (day - ROTATION, day))
    return [f"{month}/warc.paths.gz" for month in months]


def files_of(day: date, paths: Iterable[str]) -> DayFiles:
    """The files that can hold records of that UTC day, in the order of their time. Other lines are passed over."""
    start = datetime.combine(day, time(), UTC)
    files = sorted({file for path in paths if (file := _file(path)) is not None})
    earlier = [file for file in files if start - ROTATION < file.begun_at < start][-EARLIER_FILES:]
    within = [file for file in files if start <= file.begun_at < start + timedelta(days=1)]
    return DayFiles(day, tuple(file.key for file in earlier + within))


def _file(path: str) -> _NewsFile | None:
    found = FILE.fullmatch(path.strip())
    try:
        return _NewsFile(datetime.strptime(found[2], "%Y%m%d%H%M%S").replace(tzinfo=UTC), found[1]) if found else None
    except ValueError:
        return None
