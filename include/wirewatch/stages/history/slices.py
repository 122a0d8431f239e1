"""The slices of one run of a day of history: batches of at most SLICE_PAGES pages, `run.batch_key(0)`, `(1)`, ….

Each is committed whole as soon as it is full, so memory is bounded and a killed run loses one slice at most. A rerun
reads what is committed and goes on behind it: what these slices hold, or know to be refused, is never fetched again.
"""

import uuid
from collections.abc import Callable, Mapping

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey, RawWriter
from include.wirewatch.coverage import page_of
from include.wirewatch.errors import WirewatchError
from include.wirewatch.models import Batch, BatchItem, DayProgress, ScanPosition, SourceReport
from include.wirewatch.runs import Run
from include.wirewatch.stages.services import Services

SLICE_PAGES = 500


class TakenError(WirewatchError):
    """Another try of this run has committed the slice that this one was about to: it is at work, or was until now."""


class Slices:
    """What is committed, and the slice that is being filled: its items, and the writer that takes their captures.

    committed: oldest first. scan: how far Common Crawl's files have been read when the open slice is committed.
    """

    def __init__(self, services: Services, run: Run) -> None:
        self._services, self._run = services, run
        self.committed: list[Batch] = []
        while (batch := archive.find_batch(services.store, self._key())) is not None:
            self.committed.append(batch)
        self.scan: ScanPosition | None = None
        if self.committed and self.committed[-1].history is not None:
            self.scan = self.committed[-1].history.scan
        self._open()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left of the day."""
        last = self.committed[-1].history if self.committed else None
        return last is not None and last.done

    @property
    def names(self) -> frozenset[str]:
        return frozenset(batch.batch for batch in self.committed)

    @property
    def records(self) -> list[str]:
        """The keys of the commit records: what the next stages work on."""
        return [BatchKey(batch.dt, batch.batch).record for batch in self.committed]

    @property
    def all_items(self) -> list[BatchItem]:
        """What was tried in this run; of an entry that was tried again, the last try."""
        items = [*(item for batch in self.committed for item in batch.items), *self.items]
        return list({item.entry.url: item for item in items}.values())

    @property
    def pages(self) -> set[str]:
        """The pages that this run is through with."""
        tried = (item for item in self.all_items if not item.outcome.is_open)
        return {page_of(url) for item in tried for url in (item.entry.url, item.final_url) if url}

    @property
    def room(self) -> int:
        """Pages until the open slice is full."""
        return SLICE_PAGES - len(self.items)

    def add(self, item: BatchItem, reports: Callable[[], Mapping[str, SourceReport]]) -> None:
        """One more item, whose capture is in the writer. A full slice is committed, with the sources as reported."""
        self.items.append(item)
        if self.room <= 0:
            self.commit(reports(), done=False)

    def commit_progress(self, reports: Mapping[str, SourceReport]) -> None:
        """Commit the open slice unless it would say nothing: no item, and the scan where the last one left it."""
        last = self.committed[-1].history if self.committed else None
        if self.items or self.scan != (last.scan if last else None):
            self.commit(reports, done=False)

    def commit(self, reports: Mapping[str, SourceReport], *, done: bool) -> None:
        """Commit the open slice, empty or not, and open the next. Raises TakenError where another try was first."""
        key = self._key()
        batch = Batch(
            batch=key.batch,
            dt=key.dt,
            quiet=self._run.quiet,
            interval_end=self._run.interval_end,
            warc=self.writer.save(self._services.store),
            items=tuple(self.items),
            sources=dict(reports),
            history=DayProgress(done=done, scan=self.scan),
        )
        if archive.commit_batch(self._services.store, batch) != batch:
            raise TakenError(f"{key.record} was committed by another try of this run; the next try goes on behind it")
        self.committed.append(batch)
        self._open()

    def _open(self) -> None:
        self.items: list[BatchItem] = []
        self.writer = RawWriter(self._key().warc(uuid.uuid4().hex[:8]), self._services.now())

    def _key(self) -> BatchKey:
        return self._run.batch_key(len(self.committed))
