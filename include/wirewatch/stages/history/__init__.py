"""fetch_day: what the sources published on one day, less what the archive holds → slices of raw copies under that day.

    day     one try of one day: what is known, how far each source has come on its routes
    pages   the routes that are asked over HTTP, and the pages that they list
    scan    the ccnews route, for all sources at once
    slices  what is committed, and the slice that is being filled

Reads no frontier and writes none: the archive itself says what is known.
"""

import logging
from collections import Counter

from include.wirewatch.coverage import coverage_line
from include.wirewatch.models import SourceReport
from include.wirewatch.runs import Run
from include.wirewatch.stages.collect import run_async
from include.wirewatch.stages.history.day import Day, labels_of
from include.wirewatch.stages.history.pages import ask_and_fetch
from include.wirewatch.stages.history.scan import scan_day
from include.wirewatch.stages.history.slices import Slices
from include.wirewatch.stages.services import Services, summary_line

log = logging.getLogger(__name__)
DaySummary = dict[str, str | int | list[str]]


def fetch_day(services: Services, run: Run) -> DaySummary:
    """Fetch one day of history, run.dt. A rerun of a finished one that lacks nothing fetches nothing.

    Raises:
        UnfinishedDayError: the try's time is over, or nothing was found and not all could be reached; what it fetched
            is committed, and the next try goes on behind it.
    """
    slices = Slices(services, run)
    if not slices.is_done:
        _fetch(Day(services, run, slices))
    for name, report in slices.committed[-1].sources.items():
        _log(name, report)
    summary = _summarise(slices)
    shown = {key: len(value) if isinstance(value, list) else value for key, value in summary.items()}
    log.info(summary_line("fetch_day.done", shown))
    return summary


def _fetch(day: Day) -> None:
    waiting = day.trails
    while waiting:
        day.require_time(run_async(ask_and_fetch(day, waiting)))
        waiting = [trail for trail in waiting if trail.next_route is not None]
        if waiting:
            scan_day(day, waiting)
        waiting = [trail for trail in waiting if trail.next_route is not None]
    day.require_an_answer()
    reports = day.final_reports()
    # Where something is lacking the day is told, and not done: run again, it asks for just that.
    day.slices.commit(reports, done=not any(report.lacks for report in reports.values()))


def _log(name: str, report: SourceReport) -> None:
    if report.coverage is not None:
        log.info(coverage_line(name, report.route, report.coverage))
    else:
        log.warning("history.no_answer source=%s routes=%s", name, labels_of(report.routes))
    if report.lacks:
        log.warning("history.lacking source=%s routes=%s", name, labels_of(report.routes))


def _summarise(slices: Slices) -> DaySummary:
    """Keys and counts: the batches; sources, those without an answer, and those that may have more; items by outcome;
    coverage of all sources.
    """
    last = slices.committed[-1]
    coverages = [report.coverage for report in last.sources.values() if report.coverage is not None]
    summary: DaySummary = {
        "batches": slices.records,
        "sources": len(last.sources),
        "sources_failed": sum(not report.route for report in last.sources.values()),
        "sources_lacking": sum(report.lacks for report in last.sources.values()),
        "entries": len(slices.all_items),
        **dict(sorted(Counter(item.outcome.label for item in slices.all_items).items())),
        "live": sum(coverage.live for coverage in coverages),
        "history_only": sum(coverage.history_only for coverage in coverages),
    }
    if known := [coverage.missed for coverage in coverages if coverage.missed is not None]:
        summary["missed"] = sum(known)
    if last.history is not None and not last.history.done and slices.scan is not None and not slices.scan.done:
        summary["ccnews_left_at"] = f"{slices.scan.file}#{slices.scan.offset}"
    return summary
