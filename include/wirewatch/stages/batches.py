"""extract and match for several batches in one task: one that fails never holds up the others.

Each is done where that is still to do, so a retry, a clear and the sweeper all go on where it stopped.
"""

import logging
from collections.abc import Callable, Iterable, Mapping

from include.wirewatch.archive import BatchKey
from include.wirewatch.errors import ConfigError, WirewatchError
from include.wirewatch.extract import EXTRACTOR
from include.wirewatch.models import Failure
from include.wirewatch.stages.extract import extract
from include.wirewatch.stages.match import match
from include.wirewatch.stages.report import UNFINISHED, last_words
from include.wirewatch.stages.services import Services, Summary, summary_line

log = logging.getLogger(__name__)


class UnfinishedError(WirewatchError):
    """Some batches failed again; they stay unfinished, and the next try takes them up. failed: record → why."""

    def __init__(self, failed: Mapping[str, str]) -> None:
        says = "\n".join(f"{record}: {why}" for record, why in failed.items())
        self.failures = (Failure(UNFINISHED, says),)
        super().__init__(f"could not finish {', '.join(failed)}; the reasons are in this log")


def extract_batches(services: Services, records: Iterable[str]) -> Summary:
    """Extract those that have no clean batch yet. records: keys of commit records; none is done at once.

    Raises:
        UnfinishedError: after all others, naming the batches that failed.
    """
    return _each("extract_batches", records, lambda key: clean_key(services, key))


def match_batches(services: Services, records: Iterable[str]) -> Summary:
    """Match each, and extract before what is still not extracted.

    Raises:
        ConfigError: at once: no batch can be matched with rules that are wrong.
        UnfinishedError: as above.
    """
    return _each("match_batches", records, lambda key: match(services, clean_key(services, key)))


def clean_key(services: Services, key: BatchKey) -> str:
    """The clean batch, extracted now unless a run got that far."""
    clean = key.clean(EXTRACTOR)
    if not services.store.exists(clean):
        extract(services, key.record)
    return clean


def _each(event: str, records: Iterable[str], act: Callable[[BatchKey], object]) -> Summary:
    done = 0
    failed: dict[str, str] = {}
    for record in records:
        try:
            act(BatchKey.parse(record))
            done += 1
        except ConfigError:
            raise
        except Exception as error:
            log.exception("%s.failed batch=%s", event, record)
            failed[record] = last_words(error)
    summary: Summary = {"batches": done, "failed": len(failed)}
    log.info(summary_line(f"{event}.done", summary))
    if failed:
        raise UnfinishedError(failed)
    return summary
