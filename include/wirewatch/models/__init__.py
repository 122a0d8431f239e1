"""The records that travel between the steps and into S3.

Pydantic models are what is stored (their JSON is the format); named tuples are what lives only in one task.
All times are aware UTC. Unknown text is "", an unknown time is None.
"""

from include.wirewatch.models.article import Article, ArticleMatches, Excerpt, Hit, RuleMatch
from include.wirewatch.models.fetched import (
    TRANSIENT,
    Archived,
    Batch,
    BatchItem,
    Capture,
    Coverage,
    DayProgress,
    Entry,
    Outcome,
    RawRef,
    Reason,
    RouteReport,
    ScanPosition,
    SourceReport,
)
from include.wirewatch.models.message import Alert, Bulletin, BulletinLine, BulletinSection, Failure, Outgoing
from include.wirewatch.models.record import Record, Severity, UtcDatetime, to_utc

__all__ = [
    "TRANSIENT",
    "Alert",
    "Archived",
    "Article",
    "ArticleMatches",
    "Batch",
    "BatchItem",
    "Bulletin",
    "BulletinLine",
    "BulletinSection",
    "Capture",
    "Coverage",
    "DayProgress",
    "Entry",
    "Excerpt",
    "Failure",
    "Hit",
    "Outcome",
    "Outgoing",
    "RawRef",
    "Reason",
    "Record",
    "RouteReport",
    "RuleMatch",
    "ScanPosition",
    "Severity",
    "SourceReport",
    "UtcDatetime",
    "to_utc",
]
