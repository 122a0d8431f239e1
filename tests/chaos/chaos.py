"""The chaos run: alerts through the real stages, while workers are killed and S3 and Slack fail. 0 lost, 0 doubled.

Articles lie fetched and extracted in S3; worker processes do what the sweeper DAG does (match them, drain the outbox),
all at once, on a locked moto and the Slack stand-in, through boto3 and slack-sdk. Every step of the protocol is cut by
SIGKILL in three ways: the request is lost, it arrives after its sender's death, it is carried out and unanswered.
60 % of the posts fail in every way the stand-in knows, and 5 % of the requests to S3 (500 before, 500 after, 409).
Then everything runs once more: the matches are gone, every marker is back in the outbox.

What it proves is the order of the writes and the decisions, for each cut and each mix of workers. What it does not:
SETTLE and LEASE are shortened from 90 and 120 s to 4 and 5.5 (waits.py), so it says nothing on whether 90 s are enough
for the real Slack; a post that is accepted later than SETTLE, a clock that is off by more, or a worker that sleeps
longer than its lease between its last write and its post could double an alert, and none of these happens here.
"""

import json
import multiprocessing
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.extract import EXTRACTOR
from include.wirewatch.models import Article, Batch, BatchItem, Entry, Outcome, Reason, SourceReport
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.chaos.killer import CUTS, Killer
from tests.chaos.servers import ChaosS3, ChaosSlack, Journal
from tests.chaos.waits import LEASE_S, SETTLE_S
from tests.chaos.worker import Place, work

BUCKET = "wirewatch-chaos"
PER_BATCH = 8
DESKS = 5
QUIET_S = 1.5
# What every run comes through; the killer also cuts whatever else it sees.
PROTOCOL = (
    "list outbox", "read outbox", "read delivery", "enqueue", "write matches",
    "claim", "write ahead", "chat.postMessage", "log refusal", "log lost answer", "log sent", "delete outbox",
    "claim to look for", "conversations.history",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """alerts: a multiple of DESKS. cuts_each: how often each step is cut in each of the three ways."""

    alerts: int = 320
    workers: int = 4
    cuts_each: int = 3
    chance: float = 0.3
    limit_s: float = 480
    seed: int = 1
    settle_s: float = SETTLE_S
    lease_s: float = LEASE_S
    sabotage: str = ""


@dataclass
class Report:
    """What is left when everything is quiet. problems: what must not be, beside lost and doubled."""

    alerts: int
    kills: int = 0
    lost: int = 0
    doubled: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.problems)

    def __str__(self) -> str:
        last = f"{self.alerts} alerts, {self.kills} kills, {self.lost} lost, {self.doubled} doubled"
        return "\n".join([*self.notes, *(f"PROBLEM: {problem}" for problem in self.problems), last])


class Crew:
    """Worker processes; a killed one is replaced. They are forked from one that has imported everything."""

    def __init__(self, place: Place, size: int, killer: Killer) -> None:
        self._place, self._killer = place, killer
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.worker"])
        self._processes: list[BaseProcess] = [self._start() for _ in range(size)]
        self.kills = 0
        self.crashes = 0

    def look_after(self) -> None:
        for number, process in enumerate(self._processes):
            if not process.is_alive():
                self.kills += process.exitcode == -9
                self.crashes += process.exitcode != -9
                self._processes[number] = self._start()

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
            process.join(5)

    def _start(self) -> BaseProcess:
        process = self._context.Process(target=work, args=(self._place,), daemon=True)
        process.start()
        self._killer.born(process.pid or 0)
        return process


def run(plan: Plan, folder: Path, tell: bool = False) -> Report:
    """The whole run, for at most plan.limit_s. folder: for the configuration."""
    killer, journal = Killer(plan.cuts_each, chance=plan.chance, seed=plan.seed), Journal()
    channels = tuple(f"C0CHAOS{number:02}" for number in range(DESKS))
    report = Report(plan.alerts)
    with (
        ChaosS3(killer, journal, plan.seed) as s3,
        ChaosSlack(killer, journal, plan.seed, channels) as slack,
    ):
        s3.create_bucket(BUCKET)
        store = Store(s3.client(), S3Place(BUCKET, f"run-{time.time_ns()}"))
        write_config(folder, channels)
        batches = write_batches(store, plan.alerts // DESKS)
        place = Place(
            s3_url=s3.endpoint_url,
            slack_url=slack.base_url,
            slack_token=slack.token,
            store=store.url("").rstrip("/"),
            config=str(folder),
            settle_s=plan.settle_s,
            lease_s=plan.lease_s,
            sabotage=plan.sabotage,
        )
        began = time.monotonic()
        crew = Crew(place, plan.workers, killer)
        try:
            for what in ("the first run", "the second run of everything"):
                if not wait_until_quiet(store, crew, len(batches), began + plan.limit_s):
                    report.problems.append(f"{what} is not through after {plan.limit_s:g} s")
                    break
                sent = len(slack.messages)
                report.notes.append(f"{what}: {sent} messages, {crew.kills} kills, {time.monotonic() - began:.0f} s")
                if tell:
                    print(report.notes[-1], flush=True)
                if what == "the first run":
                    run_again(store, s3.enqueued)
        finally:
            crew.stop()
        report.kills = crew.kills
        if crew.crashes:
            report.problems.append(f"{crew.crashes} workers ended with an error that no task may raise (see above)")
        compare(report, store, s3, slack, journal)
    report.problems += [f"never killed at {step!r}" for step in PROTOCOL if not killed_at(killer, step)]
    report.notes += table(killer, s3, slack)
    return report


def write_config(folder: Path, channels: tuple[str, ...]) -> None:
    desks = [{"name": f"desk-{number}", "kind": "slack", "channel": name} for number, name in enumerate(channels)]
    routes = [{"to": [desk["name"] for desk in desks]}]
    (folder / "receivers.yaml").write_text(json.dumps({"receivers": desks, "routes": routes}))
    # Several rules, so that no storm of one rule is a part of this.
    rules = [{"name": f"harbour-{number}", "query": f"berth{number}", "severity": "normal"} for number in range(40)]
    (folder / "rules.yaml").write_text(json.dumps({"rules": rules}))


def write_batches(store: Store, articles: int) -> list[BatchKey]:
    """What fetch and extract leave: committed raw batches, each with its clean batch. Each article matches one rule."""
    now = datetime.now(UTC)
    keys = []
    for first in range(0, articles, PER_BATCH):
        rows = [make_article(number, now) for number in range(first, min(first + PER_BATCH, articles))]
        fetched = Outcome(reason=Reason.FETCHED)
        report = SourceReport(publisher="Harbour Courier", alert_max_age_s=86_400, poll=fetched)
        items = tuple(
            BatchItem(entry=Entry(url=row.entry_url, source=row.source), first_seen=now, outcome=fetched)
            for row in rows
        )
        key = BatchKey(now.date().isoformat(), f"chaos-{first:04}")
        archive.write_articles(store, key.clean(EXTRACTOR), rows)
        archive.commit_batch(
            store,
            Batch(batch=key.batch, dt=key.dt, quiet=False, interval_end=now, items=items, sources={"courier": report}),
        )
        keys.append(key)
    return keys


def make_article(number: int, now: datetime) -> Article:
    """No two share a run of four words: none is a copy of another."""
    words = [f"{word}{number}" for word in ("crane", "pilot", "tide", "quay", "cargo", "ferry")]
    url = f"https://harbour-courier.example/{number}"
    return Article(
        article_id=f"article-{number}",
        source="courier",
        publisher="Harbour Courier",
        title=f"Ship {number} is moored",
        text=f"{' '.join(words)}. It lies at berth{number % 40} until Friday.",
        published=now,
        first_seen=now,
        method="precision",
        extractor=EXTRACTOR,
        entry_url=url,
        url=url,
        canonical_url=url,
    )


def wait_until_quiet(store: Store, crew: Crew, batches: int, deadline: float) -> bool:
    """Until every batch is matched and the outbox is empty, and stays so. False at the deadline."""
    quiet_since: float | None = None
    while (now := time.monotonic()) < deadline:
        crew.look_after()
        is_quiet = sum(1 for _ in store.list("matches/")) >= batches and not any(True for _ in store.list("outbox/"))
        quiet_since = (quiet_since or now) if is_quiet else None
        if quiet_since is not None and now - quiet_since > QUIET_S:
            return True
        time.sleep(0.1)
    return False


def run_again(store: Store, enqueued: dict[str, bytes]) -> None:
    """As if every task were cleared and every marker came back."""
    for key, body in enqueued.items():
        store.put(key, body)
    for item in list(store.list("matches/")):
        store.delete(item.key)


def compare(report: Report, store: Store, s3: ChaosS3, slack: ChaosSlack, journal: Journal) -> None:
    """What is on Slack, what was enqueued and what the delivery log says: all three must be the same."""
    wanted = {key.rpartition("/")[2].removesuffix(".json") for key in s3.enqueued}
    posted = Counter(str(message["metadata"]["event_payload"]["alert_id"]) for message in slack.messages)
    log = [json.loads(stored.body) for item in store.list("delivery/") if (stored := store.get(item.key))]
    missing = sorted(wanted - set(posted))
    report.lost = len(missing) + max(0, report.alerts - len(wanted))
    report.doubled = sum(count - 1 for count in posted.values())
    if len(wanted) != report.alerts:
        report.problems.append(f"{len(wanted)} alerts were enqueued, expected {report.alerts}")
    if strangers := set(posted) - wanted:
        report.problems.append(f"{len(strangers)} messages belong to no alert")
    where = {str(message["metadata"]["event_payload"]["alert_id"]): message["ts"] for message in slack.messages}
    wrong = [entry for entry in log if entry["state"] != "sent" or where.get(entry["alert_id"]) != entry["ts"]]
    if wrong or len(log) != report.alerts:
        report.problems.append(
            f"the delivery log has {len(log)} entries, {len(wrong)} of them are not what Slack shows"
        )
    if left := list(store.list("outbox/")):
        report.problems.append(f"{len(left)} markers are left in the outbox")
    parents = {message["ts"] for message in slack.messages}
    if any(message["thread_ts"] and message["thread_ts"] not in parents for message in slack.messages):
        report.problems.append("a reply has no parent")
    for alert_id in [*missing, *(name for name, count in posted.items() if count > 1)][:3]:
        report.notes += [f"alert {alert_id}:", *(f"    {line}" for line in journal.of[alert_id])]


def killed_at(killer: Killer, step: str) -> bool:
    return any(killer.cuts[step, cut] for cut in CUTS)


def table(killer: Killer, s3: ChaosS3, slack: ChaosSlack) -> list[str]:
    """Kills by step, faults by kind."""
    lines = [f"{'killed at':24}" + "".join(f"{cut:>6}" for cut in CUTS) + "      seen"]
    for step in sorted(killer.seen, key=lambda step: (PROTOCOL.index(step) if step in PROTOCOL else 99, step)):
        lines.append(f"{step:24}" + "".join(f"{killer.cuts[step, cut]:6}" for cut in CUTS) + f"{killer.seen[step]:10}")
    posts = sum(count for kind, count in slack.faulted.items() if not kind.startswith("history"))
    for name, faulted, total in (("S3", s3.faulted, s3.requests), ("Slack", slack.faulted, posts)):
        bad = sum(count for kind, count in faulted.items() if kind and not kind.startswith("history"))
        kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(faulted.items()) if kind)
        lines.append(f"{name}: {total} {'requests' if name == 'S3' else 'posts'}, {bad} failed on purpose: {kinds}")
    return lines
