"""The chaos run: messages through the real stages, while workers are killed and S3 and Slack fail. 0 lost, 0 doubled.

Articles lie fetched and extracted in S3 (news.py); worker processes do what the sweeper DAG does (match them, drain the
outbox), all at once, on a locked moto and the Slack stand-in, through boto3 and slack-sdk. Every step of the protocol
is cut by SIGKILL in three ways: the request is lost, it arrives after its sender's death, it is carried out and
unanswered. 60 % of the posts and edits fail in every way the stand-in knows, and 5 % of the requests to S3 (500 before,
500 after, 409). While the first messages are being delivered, further copies come, and some articles come again. Then
everything runs once more: the matches are gone, every marker is back in the outbox.

What it proves is the order of the writes and the decisions, for each cut and each mix of workers: every message once,
each reply in its thread, each count and each edition exact (judge.py). What it does not: SETTLE and LEASE are shortened
from 90 and 120 s to 4 and 5.5 (waits.py), so it says nothing on whether 90 s are enough for the real Slack; a post or
an edit that is accepted later than SETTLE, a clock that is off by more, or a worker that sleeps longer than its lease
between its last write and its post could double an alert or undo a count, and none of these happens here.
"""

import json
import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from include.wirewatch.deliver import outbox
from include.wirewatch.settings import S3Place
from include.wirewatch.store import Store
from tests.chaos.judge import Report, judge
from tests.chaos.killer import CUTS, Killer
from tests.chaos.news import LONG, OPS, News, Size, rules, write_batches
from tests.chaos.servers import ChaosS3, ChaosSlack, Journal
from tests.chaos.waits import LEASE_S, SETTLE_S
from tests.chaos.worker import Place, work

BUCKET = "wirewatch-chaos"
QUIET_S = 1.5
# What every run comes through; the killer also cuts whatever else it sees.
PROTOCOL = (
    "list outbox", "read outbox", "read delivery", "enqueue", "enqueue addendum", "write matches",
    "read stories", "write stories", "enqueue rollup",
    "claim", "write ahead", "chat.postMessage", "log refusal", "log lost answer", "log sent", "delete outbox",
    "claim to look for", "conversations.history", "conversations.replies",
    "edit ahead", "chat.update", "log lost edit", "log edited",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """cuts_each: how often each step is cut in each of the three ways; cuts_most: in all of them together.

    slack_faults: the share of posts and edits that fail.
    """

    size: Size = LONG
    workers: int = 4
    cuts_each: int = 3
    cuts_most: int = 9
    chance: float = 0.3
    slack_faults: float = 0.6
    limit_s: float = 900
    seed: int = 1
    settle_s: float = SETTLE_S
    lease_s: float = LEASE_S
    sabotage: str = ""


class Crew:
    """Worker processes; a killed one is replaced. They are forked from one that has imported everything."""

    def __init__(self, place: Place, size: int, killer: Killer) -> None:
        self._place, self._killer = place, killer
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.chaos.worker"])
        self._processes: list[BaseProcess] = [self._start() for _ in range(size)]
        self.kills = 0
        self.crashes = 0

    def work_until(self, is_done: Callable[[], bool], deadline: float, stays_s: float = 0) -> bool:
        """Until that is so, and stays so. False at the deadline."""
        since: float | None = None
        while (now := time.monotonic()) < deadline:
            self._replace()
            since = (since or now) if is_done() else None
            if since is not None and now - since >= stays_s:
                return True
            time.sleep(0.1)
        return False

    def stop(self) -> None:
        for process in self._processes:
            process.terminate()
            process.join(5)

    def _replace(self) -> None:
        for number, process in enumerate(self._processes):
            if not process.is_alive():
                self.kills += process.exitcode == -9
                self.crashes += process.exitcode != -9
                self._processes[number] = self._start()

    def _start(self) -> BaseProcess:
        process = self._context.Process(target=work, args=(self._place,), daemon=True)
        process.start()
        self._killer.born(process.pid or 0)
        return process


@dataclass
class Run:
    """One run under way: what is to come, and where."""

    news: News
    store: Store
    s3: ChaosS3
    crew: Crew
    deadline: float
    batches: int = 0

    def first(self) -> bool:
        """Everything comes once, later editions and articles that come again on the heels of the first."""
        self.batches += write_batches(self.store, self.news.first(), "first")
        self._announce(1)
        if not self.crew.work_until(self._is_matched, self.deadline):
            return False
        self.batches += write_batches(self.store, self.news.later(), "later")
        self._announce(2)
        if not self.crew.work_until(self._is_matched, self.deadline):
            return False
        self._announce(3)
        return self._is_over()

    def again(self) -> bool:
        """As if every task were cleared and every marker came back."""
        for key, body in self.s3.enqueued.items():
            self.store.put(key, body)
        for item in list(self.store.list("matches/")):
            self.store.delete(item.key)
        return self._is_over()

    def _announce(self, edition: int) -> None:
        for bulletin in self.news.bulletins(edition):
            outbox.enqueue(self.store, bulletin)

    def _is_over(self) -> bool:
        return self.crew.work_until(
            lambda: self._is_matched() and not any(True for _ in self.store.list("outbox/")), self.deadline, QUIET_S
        )

    def _is_matched(self) -> bool:
        return sum(1 for _ in self.store.list("matches/")) >= self.batches


def run(plan: Plan, folder: Path, tell: bool = False) -> Report:
    """The whole run, for at most plan.limit_s. folder: for the configuration."""
    killer, journal = Killer(plan.cuts_each, plan.cuts_most, chance=plan.chance, seed=plan.seed), Journal()
    news = News(plan.size, datetime.now(UTC))
    names = [*plan.size.desk_names, *plan.size.storm_desk_names, OPS]
    channels = {name: f"C0CHAOS{number:02}" for number, name in enumerate(names)}
    report = Report(plan.size.alerts)
    with (
        ChaosS3(killer, journal, plan.seed) as s3,
        ChaosSlack(killer, journal, plan.seed, plan.slack_faults, tuple(channels.values())) as slack,
    ):
        s3.create_bucket(BUCKET)
        store = Store(s3.client(), S3Place(BUCKET, f"run-{time.time_ns()}"))
        (folder / "receivers.yaml").write_text(json.dumps(news.receivers(channels)))
        (folder / "rules.yaml").write_text(json.dumps(rules()))
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
        going = Run(news, store, s3, crew, began + plan.limit_s)
        try:
            for what, act in (("the first run", going.first), ("the second run of everything", going.again)):
                if not act():
                    report.problems.append(f"{what} is not through after {plan.limit_s:g} s")
                    break
                sent = len(slack.messages)
                report.notes.append(f"{what}: {sent} messages, {crew.kills} kills, {time.monotonic() - began:.0f} s")
                if tell:
                    print(report.notes[-1], flush=True)
        finally:
            crew.stop()
        report.kills = crew.kills
        if crew.crashes:
            report.problems.append(f"{crew.crashes} workers ended with an error that no task may raise (see above)")
        judge(report, news, store, slack.messages, journal)
    report.problems += [f"never killed at {step!r}" for step in PROTOCOL if not killed_at(killer, step)]
    report.notes += table(killer, s3, slack)
    return report


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
        what = "requests" if name == "S3" else "posts and edits"
        lines.append(f"{name}: {total} {what}, {bad} failed on purpose: {kinds}")
    return lines
