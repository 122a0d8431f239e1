"""finish: the sweeper's first task. Extracts and matches what some run fetched and left: timed out, failed, cleared.

The work queue is in S3: a committed raw batch without a matches batch. No run's state is looked at.
"""

import logging
from datetime import timedelta

from include.wirewatch import archive
from include.wirewatch.errors import ConfigError
from include.wirewatch.frontier import Frontier
from include.wirewatch.stages.batches import UnfinishedError, clean_key
from include.wirewatch.stages.match import match
from include.wirewatch.stages.report import last_words
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)
# No batch is begun later than this in a sweep; the task's own timeout leaves room for the last one.
SWEEP = timedelta(minutes=10)


def finish(services: Services) -> Summary:
    """Finish every batch that was committed longer than settings.unfinished_after_s ago, oldest first.

    Looks settings.lookback_days back; what a long backlog leaves at the end of a sweep is the next one's.

    Raises:
        ConfigError: at once: no batch can be matched with rules that are wrong.
        UnfinishedError: after all others, naming the batches that failed once more.
    """
    now = services.now()
    days = archive.days_back(now.date(), services.settings.lookback_days)
    due = archive.unfinished(services.store, days, now - timedelta(seconds=services.settings.unfinished_after_s))
    failed: dict[str, str] = {}
    left = 0
    for key in due:
        if services.now() - now > SWEEP:
            left += 1
            continue
        try:
            match(services, clean_key(services, key))
            # Its fetch may have been killed before it could; later than planned is as good, and twice too.
            Frontier(services.store).apply(archive.read_batch(services.store, key).frontier)
        except ConfigError:
            raise
        except Exception as error:
            # One bad batch must not hold up the others.
            log.exception("finish.failed batch=%s", key.record)
            failed[key.record] = last_words(error)
    summary: Summary = {"finished": len(due) - len(failed) - left, "failed": len(failed)}
    if left:
        summary["left_for_next"] = left
    log.info(summary_line("finish.done", summary))
    if failed:
        raise UnfinishedError(failed)
    return summary
