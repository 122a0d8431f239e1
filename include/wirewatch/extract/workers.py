"""Extract pages in worker processes that can be killed; whatever happens to one page, the others are untouched.

The workers are forked with the pages already in memory, so only results travel between processes. A page that exceeds
the wall limit is killed with its worker; a page that exceeds the memory limit, crashes the worker or raises becomes a
summary with the reason. A batch of one page is forked for as well: 8 ms, against hanging the task.
"""

import logging
import multiprocessing
import os
import resource
from concurrent.futures import TimeoutError
from pathlib import Path

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from include.wirewatch.extract.article import extract_page, summary_of
from include.wirewatch.extract.records import Extraction, Limits, Page
from include.wirewatch.extract.text import load_library

log = logging.getLogger(__name__)
# A worker is replaced after so many pages: lxml and the library's caches grow to a plateau, fragments do not shrink.
PAGES_PER_WORKER = 500

_pages: list[Page] = []
_max_html_bytes = 0


def extract_pages(pages: list[Page], limits: Limits) -> list[Extraction]:
    """One article per page, in order. Never raises for a page: what cannot be extracted has method "summary"."""
    if not pages:
        return []
    load_library()  # before the fork: each worker would spend 1.5 CPU-seconds on the import
    workers = min(limits.workers or len(os.sched_getaffinity(0)), len(pages))
    pool = ProcessPool(
        max_workers=workers,
        max_tasks=PAGES_PER_WORKER,
        initializer=_start_worker,
        initargs=(pages, limits),
        context=multiprocessing.get_context("fork"),  # spawn and forkserver would import the caller's main again: +6 s
    )
    with pool:
        futures = [pool.schedule(_extract_nth, (number,), timeout=limits.timeout_s) for number in range(len(pages))]
        return [_result(page, future, limits) for page, future in zip(pages, futures, strict=True)]


def _result(page: Page, future: "ProcessFuture[Extraction]", limits: Limits) -> Extraction:
    try:
        return future.result()
    except TimeoutError:
        reason = f"extraction was killed after {limits.timeout_s:g} s"
    except ProcessExpired as error:
        reason = f"the extraction worker died (exit code {error.exitcode})"
    except MemoryError:
        reason = f"extraction needed more than {limits.memory_bytes} bytes of memory"
    except Exception as error:  # the batch boundary: one page's bug must not take its neighbours along
        log.warning("extract.failed url=%s", page.url.partition("?")[0], exc_info=error)
        reason = f"extraction raised {type(error).__name__}"
    return summary_of(page.entry, reason)


def _start_worker(pages: list[Page], limits: Limits) -> None:
    global _pages, _max_html_bytes
    _pages, _max_html_bytes = pages, limits.max_html_bytes
    logging.disable(logging.CRITICAL)  # the library warns about every odd page; outcomes say it once, and in order
    inherited = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (inherited + limits.memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _extract_nth(number: int) -> Extraction:
    page = _pages[number]
    if len(page.html) <= _max_html_bytes:
        return extract_page(page)
    extraction = extract_page(page._replace(html=page.html[:_max_html_bytes]))
    cut = f"read the first {_max_html_bytes} of {len(page.html)} bytes"
    return extraction._replace(method_detail="; ".join(filter(None, [extraction.method_detail, cut])))
