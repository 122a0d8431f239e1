"""S3 and Slack that fail on purpose, and that tell the killer of every step they see."""

import json
import random
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from io import BytesIO
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

from tests.chaos.killer import LATE, LOST, Killer
from tests.chaos.waits import SLACK_TIMEOUT_S
from tests.fakes.s3_server import LockedS3
from tests.fakes.slack_server import Fault, SlackServer

S3_FAULTS = 0.05
HISTORY_FAULTS = 0.20
LATE_S = 0.5
# An edit may take longer, so that others overtake it; sooner than it has settled (waits.py) it is there.
EDIT_LATE_S = 2.5

# What goes wrong with a post or an edit. A deck of these is dealt before it is mixed anew, so that each kind comes.
FAULTS = (
    *("drop_before", "drop_after") * 2,
    *("http_500_before", "http_500_after") * 2,
    *("slow", "slow"),  # accepted, but answered after the client has given up
    *("late", "late"),  # accepted after the client has given up
)
# Of everybody, of the channel, of this form of the message.
REFUSALS = ("rate_limited", "channel_not_found", "invalid_blocks")
CERTAIN = len(REFUSALS)


class Journal:
    """What happened to each alert, in order, for when one is lost or doubled."""

    def __init__(self) -> None:
        self.of: defaultdict[str, list[str]] = defaultdict(list)
        self._began = time.monotonic()

    def note(self, alert_id: str, pid: int, step: str, trouble: str) -> None:
        self.of[alert_id].append(f"{time.monotonic() - self._began:7.2f} s  {pid}  {step}  {trouble}".rstrip())


class ChaosS3(LockedS3):
    """Only requests of workers fail; what this process itself asks is answered."""

    may_wait = True

    def __init__(self, killer: Killer, journal: Journal, seed: int) -> None:
        super().__init__()
        self.killer, self.journal = killer, journal
        self.faulted: Counter[str] = Counter()
        self.requests = 0
        self.enqueued: dict[str, bytes] = {}
        self._steps = Steps()
        self._random = random.Random(seed)

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        sender = re.search(r"worker/(\d+)", environ.get("HTTP_USER_AGENT", ""))
        if sender is None:
            return super()._answer(environ, start_response)
        pid, method, key = int(sender[1]), environ["REQUEST_METHOD"], environ["PATH_INFO"].split("/", 3)[-1]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        step = self._steps.name(method, key, environ.get("QUERY_STRING", ""), body)
        cut = self.killer.at(step, pid)
        fault = "" if cut else self._fault(conditional="HTTP_IF_MATCH" in environ or "HTTP_IF_NONE_MATCH" in environ)
        self.requests += 1
        self.faulted[fault] += 1
        alert_id = key.rpartition("/")[2].removesuffix(".json")
        if cut == LOST or fault in {"500 before", "409"}:
            self.journal.note(alert_id, pid, step, cut or fault)
            return _refuse(start_response, "409 Conflict" if fault == "409" else "500 Internal Server Error")
        if cut == LATE:
            time.sleep(LATE_S)
        answers: list[Any] = []
        answer = super()._answer(environ, lambda *given: answers.append(given))
        self.journal.note(alert_id, pid, step, f"{answers[0][0][:3]} {cut or fault}")
        if step.startswith("enqueue") and answers[0][0].startswith("200"):
            self.enqueued[key] = body
        self.killer.after(cut, pid)
        if fault:
            return _refuse(start_response, "500 Internal Server Error")
        start_response(*answers[0])
        return answer

    def _fault(self, *, conditional: bool) -> str:
        if self._random.random() >= S3_FAULTS:
            return ""
        return self._random.choice(["500 before", "500 after", "409"] if conditional else ["500 before", "500 after"])


class Steps:
    """Names a request after the step of the protocol that it is."""

    def __init__(self) -> None:
        self._tries: Counter[str] = Counter()
        self._edited: set[str] = set()
        self._lock = Lock()

    def name(self, method: str, key: str, query: str, body: bytes) -> str:
        folder = key.partition("/")[0]
        if method == "GET" and "list-type" in query:
            prefix = parse_qs(query)["prefix"][0].split("/", 1)[-1]
            return f"list {prefix.partition('/')[0]}"
        if method != "PUT":
            return f"{'read' if method == 'GET' else method.lower()} {folder}"
        if folder == "outbox":
            marker = json.loads(body)
            if marker.get("kind") == "rollup":
                return "enqueue rollup"
            return "enqueue addendum" if marker["parent"] else "enqueue"
        return self._log_step(json.loads(body)) if folder == "delivery" else f"write {folder}"

    def _log_step(self, entry: dict[str, Any]) -> str:
        if entry["state"] == "sent":
            return self._edit_step(entry)
        if entry["state"] != "posting":
            return f"log {entry['state']}"
        if entry["error"]:
            return "log lost answer" if entry["last_try"] else "log refusal"
        with self._lock:
            is_next_try = entry["tries"] > self._tries[entry["alert_id"]]
            self._tries[entry["alert_id"]] = max(entry["tries"], self._tries[entry["alert_id"]])
        if entry["last_try"] is None:
            return "claim"
        return "write ahead" if is_next_try else "claim to look for"

    def _edit_step(self, entry: dict[str, Any]) -> str:
        """Of an entry that is `sent`: that it is, or what becomes of an edit."""
        with self._lock:
            was_edited = entry["alert_id"] in self._edited
            if entry["edit_try"]:
                self._edited.add(entry["alert_id"])
        if entry["edit_try"]:
            return "log lost edit" if entry["error"] else "edit ahead"
        return "log edited" if was_edited else "log sent"


class ChaosSlack(SlackServer):
    """A token is followed by `/` and the process that uses it. share: of the posts and edits that fail."""

    def __init__(self, killer: Killer, journal: Journal, seed: int, share: float, channels: tuple[str, ...]) -> None:
        super().__init__(channels=channels, faults=self._post_fault)
        self.killer, self.journal, self._share = killer, journal, share
        self.faulted: Counter[str] = Counter()
        self._random = random.Random(seed)
        # The first ones fail for certain, the posts by refusals: a short run has few of either.
        self._decks: dict[str, list[str]] = {"posts": [*FAULTS, *REFUSALS], "edits": [*FAULTS]}
        self._calls: Counter[str] = Counter()
        self._reply_was_lost = False
        self._dealing = Lock()

    def answer(self, method: str, token: str, arguments: dict[str, Any]) -> tuple[Fault | None, dict[str, Any]]:
        token, _, sender = token.rpartition("/")
        pid = int(sender)
        cut = self.killer.at(method, pid)
        alert_id = (((arguments.get("metadata") or {}).get("event_payload")) or {}).get("alert_id", "")
        if cut == LOST:
            self.journal.note(alert_id, pid, method, cut)
            return Fault("drop_before"), {}
        late_s = EDIT_LATE_S if arguments.get("ts") and method.startswith("chat.") else LATE_S
        if cut == LATE:
            time.sleep(late_s)
        if method.startswith("conversations.") and not cut and self._random.random() < HISTORY_FAULTS:
            kind = self._random.choice(["drop_before", "http_500_before", "rate_limited"])
            self.faulted[f"history {kind}"] += 1
            return Fault(kind), {}
        kind = "" if cut or method.startswith("conversations.") else self._choose(arguments)
        if kind == "late":
            time.sleep(SLACK_TIMEOUT_S + late_s)
        fault, answer = super().answer(method, token, {**arguments, "chaos": kind})
        self.journal.note(alert_id, pid, method, f"{answer.get('ts') or answer.get('error') or ''} {cut or kind}")
        self.killer.after(cut, pid)
        return fault, answer

    def _choose(self, arguments: dict[str, Any]) -> str:
        kind, deck = "", "edits" if arguments.get("ts") else "posts"
        self._calls[deck] += 1
        if arguments.get("thread_ts") and not self._reply_was_lost:
            self._reply_was_lost = True
            kind = "drop_after"  # for certain: by chance alone, some short runs have no reply to look for
        elif self._calls[deck] <= CERTAIN or self._random.random() < self._share:
            kind = self._deal(deck)
        if kind == "invalid_blocks" and (arguments.get("ts") or not arguments.get("blocks")):
            # Refused as plain text too, an alert would be dead, and an edit is given up: that is another story.
            kind = "drop_after"
        self.faulted[kind] += 1
        return kind

    def _deal(self, deck: str) -> str:
        with self._dealing:
            if not self._decks[deck]:
                self._decks[deck] = self._random.sample([*FAULTS, *REFUSALS], len(FAULTS) + len(REFUSALS))
            return self._decks[deck].pop()

    def _post_fault(self, method: str, arguments: dict[str, Any]) -> Fault | None:
        kind = arguments["chaos"]
        return Fault(kind, delay_s=SLACK_TIMEOUT_S + LATE_S) if kind and kind != "late" else None


def _refuse(start_response: Callable[..., Any], status: str) -> list[bytes]:
    code = "ConditionalRequestConflict" if status.startswith("409") else "InternalError"
    body = f"<Error><Code>{code}</Code><Message>on purpose</Message></Error>".encode()
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
    return [body]
