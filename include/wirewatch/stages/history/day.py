"""One try of one day of history: what the archive holds, how far each source has come, and the time that is left."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from include.wirewatch import archive
from include.wirewatch.config.sources import Source
from include.wirewatch.coverage import KNOWN_FROM, KNOWN_TO, coverage_of, held_around, page_of
from include.wirewatch.discover.history import Answer
from include.wirewatch.errors import WirewatchError
from include.wirewatch.models import Outcome, Reason, RouteReport, SourceReport
from include.wirewatch.runs import Run
from include.wirewatch.stages.collect import Budget, Pick, not_taken
from include.wirewatch.stages.history.slices import Slices
from include.wirewatch.stages.services import Services


class UnfinishedDayError(WirewatchError):
    """The try is over and the day is not: its time is up, or nothing was found and somebody could not be reached.

    What is fetched is committed; the next try goes on behind it.
    """


@dataclass
class Trail:
    """One source on its way along its routes. listed: the pages of the day, by the route that answered.

    next_route: index of the route to ask next; None when there is none to ask.
    """

    source: Source
    next_route: int | None = 0
    route: str = ""
    reports: list[RouteReport] = field(default_factory=list)
    listed: set[str] = field(default_factory=set)

    @property
    def is_open(self) -> bool:
        """Whether the route that answered may have more to say; where none has, whether any may answer later."""
        return any(report.outcome.is_open for report in self.reports if report.route == self.route or not self.route)

    def follow(self, answer: Answer) -> None:
        """Note what the routes came to."""
        self.reports += answer.reports
        self.route = answer.route
        self.listed |= {page_of(find.entry.url) for find in answer.finds}
        self.next_route = answer.scan_at


class Day:
    """known: what sources said to an earlier try of this run. trails: those that are asked, for it lacks something.

    taken: the pages that need not be fetched, or no more. is_scan_left: bytes were left to another clear or run.
    """

    def __init__(self, services: Services, run: Run, slices: Slices) -> None:
        self.services, self.run, self.slices = services, run, slices
        self.day, self.now = date.fromisoformat(run.dt), services.now()
        sources = services.config.sources().value.sources
        before = slices.committed[-1].sources if slices.committed else {}
        self.known = {name: report for name, report in before.items() if report.coverage is not None}
        complete = {name for name, report in self.known.items() if not report.lacks}
        asked = (source for source in sources if source.enabled and source.history)
        self.trails = [Trail(source) for source in asked if source.name not in complete]
        near = [self.day + timedelta(days=offset) for offset in range(KNOWN_FROM, KNOWN_TO + 1)]
        self.held = held_around(archive.read_batches(services.store, near, leave_out=slices.names), self.day)
        self.refetch = run.backfill is not None and run.backfill.refetch
        self.taken = slices.pages if self.refetch else slices.pages | self.held.pages
        self.budget = Budget(services.settings.history_budget_s)
        self.is_scan_left = False

    def picks_of(self, trail: Trail, answer: Answer) -> list[Pick]:
        """What is to be fetched of an answer."""
        listed = (
            Pick(trail.source, find.entry, self.now, True, route=answer.route, archive_url=find.archive_url)
            for find in answer.finds
        )
        return list(not_taken(listed, self.taken, page_of))

    def reports(self) -> dict[str, SourceReport]:
        """Each source as far as it has come; what was known of it stands until it answers anew."""
        news = (trail for trail in self.trails if trail.route or trail.source.name not in self.known)
        return self.known | {trail.source.name: self._report_of(trail) for trail in news}

    def final_reports(self) -> dict[str, SourceReport]:
        """Each source when the try has come to its end: what it lacks; and its coverage, where it was answered."""
        open_pages = {item.entry.source for item in self.slices.all_items if item.outcome.is_open}
        reports = self.reports()
        for trail in self.trails:
            name = trail.source.name
            if reports[name].coverage is None:
                coverage = coverage_of(name, trail.route, trail.listed, self.held) if trail.route else None
                ended = {"coverage": coverage, "lacks": trail.is_open or name in open_pages}
                reports[name] = reports[name].model_copy(update=ended)
        return reports

    def save(self) -> None:
        """Commit what the open slice holds, and how far the scan has come, if there is either."""
        self.slices.commit_progress(self.reports())

    def require_time(self, left: int) -> None:
        """Raises UnfinishedDayError, all that was fetched saved, when something is left and the time is over."""
        if left:
            self.save()
            raise UnfinishedDayError(
                f"{self.run.dt}: {left} listings, pages or files are left after {self.budget.seconds:g} s; what was "
                "fetched is kept, and the next try goes on behind it"
            )

    def require_an_answer(self) -> None:
        """Raises UnfinishedDayError when nothing was found and a source is down: an outage is no day without news.

        A day whose scan is not through is not done anyway.
        """
        down = [f"{trail.source.name}: {labels_of(trail.reports)}" for trail in self.trails if trail.is_open]
        is_empty = not self.slices.all_items and not any(report.route for report in self.reports().values())
        if down and is_empty and not self.is_scan_left:
            self.save()
            raise UnfinishedDayError(
                f"{self.run.dt}: nothing was found, and not all could be reached ({'; '.join(down)}); clear fetch_day "
                "once they can, or correct sources.yaml"
            )

    def _report_of(self, trail: Trail) -> SourceReport:
        source = trail.source
        never = Outcome(reason=Reason.NOT_FETCHED)
        return SourceReport(
            publisher=source.publisher,
            language=source.language,
            tags=source.tags,
            alert_max_age_s=source.alert_max_age.total_seconds(),
            poll=trail.reports[-1].outcome if trail.reports else never,
            listed=len(trail.listed),
            seen=len(trail.listed & self.held.pages),
            route=trail.route,
            routes=tuple(trail.reports),
        )


def labels_of(reports: Iterable[RouteReport]) -> str:
    """The routes that were asked and how each ended, in one word of a log line."""
    return ",".join(report.label for report in reports) or "none"
