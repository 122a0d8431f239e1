"""receivers.yaml: who is told, which matches go to whom, and who is told when something fails."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, ValidationInfo, field_validator, model_validator

from include.wirewatch.config.values import ConfigModel, Duration, Name, Text, TimeZone, refuse_duplicates
from include.wirewatch.models import Severity

FILE = "receivers.yaml"


def _is_channel_id(value: str) -> str:
    if not re.fullmatch(r"[CGD][A-Z0-9]{6,}", value):
        raise ValueError("expected a channel id such as C0123456789 (Slack: channel name, About, at the end)")
    return value


ChannelId = Annotated[str, AfterValidator(_is_channel_id)]


class _Receiver(ConfigModel):
    """What every receiver has. More than storm_stories stories of one rule within storm_window: one rollup."""

    name: Name
    timezone: TimeZone = Field("UTC", description="Of its readers: for quiet hours and the digest, e.g. Europe/Berlin")
    storm_stories: int = Field(30, ge=1, description="Stories of one rule before the next ones go under one rollup")
    storm_window: Duration = Field(timedelta(hours=1), description="The time in which they are counted, e.g. 1h")


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
    """The whole file. ops: who is told of failures; never a receiver that matches go to."""

    receivers: tuple[Receiver, ...]
    routes: tuple[Route, ...]
    silences: tuple[Silence, ...] = ()
    ops: tuple[Name, ...] = Field((), description="Receivers of failures: what somebody of the ops team must mend")

    @field_validator("ops")
    @classmethod
    def _ops_are_no_analysts(cls, ops: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        # What is missing there is a mistake of its own, and named.
        if "receivers" in info.data:
            _refuse_unknown("failures go to", list(ops), [receiver.name for receiver in info.data["receivers"]])
        readers = {name for route in info.data.get("routes", ()) for name in route.to}
        if both := sorted(readers & set(ops)):
            raise ValueError(
                f"{', '.join(map(repr, both))} is in a route too, and failures never go to analysts; "
                "if one team does both, define a second receiver with the same channel"
            )
        return ops

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
