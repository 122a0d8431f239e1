"""receivers.yaml: who is told, and which matches go to whom."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, ValidationInfo, field_validator, model_validator

from include.wirewatch.config.values import ConfigModel, Duration, Name, Text, TimeOfDay, TimeZone, refuse_duplicates
from include.wirewatch.models import Severity

FILE = "receivers.yaml"


def _is_channel_id(value: str) -> str:
    if not re.fullmatch(r"[CGD][A-Z0-9]{6,}", value):
        raise ValueError("expected a channel id such as C0123456789 (Slack: channel name, About, at the end)")
    return value


ChannelId = Annotated[str, AfterValidator(_is_channel_id)]


class Digest(ConfigModel):
    """One message a day."""

    at: TimeOfDay = Field(description='Local time in the receiver\'s timezone, in quotes, e.g. "08:00"')


class _Receiver(ConfigModel):
    """What every receiver has. More than storm_stories stories of one rule within storm_window: one rollup."""

    name: Name
    timezone: TimeZone = Field("UTC", description="Of its readers: for quiet hours and the digest, e.g. Europe/Berlin")
    digest: Digest | None = Field(None, description="A daily summary, at: its local time; without it, none")
    instant_from: Severity = Field(
        "low", description="An article all of whose matches are below this severity waits for the digest"
    )
    storm_stories: int = Field(30, ge=1, description="Stories of one rule before the next ones go under one rollup")
    storm_window: Duration = Field(timedelta(hours=1), description="The time in which they are counted, e.g. 1h")

    @field_validator("instant_from")
    @classmethod
    def _what_waits_is_told_some_day(cls, value: Severity, info: ValidationInfo) -> Severity:
        # A digest that is itself wrong is not in `data`, and is told of by itself.
        if value != "low" and info.data.get("digest", ...) is None:
            raise ValueError('what is below would never be told: add a digest, e.g. digest: {at: "08:00"}')
        return value


class SlackReceiver(_Receiver):
    """A Slack channel, posted to with the token of the Airflow connection slack_api_default."""

    kind: Literal["slack"]
    channel: ChannelId = Field(description="Channel id, e.g. C0123456789: in Slack, open the channel's name, About")


class ConsoleReceiver(_Receiver):
    """The task log: for trying things out."""

    kind: Literal["console"]


Receiver = Annotated[SlackReceiver | ConsoleReceiver, Field(discriminator="kind")]


class Route(ConfigModel):
    """Which matches go to which receivers. Every condition that is given must hold; none given: every match."""

    to: Annotated[tuple[Name, ...], Field(min_length=1)]
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    min_severity: Severity = "low"


class Silence(ConfigModel):
    """A timed mute. Every condition that is given must hold, and one must be given."""

    until: AwareDatetime = Field(description="With a time zone, e.g. 2026-12-01T08:00:00+01:00")
    reason: Text
    receivers: tuple[Name, ...] = ()
    rules: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _silences_something(self) -> "Silence":
        if not (self.receivers or self.rules or self.tags or self.publishers):
            raise ValueError("a silence needs at least one of receivers, rules, tags, publishers")
        return self


class ReceiversFile(ConfigModel):
    """The whole file."""

    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...]
    silences: tuple[Silence, ...] = ()

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> "ReceiversFile":
        names = [receiver.name for receiver in self.receivers]
        refuse_duplicates("receiver", names)
        _refuse_unknown("a route leads to", [name for route in self.routes for name in route.to], names)
        _refuse_unknown("a silence names", [name for silence in self.silences for name in silence.receivers], names)
        return self


def _refuse_unknown(who: str, named: list[str], known: list[str]) -> None:
    if unknown := sorted(set(named) - set(known)):
        raise ValueError(f"{who} unknown receiver {', '.join(map(repr, unknown))}; known: {', '.join(known)}")
