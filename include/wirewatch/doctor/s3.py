"""What a bucket must do, proven on the bucket itself.

Writes only below outbox/doctor-…, where the job may delete, and takes it all away again, also what a doctor that was
killed has left. It reads as an alert that is due in the year 9999: a worker that drains the outbox leaves it alone.
"""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Barrier, BrokenBarrierError

from include.wirewatch.doctor.verdicts import Finding, Verdict, judge_clock, judge_conditions, judge_race
from include.wirewatch.errors import PermanentError, WirewatchError
from include.wirewatch.models import Alert
from include.wirewatch.store import Store

PREFIX = "outbox/doctor-"
ROUNDS, WRITERS = 20, 8
ABANDONED_AFTER = timedelta(hours=1)
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Probe:
    """One examination of one place. run: tells its objects from those of another that runs at the same time."""

    store: Store
    rounds: int
    now: Callable[[], datetime]
    run: str

    def key(self, name: str) -> str:
        return f"{PREFIX}{self.run}-{name}.json"


def examine(store: Store, *, rounds: int, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Every finding; the first PermanentError (no such bucket, access denied) is the last check that is made."""
    probe = Probe(store, rounds, now, uuid.uuid4().hex[:12])
    try:
        for name, check in CHECKS.items():
            try:
                yield Finding(name, *check(probe))
            except PermanentError as error:
                yield Finding(name, False, str(error))
                return
            except WirewatchError as error:
                yield Finding(name, False, str(error))
    finally:
        _clean_up(probe)


def read_and_list(probe: Probe) -> Verdict:
    """Write; read in whole and in part; list; delete; read what is gone."""
    key, body = probe.key("plain"), _body("plain")
    probe.store.put(key, body)
    stored = probe.store.get(key)
    if stored is None or stored.body != body:
        return Verdict(False, "a read does not give what was just written: this server cannot hold the work queue")
    if probe.store.get_range(key, 2, 5) != body[2:7]:
        return Verdict(False, "a read of a byte range gives other bytes: single raw copies cannot be read there")
    if key not in {item.key for item in probe.store.list(PREFIX)}:
        return Verdict(False, "what was just written is not listed: the sweeper would not find its work")
    probe.store.delete(key)
    if probe.store.get(key) is not None:
        return Verdict(False, "what was just deleted can still be read: delivered alerts would stay in the outbox")
    return Verdict(True, "written, read, read in part, listed, deleted")


def conditions(probe: Probe) -> Verdict:
    """One writer alone: the newest etag may write, an old one may not, and nothing is created twice."""
    key = probe.key("etag")
    first = probe.store.swap(key, _body("1"), None)
    second = probe.store.swap(key, _body("2"), first) if first else None
    stale = first is not None and probe.store.swap(key, _body("3"), first) is not None
    overwritten = first is not None and probe.store.put_new(key, _body("4"))
    return judge_conditions(created=first is not None, swapped=second is not None, stale=stale, overwritten=overwritten)


def one_creates(probe: Probe) -> Verdict:
    """Writers race for keys that do not exist."""

    def create(key: str, writer: int) -> bool:
        return probe.store.put_new(key, _body(f"{writer}"))

    keys = [probe.key(f"new-{number}") for number in range(probe.rounds)]
    return judge_race("If-None-Match", *_race(probe.store, keys, create))


def one_swaps(probe: Probe) -> Verdict:
    """Writers who have read the same object race to replace it."""
    keys = [probe.key(f"swap-{number}") for number in range(probe.rounds)]
    etags = {key: probe.store.swap(key, _body("start"), None) or '""' for key in keys}

    def swap(key: str, writer: int) -> bool:
        return probe.store.swap(key, _body(f"{writer}"), etags[key]) is not None

    return judge_race("If-Match", *_race(probe.store, keys, swap))


def clock(probe: Probe) -> Verdict:
    before = probe.now()
    theirs = probe.store.server_time()
    return judge_clock("S3", before, theirs, probe.now())


CHECKS: dict[str, Callable[[Probe], Verdict]] = {
    "s3 read, list, delete": read_and_list,
    "s3 conditional writes": conditions,
    "s3 one creates": one_creates,
    "s3 one swaps": one_swaps,
    "s3 clock": clock,
}


def _race(store: Store, keys: list[str], write: Callable[[str, int], bool]) -> tuple[list[list[int]], list[int | None]]:
    """WRITERS write each key at the same moment. Per key: who was told that they had won, and whose bytes are there."""
    start = Barrier(WRITERS)

    def run(writer: int) -> list[bool]:
        won = []
        try:
            for key in keys:
                start.wait(60)
                won.append(write(key, writer))
        except WirewatchError:
            start.abort()  # or the others would wait for this one
            raise
        return won

    with ThreadPoolExecutor(WRITERS) as pool:
        racers = [pool.submit(run, writer) for writer in range(WRITERS)]
    errors = [error for error in (racer.exception() for racer in racers) if error]
    for error in sorted(errors, key=lambda error: isinstance(error, BrokenBarrierError)):
        raise error  # the reason before its consequences
    won = [racer.result() for racer in racers]
    winners = [[writer for writer in range(WRITERS) if won[writer][number]] for number in range(len(keys))]
    return winners, [_writer_of(store, key) for key in keys]


def _writer_of(store: Store, key: str) -> int | None:
    stored = store.get(key)
    bodies = [_body(f"{writer}") for writer in range(WRITERS)]
    return bodies.index(stored.body) if stored and stored.body in bodies else None


def _body(title: str) -> bytes:
    alert = Alert(
        alert_id="doctor",
        receiver="doctor",
        article_id="doctor",
        title=title,
        url="",
        publisher="",
        first_seen=NEVER,
        enqueued_at=NEVER,
        not_before=NEVER,
        method="doctor",
        matches=(),
        excerpts=(),
        batch="",
    )
    return alert.model_dump_json().encode()


def _clean_up(probe: Probe) -> None:
    """Delete what is ours, or old. Errors are left to the checks: where S3 refuses, there is nothing to delete."""
    abandoned = probe.now() - ABANDONED_AFTER
    try:
        for item in list(probe.store.list(PREFIX)):
            if item.key.startswith(probe.key("").removesuffix(".json")) or item.modified < abandoned:
                probe.store.delete(item.key)
    except WirewatchError:
        return
