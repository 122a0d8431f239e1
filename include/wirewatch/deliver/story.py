"""Which alerts tell the same story, an original and its syndicated copies; and when there are too many stories.

`stories/<receiver>/<window>.json` holds what the receiver was told within the window, with a signature of each text.
One compare-and-swap on it, before the first post, decides: the first alert leads its story, every later copy is a
reply to it. The loser of a race reads again and becomes the reply. The decision stays in the file, so a rerun repeats
it. The window is a length of time, not a date: no copy can fall between two days' files.

A storm: a rule has led to `Storming.stories` stories within `Storming.window`. A further story all of whose rules are
in a storm is a reply to the storm's rollup. None is dropped, and a story with a rule that is not in a storm stands
by itself.
"""

import base64
import re
import struct
from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from rensa import RMinHash

from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Alert, Record, UtcDatetime
from include.wirewatch.store import Store

WINDOW = timedelta(hours=24)
# Word 4-grams shared, of all: copies that were cut or edited reach .3 and more, independent reports of one event stay
# under .1 (docs/decisions/0005-copies-are-replies.md).
ALIKE = 0.3
# 128 hashes: a standard error of .04 at ALIKE.
HASHES = 128
SEED = 1
# Shorter texts (summaries, tickers) share phrases by chance.
MIN_GRAMS = 30
MAX_STORIES = 1_000
MAX_COPIES = 200
RACES = 50
# A character is a word in scripts that put no space between words.
WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W_]+")


class Storming(NamedTuple):
    """When a receiver has had enough of one rule."""

    stories: int = 30
    window: timedelta = timedelta(hours=1)


PATIENT = Storming()


class Copy(Record):
    """An alert that came after its story's first one."""

    alert_id: str
    publisher: str


class Story(Record):
    """lead: the alert that told it first. publisher, signature, rules, at: that alert's.

    storm: the rollup that it replies to, or "".
    """

    lead: str
    publisher: str
    signature: str
    at: UtcDatetime
    rules: tuple[str, ...] = ()
    storm: str = ""
    copies: tuple[Copy, ...] = ()


class Storm(Record):
    """A rule's storm: from its first story too many until a whole window has none."""

    rollup: str
    rule: str
    latest: UtcDatetime


class Stories(Record):
    """What one receiver was told within the window, oldest first."""

    stories: tuple[Story, ...] = ()
    storms: tuple[Storm, ...] = ()


class Lead(NamedTuple):
    """What an alert replies to; alert_id "": nothing. rollup: that alert, when it is a storm's."""

    alert_id: str = ""
    rollup: Alert | None = None


def signature_of(text: str) -> str:
    """A text's signature, about 700 characters; "" for a text too short to tell it from others."""
    words = WORD.findall(text.casefold())
    grams = {" ".join(words[i : i + 4]) for i in range(len(words) - 3)}
    if len(grams) < MIN_GRAMS:
        return ""
    minhash = RMinHash(num_perm=HASHES, seed=SEED)
    minhash.update(sorted(grams))
    return base64.b85encode(struct.pack(f"<{HASHES}I", *minhash.digest())).decode()


def likeness(one: str, other: str) -> float:
    """The estimated share of 4-grams that two texts have in common, 0 to 1; 0 where one has no signature."""
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(_hashes(one), _hashes(other), strict=True)) / HASHES


class Texts:
    """Texts by signature, to be asked which of them another one is a copy of: as assign() decides it, for thousands.

    Looks up each of the 128 places instead of comparing text with text.
    """

    def __init__(self) -> None:
        self._at: dict[tuple[int, int], list[int]] = {}

    def add(self, number: int, signature: str) -> None:
        for place in enumerate(_hashes(signature) if signature else ()):
            self._at.setdefault(place, []).append(number)

    def copied_by(self, signature: str) -> int | None:
        """The number of the text that is most alike, if it is alike enough; the first of equals."""
        shared: Counter[int] = Counter()
        for place in enumerate(_hashes(signature) if signature else ()):
            shared.update(self._at.get(place, ()))
        best, places = max(shared.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))
        return best if places / HASHES >= ALIKE else None


def assign(stories: Stories, alert: Alert, now: datetime, storming: Storming = PATIENT) -> tuple[Stories, str]:
    """The file with this alert in it, and the alert_id that it replies to; "" when it stands by itself. Pure."""
    for story in stories.stories:
        if story.lead == alert.alert_id:
            return stories, story.storm
        if any(copy.alert_id == alert.alert_id for copy in story.copies):
            return stories, story.lead
    recent = [story for story in stories.stories if story.at > now - WINDOW]
    alike = [(likeness(story.signature, alert.signature), -index) for index, story in enumerate(recent)]
    best, place = max(alike, default=(0.0, 0))
    if best >= ALIKE:
        story = recent[-place]
        if len(story.copies) < MAX_COPIES:
            copies = (*story.copies, Copy(alert_id=alert.alert_id, publisher=alert.publisher))
            recent[-place] = story.model_copy(update={"copies": copies})
        return stories.model_copy(update={"stories": tuple(recent)}), story.lead
    storm = _storm_for(stories.storms, recent, alert, now, storming)
    new = Story(
        lead=alert.alert_id,
        publisher=alert.publisher,
        signature=alert.signature,
        rules=tuple(match.rule for match in alert.matches),
        at=now,
        storm=storm.rollup if storm else "",
    )
    others = [item for item in stories.storms if item.latest > now - WINDOW and not (storm and item.rule == storm.rule)]
    storms = (*others, storm) if storm else tuple(others)
    return Stories(stories=(*recent, new)[-MAX_STORIES:], storms=storms), new.storm


def _storm_for(
    storms: tuple[Storm, ...], recent: list[Story], alert: Alert, now: datetime, storming: Storming
) -> Storm | None:
    """The storm that a new story belongs to: that of its best rule, when every one of its rules is in one."""
    counted = Counter(rule for story in recent if story.at > now - storming.window for rule in story.rules)
    if not alert.matches or any(counted[match.rule] < storming.stories for match in alert.matches):
        return None
    rule = min(alert.matches, key=lambda match: (-match.score, match.rule)).rule
    under_way = [storm for storm in storms if storm.rule == rule and storm.latest > now - storming.window]
    rollup = under_way[0].rollup if under_way else alert_id("storm", alert.receiver, f"{rule}\n{alert.alert_id}")
    return Storm(rollup=rollup, rule=rule, latest=now)


def rollup_of(storm: Storm, alert: Alert, storming: Storming) -> Alert:
    """The message that gathers a storm; the same for every alert of that storm but for its times. Pure."""
    minutes = int(storming.window.total_seconds()) // 60
    match = next(match for match in alert.matches if match.rule == storm.rule)
    changes = {
        "kind": "rollup",
        "alert_id": storm.rollup,
        "article_id": "",
        "title": f"More than {storming.stories} stories within {minutes} minutes match {storm.rule}",
        "url": "",
        "publisher": "",
        "authors": (),
        "published": None,
        "method": "rollup",
        "method_detail": "",
        "matches": (match.model_copy(update={"hits": ()}),),
        "excerpts": (),
        "signature": "",
        "clean_key": "",
    }
    return alert.model_copy(update=changes)


def lead_of(store: Store, alert: Alert, now: datetime, storming: Storming = PATIENT) -> Lead:
    """What this alert replies to, decided once for all workers."""
    for _ in range(RACES):
        stories, etag = _read(store, alert.receiver)
        decided, lead = assign(stories, alert, now, storming)
        if decided == stories or store.swap(_key(alert.receiver), decided.model_dump_json().encode(), etag):
            storm = next((storm for storm in decided.storms if storm.rollup == lead), None)
            return Lead(lead, rollup_of(storm, alert, storming) if storm else None)
    raise StoreError(f"{store.url(_key(alert.receiver))}: lost {RACES} races in a row")


def copies_of(store: Store, receiver: str, lead: str) -> tuple[str, ...]:
    """The publisher of each reply to that alert, copies of a story or stories of a storm, in the order they came."""
    stories = _read(store, receiver)[0].stories
    copies = [copy.publisher for story in stories if story.lead == lead for copy in story.copies]
    return tuple(copies) or tuple(story.publisher for story in stories if story.storm == lead)


def _read(store: Store, receiver: str) -> tuple[Stories, str | None]:
    stored = store.get(_key(receiver))
    return (Stories.model_validate_json(stored.body), stored.etag) if stored else (Stories(), None)


def _key(receiver: str) -> str:
    return f"stories/{receiver}/{int(WINDOW.total_seconds()) // 3600}h.json"


def _hashes(signature: str) -> tuple[int, ...]:
    return struct.unpack(f"<{HASHES}I", base64.b85decode(signature))
