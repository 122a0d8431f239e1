"""compact: the clean batches of days that have settled → a Parquet file a day and its words, see archive/compact.py."""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta

from include.wirewatch import archive
from include.wirewatch.errors import WirewatchError
from include.wirewatch.match.forms import forms_of
from include.wirewatch.models import Article
from include.wirewatch.runs import Run
from include.wirewatch.stages.judge import text_signature
from include.wirewatch.stages.report import last_words
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)


class CompactionError(WirewatchError):
    """Some days could not be compacted; they are read from their batches, and the next night tries again."""


def compact(services: Services, run: Run, *, settled_days: int, look_back_days: int) -> Summary:
    """Compact every day of days_due() whose current articles are not all in its file. The others cost two requests.

    Raises:
        CompactionError: after all others, naming the days that failed.
    """
    return compact_days(services, days_due(run, settled_days, look_back_days))


def days_due(run: Run, settled_days: int, look_back_days: int) -> list[date]:
    """The days to look at, newest first. Pure.

    A backfill's run: its own day, whatever its age. Any other: those that are at least settled_days old when its
    interval ends (what history still adds has come by then), and no more than look_back_days before them.
    """
    if run.quiet or run.backfill is not None:
        return [date.fromisoformat(run.dt)]
    return archive.days_back(run.interval_end.date() - timedelta(days=settled_days), look_back_days)


def derived(article: Article) -> archive.Derived:
    """What a search or backtest of the past needs of an article, made once: its words, and how its copies are known."""
    return archive.Derived(forms_of(article.title, article.text), text_signature(article))


def compact_days(services: Services, days: Iterable[date]) -> Summary:
    """The same for these days."""
    done: Counter[str] = Counter(compacted=0, nothing_new=0)
    failed: dict[date, str] = {}
    for day in days:
        try:
            compaction = archive.compact_day(services.store, day, derive=derived)
        except Exception as error:
            # One bad day must not hold up the others.
            log.exception("compact.failed day=%s", day)
            failed[day] = last_words(error)
            continue
        done[compaction.outcome] += 1
        if compaction.outcome != "nothing_new":
            log.info(summary_line("compact.day", {key: str(value) for key, value in compaction._asdict().items()}))
    summary: Summary = {**done, "failed": len(failed)}
    log.info(summary_line("compact.done", summary))
    if failed:
        raise CompactionError("could not compact " + "; ".join(f"{day}: {why}" for day, why in failed.items()))
    return summary
