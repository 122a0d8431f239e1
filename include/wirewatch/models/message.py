"""What is told to whom: alerts about articles, bulletins about anything else, and failures before they are told."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from include.wirewatch.models.article import Excerpt, RuleMatch
from include.wirewatch.models.record import Record, UtcDatetime


class Alert(Record):
    """One message to one receiver about one article, with all its matches there; what the outbox holds.

    kind "rollup": no article, but the message under which stories are gathered; see deliver/rollup.py.
    parent: the alert_id whose thread an addendum belongs to; "" for the first alert about an article.
    signature: what tells a copy of the same text; see deliver/story.py.
    found_late: history found the article; live polling had missed it.
    """

    kind: Literal["article", "rollup"] = "article"
    alert_id: str
    receiver: str
    article_id: str
    title: str
    url: str
    publisher: str
    authors: tuple[str, ...] = ()
    language: str = ""
    published: UtcDatetime | None = None
    first_seen: UtcDatetime
    enqueued_at: UtcDatetime
    not_before: UtcDatetime
    method: str
    method_detail: str = ""
    matches: tuple[RuleMatch, ...]
    excerpts: tuple[Excerpt, ...]
    parent: str = ""
    signature: str = ""
    batch: str
    clean_key: str = ""
    clean_url: str = ""
    found_late: bool = False


class BulletinLine(Record):
    """One line of a bulletin's list: text, linked to url where there is one, with a smaller detail behind it."""

    text: str
    url: str = ""
    detail: str = ""


class BulletinSection(Record):
    """heading in bold, then the lines as a list, then a block of fixed-width text: bars and columns.

    more: how many further lines there were, which the list only counts.
    """

    heading: str = ""
    lines: tuple[BulletinLine, ...] = ()
    more: int = 0
    preformatted: str = ""


class Bulletin(Record):
    """A message to one receiver that is not about one article; the outbox holds it beside the alerts.

    alert_id: its identity, like an alert's. kind "failure" tells ops what somebody must mend.
    edition: 0 is posted once and never edited. A later edition of the same id edits the message, an earlier one is
    dropped. parent: the alert_id of the bulletin whose thread it belongs to.
    log_under: key prefix of its delivery log; quiet runs keep theirs under backfills/<label>/.
    figures: of a digest, articles by rule, with those that had none: the digests of later days compare with them.
        Empty while its day is not over.
    """

    kind: Literal["failure", "digest", "backfill"]
    alert_id: str
    receiver: str
    title: str
    notes: tuple[str, ...] = ()
    sections: tuple[BulletinSection, ...] = ()
    edition: int = 0
    parent: str = ""
    log_under: str = "delivery/"
    figures: dict[str, int] = Field(default={})
    enqueued_at: UtcDatetime
    not_before: UtcDatetime


Outgoing = Annotated[Alert | Bulletin, Field(discriminator="kind")]


class Failure(NamedTuple):
    """An operational error that somebody must see to. subject is equal each time the same thing fails.

    subject: its kind in one word (deliver/failure.py knows them), then which. says: a line for each thing that failed.
    about: the receiver that cannot be told of it, because it is what fails.
    """

    subject: str
    says: str
    about: str = ""
