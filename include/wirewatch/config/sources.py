"""sources.yaml: what is polled, how, and how politely."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from include.wirewatch.config.history import HistoryRoute
from include.wirewatch.config.values import ConfigModel, Duration, Name, Text, duplicates, refuse

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
    include: tuple[str, ...] = Field(
        (), description="Keep links whose URL holds one of these texts: of a listing, an archive_url, wayback, ccnews"
    )
    exclude: tuple[str, ...] = Field((), description="Drop links whose URL holds one of these texts, of the same")
    history: tuple[HistoryRoute, ...] = Field((), description="Ways to a past day, the first that answers is used")
    min_interval: Duration = Field(timedelta(minutes=5), description="Polled no more often than this")
    max_interval: Duration = Field(timedelta(hours=1), description="Polled no less often, while it answers")
    validators: bool = Field(True, description="Send ETag and Last-Modified; false for a source whose validators lie")
    alert_max_age: Duration = Field(timedelta(hours=24), description="Older articles are archived, never alerted")
    allow_hosts: tuple[str, ...] = Field((), description="Private hosts (host or host:port) that may be fetched")
    max_entries: Annotated[int, Field(ge=1, le=10_000)] = Field(500, description="Entries read from one poll")
    max_fetches: Annotated[int, Field(ge=1, le=10_000)] = Field(100, description="Pages fetched in one run")
    delay_s: Annotated[float, Field(ge=0, le=600)] = Field(1.0, description="Pause between two requests to one host")
    concurrency: Annotated[int, Field(ge=1, le=8)] = Field(2, description="Requests at once to one host")

    @field_validator("history", mode="before")
    @classmethod
    def _history_is_a_list(cls, value: object) -> object:
        if isinstance(value, str):
            raise ValueError("expected a list of routes, e.g. - sitemap: https://x.example/map-{date:%Y-%m-%d}.xml")
        return value

    @field_validator("history")
    @classmethod
    def _history_scans_once(cls, value: tuple[HistoryRoute, ...]) -> tuple[HistoryRoute, ...]:
        if sum(route.kind == "ccnews" for route in value) > 1:
            raise ValueError("expected at most one ccnews: one scan of a day's files serves all sources")
        return value

    def wants(self, url: str) -> bool:
        """Whether include and exclude let a link's URL pass."""
        if self.include and not any(text in url for text in self.include):
            return False
        return not any(text in url for text in self.exclude)

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
        refuse(duplicates("source", [source.name for source in value]))
        return value
