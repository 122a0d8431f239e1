"""What the chaos run is about: articles as fetch and extract leave them, bulletins, and what must come of them.

singles     stand by themselves, at every desk
groups      an agency's text at several publishers: whichever comes first leads, the others are replies
revisited   some of both come again, and match one more rule: addenda
storm       stories of one rule at a desk that has had enough after a few: a rollup and its replies
bulletins   failures, which never change, and digests, of which later editions take the place of earlier ones
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from include.wirewatch import archive
from include.wirewatch.archive import BatchKey
from include.wirewatch.deliver.outbox import alert_id
from include.wirewatch.extract import EXTRACTOR
from include.wirewatch.models import Article, Batch, BatchItem, Bulletin, Entry, Outcome, Reason, SourceReport
from include.wirewatch.store import Store

PUBLISHERS = ("Harbour Courier", "Northgate Press", "Continental Dispatch", "Tremayne Gazette", "Lake Herald")
PER_BATCH = 8
RULES = 40
OPS = "ops"
AMENDED, GALE = "amended", "gale"
EDITIONS = 3


@dataclass(frozen=True)
class Size:
    """copies: of each group's text beside the first. revisited: of the singles, and of the groups' articles, each.

    storm: stories, of which `patience` stand by themselves at each of the storm_desks. bulletins: of each kind.
    """

    desks: int = 5
    singles: int = 36
    groups: int = 4
    copies: int = 3
    revisited: int = 5
    storm: int = 10
    patience: int = 3
    storm_desks: int = 3
    bulletins: int = 4

    @property
    def desk_names(self) -> list[str]:
        return [f"desk-{number}" for number in range(self.desks)]

    @property
    def storm_desk_names(self) -> list[str]:
        return [f"storm-{number}" for number in range(self.storm_desks)]

    @property
    def alerts(self) -> int:
        """Messages in all, a rollup for each storm among them."""
        each_desk = self.singles + self.groups * (1 + self.copies) + 2 * self.revisited
        return self.desks * each_desk + self.storm_desks * (self.storm + 1) + 2 * self.bulletins


LONG = Size()
SHORT = Size(desks=2, singles=3, groups=1, copies=2, revisited=1, storm=4, patience=2, storm_desks=1, bulletins=1)


@dataclass(frozen=True)
class News:
    """Everything of one run."""

    size: Size
    now: datetime

    def first(self) -> list[Article]:
        """Of every kind, so mixed that copies of a text lie in different batches."""
        late = self._late()
        rows = [row for row in self.everything() if row not in late]
        batches = -(-len(rows) // PER_BATCH)
        return [row for batch in range(batches) for row in rows[batch::batches]]

    def later(self) -> list[Article]:
        """One more copy of each text, one more story of the storm, and what comes again."""
        return [*self._late(), *self.again()]

    def again(self) -> list[Article]:
        """Some of the first, with a sentence more."""
        rows = [self.single(number) for number in range(self.size.revisited)]
        rows += self._groups()[: self.size.revisited]
        return [row.model_copy(update={"text": f"{row.text} The report was {AMENDED} at noon."}) for row in rows]

    def everything(self) -> list[Article]:
        """Each article once."""
        stories = map(self.story, range(self.size.storm))
        return [*self._groups(), *map(self.single, range(self.size.singles)), *stories]

    def _groups(self) -> list[Article]:
        return [self.copy(group, number) for number in range(1 + self.size.copies) for group in range(self.size.groups)]

    def _late(self) -> list[Article]:
        copies = [self.copy(group, self.size.copies) for group in range(self.size.groups)]
        return [*copies, self.story(self.size.storm - 1)]

    def single(self, number: int) -> Article:
        """No two share a run of four words: none is a copy of another."""
        words = " ".join(f"{word}{number}" for word in ("crane", "pilot", "tide", "quay", "cargo", "ferry"))
        text = f"{words}. It lies at berth{number % RULES} until Friday."
        return self._article(f"single-{number}", f"Ship {number} is moored", text, number)

    def copy(self, group: int, number: int) -> Article:
        """The same seventy words under another title, cut by some more at the end of each copy."""
        words = [f"{word}{group}x{place}" for place in range(7) for word in ("mast", "hull", "deck", "keel", "bow")]
        text = f"Agencies report from berth{RULES - 1 - group}: {' '.join(words[: 35 - number])}."
        # Three publishers: one of them may have two copies of it.
        return self._article(f"group-{group}-{number}", f"Report {group} as told by {number}", text, number % 3)

    def story(self, number: int) -> Article:
        words = " ".join(f"{word}{number}" for word in ("wave", "squall", "mole", "beacon", "anchor", "rope"))
        return self._article(f"storm-{number}", f"Storm, hour {number}", f"{words}. The {GALE} goes on.", number)

    def bulletins(self, edition: int) -> Iterator[Bulletin]:
        """That edition of each digest; with the first, the failures too."""
        for number in range(self.size.bulletins):
            if edition == 1:
                yield self._bulletin("failure", number, 0)
            yield self._bulletin("digest", number, edition)

    def _article(self, article_id: str, title: str, text: str, number: int) -> Article:
        url = f"https://harbour-courier.example/{article_id}"
        return Article(
            article_id=article_id,
            source=f"source-{number % len(PUBLISHERS)}",
            publisher=PUBLISHERS[number % len(PUBLISHERS)],
            title=title,
            text=text,
            published=self.now,
            first_seen=self.now,
            method="precision",
            extractor=EXTRACTOR,
            entry_url=url,
            url=url,
            canonical_url=url,
        )

    def _bulletin(self, kind: str, number: int, edition: int) -> Bulletin:
        return Bulletin.model_validate(
            {
                "kind": kind,
                "alert_id": f"{kind}-{number}",
                "receiver": OPS,
                "title": f"{kind} {number}, edition {edition}",
                "edition": edition,
                "enqueued_at": self.now,
                "not_before": self.now,
            }
        )

    def ids(self) -> dict[str, str]:
        """The id of every message → the kind of thing it is; only a rollup's is made by whoever begins the storm."""
        found: dict[str, str] = {}
        for desk in self.size.desk_names:
            found |= {alert_id(row.article_id, desk): "alert" for row in self.everything() if not _is_storm(row)}
            found |= {alert_id(row.article_id, desk, AMENDED): "addendum" for row in self.again()}
        for desk in self.size.storm_desk_names:
            found |= {alert_id(row.article_id, desk): "story" for row in self.everything() if _is_storm(row)}
        return found | {bulletin.alert_id: bulletin.kind for bulletin in self.bulletins(1)}

    def receivers(self, channels: dict[str, str]) -> dict[str, object]:
        """receivers.yaml. channels: receiver → channel."""
        patience = {"storm_stories": self.size.patience}
        receivers = [
            {"name": name, "kind": "slack", "channel": channel, **(patience if name.startswith("storm") else {})}
            for name, channel in channels.items()
        ]
        harbour = [*(f"harbour-{number}" for number in range(RULES)), AMENDED]
        routes = [{"to": self.size.desk_names, "rules": harbour}, {"to": self.size.storm_desk_names, "rules": [GALE]}]
        return {"receivers": receivers, "routes": routes, "ops": [OPS]}


def rules() -> dict[str, object]:
    """rules.yaml. Many for the harbour, so that no storm of one of them is a part of this."""
    words = {f"harbour-{number}": f"berth{number}" for number in range(RULES)} | {AMENDED: AMENDED, GALE: GALE}
    return {"rules": [{"name": name, "query": word, "severity": "normal"} for name, word in words.items()]}


def write_batches(store: Store, rows: list[Article], name: str) -> int:
    """What fetch and extract leave: committed raw batches, each with its clean batch. How many."""
    starts = range(0, len(rows), PER_BATCH)
    for first in starts:
        _write_batch(store, rows[first : first + PER_BATCH], f"chaos-{name}-{first:04}")
    return len(starts)


def _write_batch(store: Store, rows: Iterable[Article], name: str) -> None:
    rows, fetched = list(rows), Outcome(reason=Reason.FETCHED)
    now = rows[0].first_seen
    key = BatchKey(now.date().isoformat(), name)
    archive.write_articles(store, key.clean(EXTRACTOR), rows)
    reports = {row.source: SourceReport(publisher=row.publisher, alert_max_age_s=86_400, poll=fetched) for row in rows}
    items = tuple(
        BatchItem(entry=Entry(url=row.entry_url, source=row.source), first_seen=now, outcome=fetched) for row in rows
    )
    archive.commit_batch(
        store, Batch(batch=key.batch, dt=key.dt, quiet=False, interval_end=now, items=items, sources=reports)
    )


def _is_storm(row: Article) -> bool:
    return row.article_id.startswith("storm-")
