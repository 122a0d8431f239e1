"""Articles and days of the archive, as the tests of this room make them."""

from datetime import UTC, date, datetime, timedelta

from include.wirewatch.archive import BatchKey
from include.wirewatch.models import Article
from include.wirewatch.stages.compact import derived

DAY = date(2026, 11, 24)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DERIVE = derived


def article(
    name: str, *, hour: int | None = 12, text: str = "Ceasefire talks go on.", extractor: str = "e1"
) -> Article:
    """hour: when it was fetched; None for one that is only a summary."""
    url = f"https://h.example/{name}"
    return Article(
        article_id=name, source="harbour", publisher="Harbour Courier", title=f"Title of {name}", text=text,
        first_seen=NOON, published=NOON - timedelta(hours=1), method="fast", extractor=extractor, entry_url=url,
        url=url, canonical_url=url, fetched_at=None if hour is None else NOON + timedelta(hours=hour - 12),
    )  # fmt: skip


def clean_key(batch: str, extractor: str = "e1") -> str:
    return BatchKey(str(DAY), batch).clean(extractor)
