"""One message of each kind, made up: for looking at them, and for the picture in the README. Always the same."""

from datetime import UTC, date, datetime, timedelta

from include.wirewatch.config.receivers import ConsoleReceiver
from include.wirewatch.deliver.backfill import BackfillId, DayResult, Reading, read_day
from include.wirewatch.deliver.backfill import compose as compose_backfill
from include.wirewatch.deliver.digest import Facts, Watch, compose
from include.wirewatch.deliver.due import day_of
from include.wirewatch.deliver.failure import Where, bulletins_of
from include.wirewatch.deliver.render import render_message
from include.wirewatch.deliver.rollup import Gathering, Rollup, rollup_alert
from include.wirewatch.deliver.safe_text import Message
from include.wirewatch.deliver.story import signature_of
from include.wirewatch.deliver.thread import Place
from include.wirewatch.models import (
    Alert,
    ArticleMatches,
    Bulletin,
    Excerpt,
    Failure,
    Hit,
    RuleMatch,
    Severity,
)

NOW = datetime(2026, 11, 24, 9, 41, tzinfo=UTC)
REPLIES = frozenset({"copy", "addendum"})
TEXT = "Both delegations said that a ceasefire could begin on Friday, and that no sanctions would be lifted before."
MORE = "The ceasefire would be watched over from six posts along the river."


def samples() -> dict[str, Message]:
    """Kind → message."""
    alert = _alert()
    copy = alert.model_copy(update={"publisher": "Northgate Press", "authors": ("Meridian Wire",)})
    addendum = alert.model_copy(
        update={"parent": "first", "matches": alert.matches[1:], "excerpts": (_excerpt(TEXT, "sanctions"),)}
    )
    rollup = Rollup(alert_id="rollup", by="storm", key="ceasefire", until=NOW, publishers={})
    storm = rollup_alert(rollup, alert, Gathering())
    below = Place("first", "1764000000.000100")
    copies = ("Northgate Press", "Continental Dispatch", "Northgate Press")
    return {
        "alert": render_message(alert, copies=copies),
        "copy": render_message(copy, below),
        "addendum": render_message(addendum, below),
        "summary": render_message(_summary()),
        "rollup": render_message(storm, copies=("Harbour Courier", "Northgate Press", "Harbour Courier")),
        "digest": render_message(_digest()),
        "failure": render_message(_failure()),
        "backfill": render_message(_backfill()),
    }


def _alert() -> Alert:
    points = {"title": 30, "lead": 20, "hits": 8, "density": 9, "terms": 5}
    return Alert(
        alert_id="first",
        receiver="news-desk",
        article_id="sample",
        title="Ceasefire within reach, say both delegations at Port Tremayne",
        url="https://harbour-courier.example/world/talks",
        publisher="Harbour Courier",
        authors=("Ada Lindqvist",),
        published=NOW - timedelta(minutes=19),
        first_seen=NOW - timedelta(minutes=2),
        enqueued_at=NOW,
        not_before=NOW,
        method="precision",
        matches=(_match("ceasefire", 2, points, "high"), _match("sanctions", 1, {"lead": 20, "hits": 5, "terms": 5})),
        excerpts=(_excerpt(TEXT, "ceasefire", "sanctions"), _excerpt(MORE, "ceasefire")),
        batch="sample",
    )


def _summary() -> Alert:
    text = "Pilots were given until Friday: an ultimatum, says the harbour office."
    changes = {
        "title": "Pilots face deadline in Orrin Strait",
        "publisher": "Northgate Press",
        "authors": (),
        "published": None,
        "method": "summary",
        "method_detail": "http_403",
        "matches": (_match("ultimatum", 1, {"lead": 20, "hits": 5, "density": 15, "terms": 5}, "high"),),
        "excerpts": (_excerpt(text, "ultimatum"),),
    }
    return _alert().model_copy(update=changes)


def _match(rule: str, hits: int, parts: dict[str, int], severity: Severity = "normal") -> RuleMatch:
    found = tuple(Hit(field="body", start=place, end=place + 1, text=rule, term=rule) for place in range(hits))
    return RuleMatch(rule=rule, severity=severity, score=sum(parts.values()), score_parts=parts, hits=found)


def _excerpt(text: str, *terms: str) -> Excerpt:
    marks = tuple((text.index(term), text.index(term) + len(term)) for term in terms)
    return Excerpt(field="body", text=text, marks=marks)


def _digest() -> Bulletin:
    receiver = ConsoleReceiver.model_validate(
        {"name": "news-desk", "kind": "console", "timezone": "Europe/Berlin", "digest": {"at": "08:00"}}
    )
    day = day_of(receiver, date(2026, 11, 24))
    stories = [
        (
            "Insurers quit tanker trade as Tremayne sanctions widen",
            "sanctions",
            69,
            True,
            ("Harbour Courier", "Herald"),
        ),
        ("Ceasefire within reach, say both delegations", "ceasefire", 72, True, ("Harbour Courier",)),
        ("Grain corridor waits for its payments", "sanctions", 35, False, ("Northgate Press",)),
        ("Small ports worry about the third list", "sanctions", 30, False, ("Continental Dispatch",)),
    ]
    # Any text that differs from the others': copies are told by it.
    signatures = [signature_of(" ".join(f"{number}x{word}" for word in range(60))) for number in range(len(stories))]
    rows = [
        ArticleMatches(
            article_id=f"{number}-{publisher}",
            url=f"https://{publisher.split()[0].lower()}.example/{number}",
            title=title,
            publisher=publisher,
            matches=(_match(rule, 1, {"lead": score}),),
            decision="alerted" if told else "digest",
            receivers=("news-desk",) if told else (),
            digests={"news-desk": (rule,)},
            matched_at=day.start + timedelta(hours=number + 1),
            signature=signatures[number],
        )
        for number, (title, rule, score, told, publishers) in enumerate(stories)
        for publisher in publishers
    ]
    history = {day.day - timedelta(days=back): {"ceasefire": 2, "sanctions": 1, "ultimatum": 3} for back in range(1, 8)}
    watch = Watch(212, day.end - timedelta(minutes=5))
    facts = Facts(("ceasefire", "sanctions", "ultimatum"), history, day.start, watch)
    return compose(day, "Europe/Berlin", rows, facts, day.end + timedelta(minutes=4))


def _failure() -> Bulletin:
    says = "receiver 'news-desk' is parked: Slack channel C0123456789: not_in_channel: invite the bot to the channel"
    where = Where("finish_work · deliver_open · 2026-11-24 09:33 to 09:38 UTC", "https://airflow.example/log")
    return next(bulletins_of([Failure("parked news-desk", says, "news-desk")], "ops", where, NOW))


def _backfill() -> Bulletin:
    spring, first = BackfillId("spring", "ingest_history"), date(2026, 3, 1)
    rules = ("sanctions", "ceasefire", "sanctions", "ultimatum", "sanctions")
    days = [first + timedelta(days=number) for number in range(13) if number != 8]
    done = [DayResult(day=day, readings={"news-desk": _reading(spring, day, rules[: day.day % 6])}) for day in days]
    return compose_backfill(spring, "news-desk", done, (first, date(2026, 3, 30)), NOW)


def _reading(backfill: BackfillId, day: date, rules: tuple[str, ...]) -> Reading:
    """An article for each rule; of the first one the desk was told when it was new."""
    rows = {
        f"{day}-{number}": ArticleMatches(
            article_id=f"{day}-{number}",
            url=f"https://harbour-courier.example/{day}/{number}",
            title="Port Tremayne waits",
            publisher="Harbour Courier",
            matches=(_match(rule, 1, {"lead": 20}),),
            decision="quiet",
        )
        for number, rule in enumerate(rules)
    }
    return read_day(backfill, "news-desk", day, rows, set(list(rows)[:1]), NOW)
