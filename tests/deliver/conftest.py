from datetime import UTC, datetime, timedelta

import pytest

from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.deliver.receiver import Posted
from include.wirewatch.deliver.thread import BY_ITSELF, Place
from include.wirewatch.models import Alert, Excerpt, Hit, RuleMatch

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
        self.faults: list[Exception] = []
        self.after_accept: list[BaseException] = []
        self.searched: list[datetime] = []

    def post(self, alert: Alert, place: Place = BY_ITSELF, *, plain: bool = False) -> Posted:
        if self.faults:
            raise self.faults.pop(0)
        self.posted.append(alert.alert_id)
        self.places[alert.alert_id] = place
        self.plain.append(plain)
        if self.after_accept:
            raise self.after_accept.pop(0)
        return Posted("C0123456789", str(len(self.posted)))

    def update(self, alert: Alert, place: Place, posted: Posted, copies: tuple[str, ...]) -> None:
        if self.update_faults:
            raise self.update_faults.pop(0)
        assert self.posted[int(posted.ts) - 1] == alert.alert_id
        self.copies[alert.alert_id] = copies

    def find(self, alert: Alert, place: Place, since: datetime) -> Posted | None:
        self.searched.append(since)
        if self.places.get(alert.alert_id) == place:
            return Posted("C0123456789", str(self.posted.index(alert.alert_id) + 1))
        return None


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


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()
