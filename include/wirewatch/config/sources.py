"""sources.yaml: what is polled, how, and how politely."""

from datetime import date, timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from include.wirewatch.config.values import ConfigModel, Duration, Name, Text, refuse_duplicates

FILE = "sources.yaml"


class Source(ConfigModel):
    """One thing that is polled. kind names the module in discover/ that reads it."""

    name: Name
    publisher: Text
    kind: Literal["feed", "sitemap", "listing"]
    url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")]
    language: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    include: tuple[str, ...] = Field((), description="listing: keep links whose URL holds one of these texts")
    exclude: tuple[str, ...] = Field((), description="listing: drop links whose URL holds one of these texts")
    history: str = Field("", description="Address of a day's sitemap, e.g. https://x.example/map-{date:%Y-%m-%d}.xml")
    min_interval: Duration = Field(timedelta(minutes=5), description="Polled no more often than this")
    max_interval: Duration = Field(timedelta(hours=1), description="Polled no less often, while it answers")
    validators: bool = Field(True, description="Send ETag and Last-Modified; false for a source whose validators lie")
    alert_max_age: Duration = Field(timedelta(hours=24), description="Older articles are archived, never alerted")
    allow_hosts: tuple[str, ...] = Field((), description="Private hosts (host or host:port) that may be fetched")
    max_entries: Annotated[int, Field(ge=1, le=10_000)] = Field(500, description="Entries read from one poll")
    max_fetches: Annotated[int, Field(ge=1, le=10_000)] = Field(100, description="Pages fetched in one run")
    delay_s: Annotated[float, Field(ge=0, le=600)] = Field(1.0, description="Pause between two requests to one host")
    concurrency: Annotated[int, Field(ge=1, le=8)] = Field(2, description="Requests at once to one host")

    @field_validator("history")
    @classmethod
    def _history_takes_a_date(cls, value: str) -> str:
        try:
            filled = value.format(date=date(2026, 1, 31))
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ValueError(f"expected an address with {{date:%Y-%m-%d}} or the like in it ({error!r})") from None
        if value and (filled == value or not filled.startswith(("http://", "https://"))):
            raise ValueError("expected an http(s) address with {date:%Y-%m-%d} or the like in it")
        return value

    @model_validator(mode="after")
    def _intervals_are_in_order(self) -> "Source":
        if self.min_interval > self.max_interval:
            raise ValueError(f"source {self.name!r}: min_interval is longer than max_interval")
        return self


class SourcesFile(ConfigModel):
    """The whole file."""

    sources: tuple[Source, ...]

    @field_validator("sources")
    @classmethod
    def _names_are_unique(cls, value: tuple[Source, ...]) -> tuple[Source, ...]:
        refuse_duplicates("source", [source.name for source in value])
        return value
