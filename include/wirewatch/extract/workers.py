"""Extract pages in worker processes that can be killed; whatever happens to one page, the others are untouched.

The workers are forked with the pages already in memory, so only results travel between processes. A page that exceeds
the wall limit is killed with its worker; one that exceeds the memory limit, crashes its worker or raises becomes a
summary with the reason. No more pages than workers get a process each: 15 ms, where a pool costs 110.
"""

import gc
import logging
import math
import multiprocessing
import os
import resource
import signal
import time
from concurrent.futures import TimeoutError
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from include.wirewatch.extract.article import extract_page, summary_of
from include.wirewatch.extract.records import Extraction, Limits, Page
from include.wirewatch.extract.text import load_library

log = logging.getLogger(__name__)
# spawn and forkserver would import the caller's main again: +6 s inside an Airflow task.
FORK = multiprocessing.get_context("fork")
# A worker is replaced after so many pages: its memory has reached a plateau by then, and what leaks is given back.
PAGES_PER_WORKER = 1_000

# A worker whose parent is gone has nobody to kill it: its own alarm does, so long after the limit.
ORPHAN_GRACE_S = 30

_pages: list[Page] = []
_limits = Limits()


def extract_pages(pages: list[Page], limits: Limits) -> list[Extraction]:
    """One article per page, in order. Never raises for a page: what cannot be extracted has method "summary"."""
    load_library()  # before the fork: each worker would spend 1.5 CPU-seconds on the import
    workers = limits.workers or len(os.sched_getaffinity(0))
    if len(pages) <= workers:
        started = [_start_alone(page, limits) for page in pages]
        answers = [_answer_of(*alone) for alone in started]
        return [_outcome(page, answer, limits) for page, answer in zip(pages, answers, strict=True)]
    pool = ProcessPool(workers, PAGES_PER_WORKER, _start_worker, (pages, limits), FORK)
    with pool:
        futures = [pool.schedule(_extract_nth, (number,), timeout=limits.timeout_s) for number in range(len(pages))]
        answers = [future.exception() or future.result() for future in futures]
    return [_outcome(page, answer, limits) for page, answer in zip(pages, answers, strict=True)]


def _outcome(page: Page, answer: Extraction | BaseException, limits: Limits) -> Extraction:
    if isinstance(answer, Extraction):
        return answer
    if isinstance(answer, TimeoutError):
        reason = f"extraction was killed after {limits.timeout_s:g} s"
    elif isinstance(answer, ProcessExpired | ChildProcessError):
        code = answer.exitcode if isinstance(answer, ProcessExpired) else answer.args[0]
        reason = f"the extraction worker died (exit code {code})"
    elif isinstance(answer, MemoryError):
        reason = f"extraction needed more than {limits.memory_bytes} bytes of memory"
    else:
        # The batch boundary: one page's bug must not take its neighbours along.
        log.error("extract.failed url=%s", page.url.partition("?")[0], exc_info=answer)
        reason = f"extraction raised {type(answer).__name__}"
    return summary_of(page.entry, reason)


def _start_alone(page: Page, limits: Limits) -> tuple[ForkProcess, Connection, float]:
    """A worker for this page alone, the pipe that its answer comes through, and when it has to be there."""
    receiver, sender = FORK.Pipe(duplex=False)
    process = FORK.Process(target=_answer_alone, args=(sender, page, limits))
    process.start()
    sender.close()
    return process, receiver, time.monotonic() + limits.timeout_s


def _answer_of(process: ForkProcess, receiver: Connection, until: float) -> Extraction | BaseException:
    answer: Extraction | BaseException
    try:
        answer = receiver.recv() if receiver.poll(max(until - time.monotonic(), 0)) else TimeoutError()
    except EOFError:
        process.join()
        answer = ChildProcessError(process.exitcode)
    process.kill()
    process.join()
    receiver.close()
    return answer


def _answer_alone(sender: Connection, page: Page, limits: Limits) -> None:
    _start_worker([page], limits)
    try:
        sender.send(_extract_nth(0))
    except (Exception, MemoryError) as error:
        sender.send(error)


def _start_worker(pages: list[Page], limits: Limits) -> None:
    global _pages, _limits
    _pages, _limits = pages, limits
    # What is inherited is no garbage of ours; to look through it again and again took a twelfth of a worker's CPU.
    gc.freeze()
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    logging.disable(logging.CRITICAL)  # the library warns about every odd page; outcomes say it once, and in order
    inherited = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (inherited + limits.memory_bytes,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _extract_nth(number: int) -> Extraction:
    signal.alarm(math.ceil(_limits.timeout_s) + ORPHAN_GRACE_S)
    try:
        return _extract_capped(_pages[number], _limits.max_html_bytes)
    finally:
        signal.alarm(0)


def _extract_capped(page: Page, max_html_bytes: int) -> Extraction:
    if len(page.html) <= max_html_bytes:
        return extract_page(page)
    extraction = extract_page(page._replace(html=page.html[:max_html_bytes]))
    cut = f"read the first {max_html_bytes} of {len(page.html)} bytes"
    return extraction._replace(method_detail="; ".join(filter(None, [extraction.method_detail, cut])))
