"""One poll of one source: conditional GET → parse → further files of the same listing → entries, each once."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from include.wirewatch.config.sources import Source
from include.wirewatch.discover.kinds import KINDS, Parse
from include.wirewatch.discover.parsed import Parsed
from include.wirewatch.models import Capture, Entry, Outcome, Reason
from include.wirewatch.urls import canonicalise, redact

log = logging.getLogger(__name__)
Get = Callable[[str, Mapping[str, str]], Awaitable[Capture | Outcome]]

# Files of one listing read in one poll. A sitemap index may name 50,000: the freshest come first (see sitemap.py).
MAX_FILES = 10
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


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
    return await read_listing(
        source, source.url, get, KINDS[source.kind], headers={name: value for name, value in headers.items() if value}
    )


async def read_listing(
    source: Source,
    url: str,
    get: Get,
    parse: Parse,
    *,
    headers: Mapping[str, str] = NO_HEADERS,
    max_files: int = MAX_FILES,
) -> Poll:
    """One listing with the further files that it names, max_files of them at most, in the order that parse gives."""
    answer = await get(url, headers)
    if isinstance(answer, Outcome):
        return Poll((), answer, detail=answer.detail)
    parsed = _parsed(answer, source, parse)
    entries, troubles = list(parsed.entries), [parsed.trouble] if parsed.trouble else []
    waiting, known = list(parsed.more), {url, answer.final_url}
    while waiting and len(known) <= max_files and len(entries) < source.max_entries:
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
        # An index within the most promising file comes before the less promising ones.
        waiting = [*parsed.more, *waiting]
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
