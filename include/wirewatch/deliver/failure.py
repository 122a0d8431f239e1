"""Failures as messages for ops: what failed, where, in its own words, and what to do. Pure.

A failure is told once a day: its id is made of the receiver, the subject and the UTC day. More than FEW of one kind at
once are one message. No receiver is told what it cannot be told: that it is parked itself.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.models import Bulletin, BulletinLine, BulletinSection, Failure

# So many of a kind are told one by one.
FEW = 3
# Of an error's text; a message shows less.
LINE_CHARS, LINES = 1_000, 500
# A message for ops that was itself refused: a red task and a line of its log, or there would be no end.
UNTOLD = "untold"


class Where(NamedTuple):
    """Which task found it, for people, and the address of its log; "" where there is none."""

    task: str = ""
    log_url: str = ""


NOWHERE = Where()


class Kind(NamedTuple):
    """one, many: the title, with {which} and {count}. todo: what to do about it.

    passes: it happens once, so the next ones of a day are others; what stays is told once a day however many they are.
    grows: a later message of the day replaces the earlier one, with what has come since.
    """

    one: str
    many: str
    todo: str
    passes: bool = False
    grows: bool = False


_LOG = "The log of the task says more."
KINDS = {
    "task": Kind(
        "Task failed: {which}",
        "{count} tasks failed",
        f"{_LOG} Clearing it is safe at any time; what the run left is finished by finish_work without it, too.",
    ),
    "run": Kind(
        "Stopped at its time limit: a run of {which}",
        "Runs of {count} DAGs were stopped at their time limit",
        "Its unfinished tasks were skipped: did they wait for a pool or a worker, or hang? finish_work does the rest.",
    ),
    "idle": Kind(
        "{which} brings nothing",
        "{count} DAGs bring nothing",
        "Is it paused, is a run of it stuck or queued, do the pools exist? Where that is meant, pause finish_work too.",
    ),
    "config": Kind(
        "The configuration is wrong",
        "The configuration is wrong",
        "Correct it: wirewatch check names every mistake. Nothing has to be cleared; what waits goes on by itself.",
    ),
    "sources": Kind(
        "Sources that bring nothing",
        "Sources that bring nothing",
        "Correct them in sources.yaml, or switch them off (enabled: false). wirewatch sources health says more.",
        grows=True,
    ),
    "unfinished": Kind(
        "Batches that cannot be finished",
        "Batches that cannot be finished",
        f"{_LOG} They stay where they are, and every sweep tries them again.",
    ),
    "parked": Kind(
        "Receiver {which} is parked",
        "{count} receivers are parked",
        "Mend the receiver as it says. Its messages wait in the outbox, and every sweep tries again.",
    ),
    "overdue": Kind(
        "Messages for {which} are overdue",
        "Messages for {count} receivers are overdue",
        "Slack is slow, or there are more messages than one a second; if it stays, route less there, or digest it.",
    ),
    "dead": Kind(
        "A message was refused for good",
        "{count} messages were refused for good",
        "The delivery log keeps it. Once the reason is gone, wirewatch alerts retry tries it again.",
        passes=True,
    ),
    "unedited": Kind(
        "A message could not be brought up to date",
        "{count} messages could not be brought up to date",
        "The channel shows what it showed before. Look up the reason; the next edition is tried again by itself.",
        passes=True,
    ),
    "refused": Kind(
        "A message is refused for a reason that is not known",
        "{count} messages are refused for reasons that are not known",
        "Look the reason up in the receiver's documentation. The message stays, and every sweep tries again.",
    ),
    "broken": Kind(
        "A message cannot be delivered",
        "{count} messages cannot be delivered",
        f"{_LOG} A fault of Wirewatch: report it. The message stays, and every sweep tries again.",
    ),
    "unreadable": Kind(
        "An object in S3 is not readable",
        "{count} objects in S3 are not readable",
        "A newer version wrote it, or it is damaged. Deploy the newer version again, or look at it and delete it.",
    ),
    "doctor": Kind(
        "wirewatch doctor: {which}",
        "wirewatch doctor: {count} checks fail",
        "Mend what it names; then wirewatch doctor, with the same environment, shows whether all is well.",
    ),
}
_OTHER = Kind("{which}", "{count} failures", _LOG)

# An address up to its end: query strings of PHP have brackets and quotes in them.
_ADDRESS = re.compile(r"(?:\b[a-z][a-z0-9+.-]{0,20}:)?//[^\s\"<>]{1,4000}", re.IGNORECASE)
_QUERY = re.compile(r"(/[^\s?\"<>]{0,500})\?[^\s\"<>=]{0,200}=[^\s\"<>]{0,4000}")
_BEHIND_ADDRESS = ":;,.)]}'"
# Every repetition is bounded: errors carry what publishers sent, and some of it would take hours otherwise.
_NAMED = re.compile(
    r"(?i)((?:token|password|secret|api_?key|signature|credential|authorization)[\w-]{0,20}['\"]?\s{0,3}[=:]\s{0,3}['\"]?"
    r"(?:bearer |basic )?|\bbearer )[\w+/=.~%-]{8,}"
)
_BARE = re.compile(r"\bxox[a-z]-[\w-]+|\bxapp-[\w-]+|\bwhsec_[\w+/=-]+|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")


class _Told(NamedTuple):
    """What becomes one message."""

    subject: str
    title: str
    lines: list[str]
    kind: Kind


def bulletins_of(failures: Iterable[Failure], receiver: str, where: Where, now: datetime) -> Iterator[Bulletin]:
    """The messages for one of the ops receivers."""
    by_kind: dict[str, list[Failure]] = {}
    for failure in failures:
        if failure.about != receiver and kind_of(failure) != UNTOLD:
            by_kind.setdefault(kind_of(failure), []).append(failure)
    for name, alike in by_kind.items():
        for told in [_many(name, alike)] if len(alike) > FEW else map(_one, alike):
            yield _bulletin(told, receiver, where, now)


def kind_of(failure: Failure) -> str:
    return failure.subject.partition(" ")[0]


def lines_of(failure: Failure) -> list[str]:
    """What it says, for people and for logs: bounded, and without what is nobody's business."""
    return [redacted(line[:LINE_CHARS]) for line in failure.says.splitlines()[:LINES] if line.strip()]


def redacted(text: str) -> str:
    """The text without credentials and query strings of URLs, tokens, keys and passwords."""
    text = _ADDRESS.sub(lambda found: _bare_address(found[0]), text)
    text = _QUERY.sub(r"\1", text)
    return _BARE.sub("…", _NAMED.sub(r"\1…", text))


def _bare_address(address: str) -> str:
    """Without login, query and fragment, whatever its scheme; what the sentence goes on with stays."""
    scheme, slashes, rest = address.partition("//")
    end = rest[len(rest.rstrip(_BEHIND_ADDRESS)) :]
    bare = re.split("[?#]", rest.removesuffix(end), maxsplit=1)[0]
    host, slash, path = bare.partition("/")
    return f"{scheme}{slashes}{host.rpartition('@')[2]}{slash}{path}{end}"


def _one(failure: Failure) -> _Told:
    name, _, which = failure.subject.partition(" ")
    kind = KINDS.get(name, _OTHER)
    return _Told(failure.subject, kind.one.format(which=which[:LINE_CHARS]), lines_of(failure), kind)


def _many(name: str, alike: list[Failure]) -> _Told:
    kind = KINDS.get(name, _OTHER)
    which = "\n".join(sorted(failure.subject for failure in alike)) if kind.passes else ""
    lines = [line for failure in alike for line in lines_of(failure)]
    return _Told(f"{name} in bulk\n{which}", kind.many.format(count=len(alike)), lines, kind)


def _bulletin(told: _Told, receiver: str, where: Where, now: datetime) -> Bulletin:
    says = BulletinSection(heading="What it says", lines=tuple(BulletinLine(text=line) for line in told.lines))
    todo = [BulletinLine(text=told.kind.todo)]
    if where.log_url:
        todo.append(BulletinLine(text="Log of the task", url=where.log_url))
    return Bulletin(
        kind="failure",
        alert_id=alert_id("failure", receiver, f"{told.subject}\n{now:%Y-%m-%d}"),
        receiver=receiver,
        title=redacted(told.title),
        notes=(where.task,) if where.task else (),
        sections=(says, BulletinSection(heading="What to do", lines=tuple(todo))),
        edition=now.hour + 1 if told.kind.grows else 0,
        enqueued_at=now,
        not_before=now,
    )
