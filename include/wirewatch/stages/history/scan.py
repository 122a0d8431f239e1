"""The ccnews route for all sources that came to it: one scan of the day's files, its hits into the day's slices."""

import logging
from collections.abc import Sequence

from include.wirewatch.coverage import page_of
from include.wirewatch.discover.history.ccnews import DayScan, Hit, Limits, host_of_hosts, list_files
from include.wirewatch.discover.history.spans import ONE_DAY, day_of
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Entry, Outcome, Reason, RouteReport, ScanPosition
from include.wirewatch.stages.collect import Pick, item_of
from include.wirewatch.stages.history.day import Day, Trail

log = logging.getLogger(__name__)
ROUTE = "ccnews"
# After so many bytes the position is committed also when nothing was found: a killed try does not read them again.
SAVE_BYTES = 5_000_000_000


def scan_day(day: Day, trails: Sequence[Trail]) -> None:
    """Scan until the day's files are read or a limit of bytes is reached, which the reports say.

    Raises:
        UnfinishedDayError: the time is over.
        StoreError: a file breaks off again and again. The position is saved in both cases.
    """
    store = day.services.open_ccnews()
    files = list_files(store, day.day)
    if isinstance(files, Outcome):
        _close(trails, files, is_whole=True)
        return
    settings = day.services.settings
    by_host = _by_host(trails)
    scan = DayScan(
        store,
        files,
        start_of(day, set(by_host)),
        Limits(settings.ccnews_max_bytes, settings.max_body_bytes, lambda: day.budget.left_s() <= 0),
        day.now,
    )
    _begin(day, trails)
    try:
        _take_hits(day, scan, by_host)
    except StoreError:
        day.save()
        raise
    day.is_scan_left = not scan.position.done
    if not day.is_scan_left:
        reason = Reason.BAD_RESPONSE if scan.troubles else Reason.FETCHED
        _close(trails, Outcome(reason=reason, detail="; ".join(scan.troubles)[:300]), is_whole=True)
        return
    left = f"{scan.files_left} of {len(files.keys)} files are left"
    log.warning("ccnews.unfinished read_bytes=%d %s", scan.position.bytes_read, left)
    how = "clear fetch_day to go on, or raise WIREWATCH_CCNEWS_MAX_BYTES"
    _close(trails, Outcome(reason=Reason.NOT_FETCHED, detail=f"{left}: {how}"), is_whole=False)
    if day.budget.left_s() <= 0:
        day.require_time(scan.files_left)


def start_of(day: Day, hosts: set[str]) -> ScanPosition:
    """Where to go on: behind this run's last slice, else behind what another run of the day has read, for these hosts.

    A position of other hosts says nothing about these. With `refetch`, other runs do not count.
    """
    begun = [day.slices.scan] if day.slices.scan else [] if day.refetch else day.held.positions
    fitting = [position for position in begun if hosts <= set(position.hosts)]
    furthest = max(fitting, key=lambda at: (at.done, at.file, at.offset), default=ScanPosition(hosts=()))
    return furthest.model_copy(update={"hosts": tuple(sorted(hosts))})


def _take_hits(day: Day, scan: DayScan, by_host: dict[str, list[Trail]]) -> None:
    def is_wanted(host: str, url: str) -> bool:
        trail = _trail_of(day, by_host[host], url)
        if trail is None:
            return False
        if (page := page_of(url)) in day.taken:
            trail.listed.add(page)
            return False
        return True

    saved_at = scan.position.bytes_read
    while scan.has_more:
        for hit in scan.next_file(is_wanted):
            day.slices.scan = scan.position
            _take(day, _trail_of(day, by_host[host_of_hosts(hit.url, frozenset(by_host))], hit.url), hit)
        day.slices.scan = scan.position
        if scan.position.bytes_read - saved_at >= SAVE_BYTES:
            day.save()
            saved_at = scan.position.bytes_read


def _take(day: Day, trail: Trail | None, hit: Hit) -> None:
    assert trail is not None, "it was wanted"
    page = page_of(hit.url)
    day.taken.add(page)
    trail.listed.add(page)
    trail.route = ROUTE
    entry = Entry(url=hit.url, source=trail.source.name)
    pick = Pick(trail.source, entry, day.now, first_poll=True, route=ROUTE)
    day.slices.add(item_of(pick, hit.answer, day.slices.writer), day.reports)


def _trail_of(day: Day, trails: Sequence[Trail], url: str) -> Trail | None:
    """Whose page it is: the first source of that host that wants it, unless its address names another day."""
    is_front_page = "/" not in url.partition("://")[2].rstrip("/")
    if is_front_page or day_of(url) not in (day.day, day.day - ONE_DAY, None):
        return None
    return next((trail for trail in trails if trail.source.wants(url)), None)


def _begin(day: Day, trails: Sequence[Trail]) -> None:
    """What earlier scans of this day found belongs to the answer."""
    for trail in trails:
        name = trail.source.name
        own = (item for item in day.slices.all_items if item.entry.source == name and item.history_route == ROUTE)
        trail.listed |= {page_of(item.entry.url) for item in own} | day.held.scanned.get(name, set())


def _close(trails: Sequence[Trail], outcome: Outcome, *, is_whole: bool) -> None:
    """Close the route for each trail; one for which the whole of it brought nothing goes on to its next."""
    for trail in trails:
        assert trail.next_route is not None, "it waits for this scan"
        report = RouteReport(route=ROUTE, outcome=outcome, listed=len(trail.listed))
        log.info("history.route source=%s %s %s", trail.source.name, report.label, outcome.detail)
        trail.reports.append(report)
        trail.route = ROUTE if trail.listed else ""
        following = trail.next_route + 1
        goes_on = is_whole and not trail.listed and following < len(trail.source.history)
        trail.next_route = following if goes_on else None


def _by_host(trails: Sequence[Trail]) -> dict[str, list[Trail]]:
    by_host: dict[str, list[Trail]] = {}
    for trail in trails:
        host = next(route.value for route in trail.source.history if route.kind == ROUTE)
        by_host.setdefault(host, []).append(trail)
    return by_host
