"""One poll of one source: conditional GET → parse → further files of the same listing → entries, each once."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import NamedTuple

from include.wirewatch.config.sources import Source
from include.wirewatch.discover import sitemap
from include.wirewatch.discover.kinds import KINDS, Parse
from include.wirewatch.discover.parsed import Parsed
from include.wirewatch.models import Capture, Entry, Outcome, Reason
from include.wirewatch.urls import canonicalise, redact

log = logging.getLogger(__name__)
Get = Callable[[str, Mapping[str, str]], Awaitable[Capture | Outcome]]

# Files of one listing read in one poll. A sitemap index may name 50,000: the freshest come first (see sitemap.py).
MAX_FILES = 10


class Poll(NamedTuple):
    """What one poll brought. entries: as listed, each page once, at most Source.max_entries.

    outcome: `fetched`, `unchanged`, or why not. A listing that is broken is `bad_response` and may still have entries;
    one that is valid and empty is `fetched`. etag, last_modified: to be sent with the next poll; "" unless all is well.
    """

    entries: tuple[Entry, ...]
    outcome: Outcome
    etag: str = ""
    last_modified: str = ""
    detail: str = ""


async def discover(source: Source, get: Get, *, etag: str = "", last_modified: str = "") -> Poll:
    """Ask a source what it lists now. etag, last_modified: from an earlier Poll, or "" to ask unconditionally."""
    headers = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return await _read(source, source.url, get, KINDS[source.kind], {k: v for k, v in headers.items() if v})


async def discover_day(source: Source, day: date, get: Get) -> Poll:
    """What a source published on one UTC day, by the dated sitemap that `source.history` names.

    An entry without a date counts only where the address itself names the day (%d or %j in the template).
    """
    if not source.history:
        return _failed(Outcome(reason=Reason.NOT_FETCHED, detail="the source names no history"))
    poll = await _read(source, source.history.format(date=day), get, sitemap.parse, {})
    names_day = "%d" in source.history or "%j" in source.history or "%F" in source.history
    return poll._replace(entries=tuple(entry for entry in poll.entries if _is_of(entry.published, day, names_day)))


async def _read(source: Source, url: str, get: Get, parse: Parse, headers: Mapping[str, str]) -> Poll:
    answer = await get(url, headers)
    if isinstance(answer, Outcome):
        return _failed(answer)
    parsed = _parsed(answer, source, parse)
    entries, troubles = list(parsed.entries), [parsed.trouble] if parsed.trouble else []
    waiting, known = list(parsed.more), {url, answer.final_url}
    while waiting and len(known) <= MAX_FILES and len(entries) < source.max_entries:
        following = waiting.pop(0)
        if following in known:
            continue
        known.add(following)
        part = await get(following, {})
        if isinstance(part, Outcome):
            troubles.append(f"{redact(following)}: {part.label}")
            continue
        parsed = _parsed(part, source, parse)
        entries += parsed.entries
        waiting += parsed.more
        troubles += [f"{redact(following)}: {parsed.trouble}"] if parsed.trouble else []
    trouble = "; ".join(troubles)[:500]
    outcome = Outcome(reason=Reason.BAD_RESPONSE if trouble else Reason.FETCHED, status=answer.status, detail=trouble)
    once = tuple(_once(entries))[: source.max_entries]
    if trouble:
        return Poll(once, outcome, detail=trouble)
    # An index's own validators say nothing about the files that it names.
    validators = ("", "") if len(known) > 2 else (answer.header("ETag"), answer.header("Last-Modified"))
    return Poll(once, outcome, *validators)


def _parsed(answer: Capture, source: Source, parse: Parse) -> Parsed:
    try:
        return parse(answer.body, source, answer.final_url, answer.header("Content-Type"))
    except Exception as error:  # libraries raise anything on hostile bytes; one bad source must not fail its shard
        log.exception("poll.parser_failed source=%s url=%s", source.name, redact(answer.final_url))
        return Parsed([], f"cannot be read: {type(error).__name__}: {error}"[:300])


def _failed(outcome: Outcome) -> Poll:
    return Poll((), outcome, detail=outcome.detail)


def _once(entries: Iterable[Entry]) -> Iterable[Entry]:
    """Each page once, as first listed; links that are no http(s) URL are dropped (feeds carry mailto: and magnet:)."""
    seen = set()
    for entry in entries:
        try:
            key = canonicalise(entry.url)
        except ValueError:
            continue
        if key not in seen:
            seen.add(key)
            yield entry


def _is_of(published: datetime | None, day: date, names_day: bool) -> bool:
    return names_day if published is None else published.astimezone(UTC).date() == day
