"""What is on Slack when everything is quiet, against what had to come: threads, counts, editions and the log, too."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.store import Store
from tests.chaos.news import AMENDED, EDITIONS, News
from tests.chaos.servers import Journal

Message = dict[str, Any]


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


def judge(report: Report, news: News, store: Store, messages: list[Message], journal: Journal) -> None:
    """Fill in what was lost and doubled, and every problem."""
    expected, posted = news.ids(), Counter(map(id_of, messages))
    strangers = sorted(set(posted) - set(expected))
    rollups = [message for message in messages if id_of(message) in strangers and "More than" in message["text"]]
    # A refusal that parks a receiver is told to ops by the drain that meets it, once a day.
    parked = [message for message in messages if id_of(message) in strangers and "is parked" in message["text"]]
    missing = sorted(set(expected) - set(posted))
    storms = news.size.storm_desks
    report.lost = len(missing) + max(storms - len(rollups), 0)
    # Two rollups of one storm are one message twice.
    report.doubled = sum(count - 1 for count in posted.values()) + max(len(rollups) - storms, 0)
    if others := len(strangers) - len(rollups) - len(parked):
        report.problems.append(f"{others} messages belong to no alert")
    if not (report.lost or report.doubled):
        by_id = {id_of(message): message for message in messages}
        report.problems += [*wrong_groups(news, by_id), *wrong_addenda(news, by_id), *wrong_editions(news, by_id)]
        for desk in news.size.storm_desk_names:
            report.problems += wrong_storm(news, by_id, rollups, desk)
    report.problems += wrong_log(store, messages)
    for name in [*missing, *(name for name, count in posted.items() if count > 1)][:3]:
        report.notes += [
            f"alert {name} ({expected.get(name, 'rollup')}):",
            *(f"    {line}" for line in journal.of[name]),
        ]


def wrong_groups(news: News, by_id: dict[str, Message]) -> Iterator[str]:
    """An agency's text: one message stands by itself, the others are its replies, and it counts exactly these."""
    size = news.size
    for desk in size.desk_names:
        for group in range(size.groups):
            rows = [news.copy(group, number) for number in range(1 + size.copies)]
            found = [(by_id[alert_id(row.article_id, desk)], row.publisher) for row in rows]
            leads = [message for message, _ in found if not message["thread_ts"]]
            replies = [(message, publisher) for message, publisher in found if message["thread_ts"]]
            if len(leads) != 1 or any(message["thread_ts"] != leads[0]["ts"] for message, _ in replies):
                yield f"text {group} at {desk}: {len(leads)} messages stand by themselves, or a reply is elsewhere"
                continue
            counted = f"{_many(len(replies), 'copy', 'copies')} at {_publishers(publisher for _, publisher in replies)}"
            if counted not in str(leads[0]["blocks"]):
                yield f"text {group} at {desk}: its first alert does not say '{counted}': {_last_block(leads[0])}"


def wrong_addenda(news: News, by_id: dict[str, Message]) -> Iterator[str]:
    """A rule that matched later is told in the thread of the article's alert, wherever that stands."""
    for desk in news.size.desk_names:
        for row in news.again():
            first, added = by_id[alert_id(row.article_id, desk)], by_id[alert_id(row.article_id, desk, AMENDED)]
            if added["thread_ts"] != (first["thread_ts"] or first["ts"]):
                yield f"the addendum to {row.article_id} at {desk} is not in its thread"


def wrong_storm(news: News, by_id: dict[str, Message], rollups: list[Message], desk: str) -> Iterator[str]:
    """The first few stand by themselves, the rest are replies to the one rollup, which counts exactly these."""
    stories = [news.story(number) for number in range(news.size.storm)]
    told = {row.article_id: by_id[alert_id(row.article_id, desk)] for row in stories}
    channel = next(iter(told.values()))["channel"]
    here = [rollup for rollup in rollups if rollup["channel"] == channel and not rollup["thread_ts"]]
    inside = [row for row in stories if [rollup["ts"] for rollup in here] == [told[row.article_id]["thread_ts"]]]
    alone = [row for row in stories if not told[row.article_id]["thread_ts"]]
    if (len(here), len(alone), len(inside)) != (1, news.size.patience, news.size.storm - news.size.patience):
        yield f"{desk}: {len(here)} rollups, {len(alone)} stories stand by themselves, {len(inside)} are replies"
        return
    counted = f"{_many(len(inside), 'story', 'stories')} at {_publishers(row.publisher for row in inside)}"
    if counted not in str(here[0]["blocks"]):
        yield f"{desk}: its rollup does not say '{counted}': {_last_block(here[0])}"


def wrong_editions(news: News, by_id: dict[str, Message]) -> Iterator[str]:
    """A digest shows its last edition, and a failure was never edited."""
    for bulletin in news.bulletins(1):
        edition = EDITIONS if bulletin.kind == "digest" else 0
        # Its sentence, for one whose blocks were refused is plain text.
        text = by_id[bulletin.alert_id]["text"]
        if not text.endswith(f"edition {edition}"):
            yield f"{bulletin.alert_id} shows '{text}'"
        if not edition and by_id[bulletin.alert_id]["edits"]:
            yield f"{bulletin.alert_id} was edited"


def wrong_log(store: Store, messages: list[Message]) -> Iterator[str]:
    """The delivery log has an entry for each message, `sent`, with the message's own ts; and nothing is left open."""
    where = {id_of(message): message["ts"] for message in messages}
    log = [json.loads(stored.body) for item in store.list("delivery/") if (stored := store.get(item.key))]
    wrong = [entry for entry in log if entry["state"] != "sent" or where.get(entry["alert_id"]) != entry["ts"]]
    if wrong or len(log) != len(where):
        yield f"the delivery log has {len(log)} entries, {len(wrong)} of them are not what Slack shows"
    if left := list(store.list("outbox/")):
        yield f"{len(left)} markers are left in the outbox"


def id_of(message: Message) -> str:
    return str(message["metadata"]["event_payload"]["alert_id"])


def _many(count: int, one: str, many: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {many}"


def _publishers(names: Iterator[str]) -> str:
    return _many(len(set(names)), "publisher", "publishers")


def _last_block(message: Message) -> str:
    return str(message["blocks"][-1])[:200]
