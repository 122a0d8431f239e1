"""Which alerts tell the same story, an original and its syndicated copies; and which stories are gathered.

`stories/<receiver>/<window>.json` holds what the receiver was told within the window, with a signature of each text.
One compare-and-swap on it, before the first post, decides: the first alert leads its story, every later copy is a
reply to it. The loser of a race reads again and becomes the reply. Where the lead turns out to be refused for good, the
first copy that finds it so takes its place, by the same write, and the others reply to that. The decision stays in the
file, so a rerun repeats it. The window is a length of time, not a date: no copy can fall between two days' files.

The same write decides whether a new story goes into the thread of a rollup (rollup.py), and counts it there. A copy
counts for its story, wherever that stands, never for a rollup. None is dropped.
"""

import base64
import math
import re
import struct
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain
from operator import eq
from typing import NamedTuple

from pydantic import Field
from rensa import RMinHash

from include.wirewatch.deliver.rollup import STORMS_ONLY, Gathering, Rollup, rollup_alert, rollup_for
from include.wirewatch.deliver.stored import read_as
from include.wirewatch.errors import StoreError
from include.wirewatch.models import Alert, Record, UtcDatetime
from include.wirewatch.remembered import Remembered
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
# Copies kept with all that is known of them; of further ones only what counting each once needs.
MAX_COPIES, MAX_FURTHER = 200, 10_000
SHORT = 12  # hexadecimal digits: enough to tell some thousands apart
RACES = 50
# A character is a word in scripts that put no space between words.
WORD = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]|[^\W_]++")
# By what stands between white space, for texts repeat it: 2,552 articles took 0.49 ms each instead of 0.65. The first
# of a process takes 0.3 ms more.
_WORDS = Remembered(lambda chunk: tuple(WORD.findall(chunk.casefold())))
Hashes = tuple[int, ...]  # HASHES of them, or none: of a text too short to tell it from others


class Copy(Record):
    """An alert that came after its story's first one."""

    alert_id: str
    publisher: str


class Story(Record):
    """lead: the alert that told it first. publisher, signature, rules, at: that alert's.

    rollup: the alert_id of the rollup that it replies to, or "". further: the beginnings of the alert_ids of the copies
    after the first MAX_COPIES; publishers: how many of those each has.
    """

    lead: str
    publisher: str
    signature: str
    at: UtcDatetime
    rules: tuple[str, ...] = ()
    rollup: str = ""
    copies: tuple[Copy, ...] = ()
    further: tuple[str, ...] = ()
    publishers: dict[str, int] = Field(default_factory=dict)

    def has_copy(self, alert_id: str) -> bool:
        return alert_id[:SHORT] in self.further or any(copy.alert_id == alert_id for copy in self.copies)


class Stories(Record):
    """What one receiver was told within the window, oldest first."""

    stories: tuple[Story, ...] = ()
    rollups: tuple[Rollup, ...] = ()


class Lead(NamedTuple):
    """What an alert replies to; alert_id "": nothing. rollup: that message, when it is one."""

    alert_id: str = ""
    rollup: Alert | None = None


def signature_of(text: str) -> str:
    """A text's hashes as they are stored: a signature of 684 characters, or ""."""
    hashes = hashes_of(text)
    return base64.b64encode(struct.pack(f"<{HASHES}I", *hashes)).decode() if hashes else ""


def hashes_of(text: str) -> Hashes:
    """By the share of them that two texts have in common, copies are known; () for a text too short for that."""
    words = list(chain.from_iterable(map(_WORDS.__getitem__, text.split())))  # no word reaches across white space
    grams = list(map(" ".join, zip(words, words[1:], words[2:], words[3:], strict=False)))
    if len(set(grams)) < MIN_GRAMS:
        return ()
    minhash = RMinHash(num_perm=HASHES, seed=SEED)
    minhash.update(grams)  # those that repeat change nothing: of each hash the smallest counts
    return tuple(minhash.digest())


@lru_cache(maxsize=2 * MAX_STORIES)  # one is compared with many, and 0.1 ms each time that it is read
def hashes_in(signature: str) -> Hashes:
    return struct.unpack(f"<{HASHES}I", base64.b64decode(signature)) if signature else ()


def likeness(one: str, other: str) -> float:
    """The estimated share of 4-grams that two texts have in common, 0 to 1; 0 where one has no signature."""
    if not one or not other:
        return 0.0
    return sum(a == b for a, b in zip(hashes_in(one), hashes_in(other), strict=True)) / HASHES


class Texts:
    """Texts by their hashes, to be asked which of them another one is a copy of: as assign() decides it, for thousands.

    Looks up hashes instead of comparing text with text: of 128 the first 90, for who has 39 in common has one of those.
    """

    def __init__(self) -> None:
        self._hashes: dict[int, Hashes] = {}
        # By place and hash, the numbers of the texts. No container for each: the garbage collector would go through
        # them all, again and again.
        looked_up = HASHES - math.ceil(ALIKE * HASHES) + 1
        self._having: tuple[dict[int, tuple[int, ...]], ...] = tuple({} for _ in range(looked_up))

    def add(self, number: int, hashes: Hashes) -> None:
        self._hashes[number] = hashes
        own = (number,)
        for having, value in zip(self._having, hashes, strict=False):
            having[value] = having.get(value, ()) + own

    def copied_by(self, hashes: Hashes) -> int | None:
        """The number of the text that is most alike, if it is alike enough; the first of equals."""
        found = set(chain.from_iterable(filter(None, map(dict[int, tuple[int, ...]].get, self._having, hashes))))
        shared = [(sum(map(eq, hashes, self._hashes[number])), -number) for number in found]
        places, best = max(shared, default=(0, 0))
        return -best if places / HASHES >= ALIKE else None


def assign(stories: Stories, alert: Alert, now: datetime, gathering: Gathering = STORMS_ONLY) -> tuple[Stories, str]:
    """The file with this alert in it, and the alert_id that it replies to; "" when it stands by itself. Pure."""
    for story in stories.stories:
        if story.lead == alert.alert_id:
            return stories, story.rollup
        if story.has_copy(alert.alert_id):
            return stories, story.lead
    recent = [story for story in stories.stories if story.at > now - WINDOW]
    alike = [(likeness(story.signature, alert.signature), -index) for index, story in enumerate(recent)]
    best, place = max(alike, default=(0.0, 0))
    if best >= ALIKE:
        story = recent[-place]
        recent[-place] = _with_copy(story, alert)
        return stories.model_copy(update={"stories": tuple(recent)}), story.lead
    told = Counter(rule for story in recent if story.at > now - gathering.storm_window for rule in story.rules)
    rollup = rollup_for(stories.rollups, told, alert, now, gathering)
    new = Story(
        lead=alert.alert_id,
        publisher=alert.publisher,
        signature=alert.signature,
        rules=tuple(match.rule for match in alert.matches),
        at=now,
        rollup=rollup.alert_id if rollup else "",
    )
    # Kept for a window after its end: replies to it may still be on their way.
    others = (item for item in stories.rollups if item.until > now - WINDOW and item.alert_id != new.rollup)
    rollups = (*others, rollup) if rollup else tuple(others)
    return Stories(stories=(*recent, new)[-MAX_STORIES:], rollups=rollups), new.rollup


def succeed(stories: Stories, alert: Alert, dead: str) -> Stories:
    """The file with this alert as the lead of the story that `dead` led. Pure."""
    return stories.model_copy(
        update={"stories": tuple(_led_by(alert, story) if story.lead == dead else story for story in stories.stories)}
    )


def lead_of(store: Store, alert: Alert, now: datetime, gathering: Gathering = STORMS_ONLY) -> Lead:
    """What this alert replies to, decided once for all workers."""
    for _ in range(RACES):
        stories, etag = _read(store, alert.receiver)
        decided, lead = assign(stories, alert, now, gathering)
        if decided == stories or store.swap(_key(alert.receiver), decided.model_dump_json().encode(), etag):
            rollup = next((rollup for rollup in decided.rollups if rollup.alert_id == lead), None)
            return Lead(lead, rollup_alert(rollup, alert, gathering) if rollup else None)
    raise StoreError(f"{store.url(_key(alert.receiver))}: lost {RACES} races in a row")


def take_the_lead(store: Store, alert: Alert, dead: str) -> None:
    """Put a copy into the place of its story's dead lead, unless another copy was faster; lead_of() says who leads."""
    for _ in range(RACES):
        stories, etag = _read(store, alert.receiver)
        decided = succeed(stories, alert, dead)
        if decided == stories or store.swap(_key(alert.receiver), decided.model_dump_json().encode(), etag):
            return
    raise StoreError(f"{store.url(_key(alert.receiver))}: lost {RACES} races in a row")


def copies_of(store: Store, receiver: str, lead: str) -> tuple[str, ...]:
    """The publisher of each reply to that alert: copies of a story, or stories of a rollup. () once it is forgotten."""
    file = _read(store, receiver)[0]
    copies = [name for story in file.stories if story.lead == lead for name in _publishers(story)]
    gathered = [rollup.publishers for rollup in file.rollups if rollup.alert_id == lead]
    return tuple(copies) or tuple(name for publishers in gathered for name in Counter(publishers).elements())


def _with_copy(story: Story, alert: Alert) -> Story:
    if len(story.copies) < MAX_COPIES:
        copies = (*story.copies, Copy(alert_id=alert.alert_id, publisher=alert.publisher))
        return story.model_copy(update={"copies": copies})
    if len(story.further) >= MAX_FURTHER:
        return story
    publishers = {**story.publishers, alert.publisher: story.publishers.get(alert.publisher, 0) + 1}
    return story.model_copy(update={"further": (*story.further, alert.alert_id[:SHORT]), "publishers": publishers})


def _publishers(story: Story) -> Iterator[str]:
    yield from (copy.publisher for copy in story.copies)
    yield from Counter(story.publishers).elements()


def _led_by(alert: Alert, story: Story) -> Story:
    changes: dict[str, object] = {"lead": alert.alert_id, "publisher": alert.publisher}
    changes["copies"] = tuple(copy for copy in story.copies if copy.alert_id != alert.alert_id)
    if alert.alert_id[:SHORT] in story.further:
        changes["further"] = tuple(short for short in story.further if short != alert.alert_id[:SHORT])
        changes["publishers"] = dict(Counter(story.publishers) - Counter([alert.publisher]))
    return story.model_copy(update=changes)


def _read(store: Store, receiver: str) -> tuple[Stories, str | None]:
    stored = store.get(_key(receiver))
    if stored is None:
        return Stories(), None
    return read_as(_key(receiver), stored.body, Stories.model_validate_json), stored.etag


def _key(receiver: str) -> str:
    # -3: the form of the file. A file of another form is forgotten, which costs a day's copies their threads.
    return f"stories/{receiver}/{int(WINDOW.total_seconds()) // 3600}h-3.json"
