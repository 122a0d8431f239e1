"""One function per Airflow task; the only package that combines steps.

    fetch     sources → one raw batch          fetch_day   the same for one day of history
    extract   raw batch → one clean batch
    match     clean batch × rules → one matches batch, and alerts in the outbox
    deliver   outbox → receivers
    finish    the sweeper: extract and match what some run left unfinished

Each returns keys and counts as plain JSON, never bodies. Each may be run again at any time: it finds what is done.
"""

from include.wirewatch.stages.deliver import deliver
from include.wirewatch.stages.extract import extract
from include.wirewatch.stages.fetch import fetch
from include.wirewatch.stages.finish import finish
from include.wirewatch.stages.history import fetch_day
from include.wirewatch.stages.match import match
from include.wirewatch.stages.services import Services, Summary

__all__ = ["Services", "Summary", "deliver", "extract", "fetch", "fetch_day", "finish", "match"]
