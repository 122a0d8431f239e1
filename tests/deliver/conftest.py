from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.deliver.receiver import Posted
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Bulletin, Excerpt, Hit, RuleMatch
from tests.fakes.webhook_server import WebhookServer

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Clock:
    """Time as the test tells it; sleeping moves it on."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class FakeChannel:
    """A receiver that remembers. faults: errors to raise, one a post; after_accept: raised once the post is in."""

    via = "fake"

    def __init__(self) -> None:
        self.posted: list[str] = []
        self.places: dict[str, Place] = {}
        self.copies: dict[str, tuple[str, ...]] = {}
        self.update_faults: list[BaseException] = []
        self.plain: list[bool] = []
        self.plain_edits: list[bool] = []
        self.faults: list[Exception] = []
        self.after_accept: list[BaseException] = []
        self.searched: list[datetime] = []
        self.editions: dict[str, list[int]] = {}  # of bulletins, as they were shown one after the other

    def post(self, outgoing: Alert | Bulletin, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:
        if self.faults:
            raise self.faults.pop(0)
        self.posted.append(outgoing.alert_id)
        self.places[outgoing.alert_id] = place
        self.plain.append(plain)
        self._show(outgoing)
        if self.after_accept:
            raise self.after_accept.pop(0)
        return Posted("C0123456789", str(len(self.posted)))

    def update(
        self,
        outgoing: Alert | Bulletin,
        place: Place,
        posted: Posted,
        copies: tuple[str, ...] = (),
        *,
        plain: bool = False,
    ) -> None:
        if self.update_faults:
            raise self.update_faults.pop(0)
        assert self.posted[int(posted.ts) - 1] == outgoing.alert_id
        self.copies[outgoing.alert_id] = copies
        self.plain_edits.append(plain)
        self._show(outgoing)

    def find(self, outgoing: Alert | Bulletin, place: Place, last_try: datetime) -> Posted | None:
        self.searched.append(last_try)
        if self.places.get(outgoing.alert_id) == place:
            return Posted("C0123456789", str(len(self.posted) - self.posted[::-1].index(outgoing.alert_id)))
        return None

    def _show(self, outgoing: Alert | Bulletin) -> None:
        if isinstance(outgoing, Bulletin):
            self.editions.setdefault(outgoing.alert_id, []).append(outgoing.edition)


def rule_match(rule: str = "ceasefire", hits: int = 1, score: int = 50, severity: str = "normal") -> RuleMatch:
    found = tuple(
        Hit(field="body", start=i * 10, end=i * 10 + 9, text="ceasefire", term="ceasefire") for i in range(hits)
    )
    return RuleMatch(rule=rule, severity=severity, score=score, hits=found)


def make_alert(number: int = 1, *, receiver: str = "desk", not_before: datetime = NOW, **changes: object) -> Alert:
    text = "Both sides said a ceasefire could begin on Friday."
    start = text.index("ceasefire")
    facts: dict[str, object] = {
        "alert_id": alert_id(f"article-{number}", receiver),
        "receiver": receiver,
        "article_id": f"article-{number}",
        "title": f"Talks on a ceasefire go on, day {number}",
        "url": f"https://harbour-courier.example/{number}",
        "publisher": "Harbour Courier",
        "authors": ("Ada Lindqvist",),
        "published": NOW - timedelta(hours=1),
        "first_seen": NOW - timedelta(minutes=5),
        "enqueued_at": NOW,
        "not_before": not_before,
        "method": "precision",
        "matches": (rule_match(),),
        "excerpts": (Excerpt(field="body", text=text, marks=((start, start + 9),)),),
        "batch": "ingest_live-20261124T1200-0-abc",
        **changes,
    }
    return Alert.model_validate(facts)


def make_bulletin(edition: int = 0, *, number: int = 1, receiver: str = "desk", **changes: object) -> Bulletin:
    facts: dict[str, object] = {
        "kind": "digest" if edition else "failure",
        "alert_id": f"bulletin-{number}",
        "receiver": receiver,
        "title": f"Bulletin {number}, edition {edition}",
        "edition": edition,
        "enqueued_at": NOW,
        "not_before": NOW,
        **changes,
    }
    return Bulletin.model_validate(facts)


@pytest.fixture
def server() -> Iterator[WebhookServer]:
    """A webhook's other side."""
    with WebhookServer() as started:
        yield started


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()
