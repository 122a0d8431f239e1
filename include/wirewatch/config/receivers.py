"""receivers.yaml: who is told, which matches go to whom, and who is told when something fails."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from include.wirewatch.config.values import (
    ConfigModel,
    Duration,
    Mistake,
    Name,
    Text,
    TimeOfDay,
    TimeZone,
    duplicates,
    refuse,
)
from include.wirewatch.models import Severity
from include.wirewatch.urls import is_named

FILE = "receivers.yaml"
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
GroupBy = Literal["rule", "publisher", "language", "tag"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _is_channel_id(value: str) -> str:
    if not re.fullmatch(r"[CGD][A-Z0-9]{6,}", value):
        raise ValueError("expected a channel id such as C0123456789 (Slack: channel name, About, at the end)")
    return value


ChannelId = Annotated[str, AfterValidator(_is_channel_id)]


class Digest(ConfigModel):
    """One message a day."""

    at: TimeOfDay = Field(description='Local time in the receiver\'s timezone, in quotes, e.g. "08:00"')


class QuietHours(ConfigModel):
    """When alerts below let_through wait: from one time of day to the next time that it is the other one."""

    start: TimeOfDay = Field(alias="from", description='In the receiver\'s timezone, in quotes: "22:00"')
    end: TimeOfDay = Field(alias="to", description='e.g. "07:00"; at or before `from`, it is on the next day')
    days: tuple[Day, ...] = Field((), description="On which they begin; empty = every day")
    let_through: Severity = Field("high", description="Alerts of this severity, or a higher one, go out at once")


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, dict | QuietHours) else value


def _leave_some_time(value: tuple[QuietHours, ...]) -> tuple[QuietHours, ...]:
    """The minutes of a week that are not quiet: without any, what waits would wait for ever."""
    day_m, quiet = 24 * 60, set()
    for hours in value:
        start, end = (at.hour * 60 + at.minute for at in (hours.start, hours.end))
        length = end - start if end > start else end - start + day_m
        begins = [number * day_m + start for number, day in enumerate(DAYS) if not hours.days or day in hours.days]
        quiet |= {(begin + minute) % (7 * day_m) for begin in begins for minute in range(length)}
    if len(quiet) == 7 * day_m:
        raise ValueError("it is quiet at every hour of the week: nothing would ever be sent; remove the routes instead")
    return value


class _Receiver(ConfigModel):
    """What every receiver has: how much it is told, and when."""

    name: Name
    timezone: TimeZone = Field("UTC", description="Of its readers: for quiet hours and the digest, e.g. Europe/Berlin")
    quiet_hours: Annotated[
        tuple[QuietHours, ...],
        BeforeValidator(_one_or_more, json_schema_input_type=QuietHours | tuple[QuietHours, ...]),
        AfterValidator(_leave_some_time),
    ] = Field((), description="When alerts wait until it is over, but for the severe ones: one, or a list")
    digest: Digest | None = Field(None, description="A daily summary, at: its local time; without it, none")
    instant_from: Severity = Field(
        "low", description="An article all of whose matches are below this severity waits for the digest"
    )
    group_by: GroupBy | None = Field(None, description="Stories with the same one go into the thread of one message")
    group_window: Duration = Field(
        timedelta(hours=24), gt=timedelta(0), le=timedelta(hours=24), description="After it, a new message; at most 24h"
    )
    storm_stories: int = Field(
        30, ge=1, le=500, description="Stories of one rule before the next ones go under one rollup"
    )
    # Stories are remembered for a day, at most 1,000 of them: see deliver/story.py.
    storm_window: Duration = Field(
        timedelta(hours=1),
        gt=timedelta(0),
        le=timedelta(hours=24),
        description="In which they are counted; at most 24h",
    )

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


class WebhookReceiver(_Receiver):
    """An address that is posted signed JSON, at least once each; see docs/webhook.md."""

    kind: Literal["webhook"]
    url: str = Field(description="https://…; http only for a host named in allow_hosts")
    secret: str = Field(description="Airflow connection whose password is the key, never the key itself")
    allow_hosts: tuple[str, ...] = Field((), description="Private hosts (host or host:port) that may be posted to")

    @model_validator(mode="after")
    def _is_safe(self) -> "WebhookReceiver":
        # Checked here, not field by field: the message about a field shows its value, and these hold secrets.
        try:
            is_ours, has_login = is_named(self.url, self.allow_hosts), "@" in self.url.partition("://")[2].split("/")[0]
        except ValueError:
            raise ValueError(f"receiver {self.name!r}: url: expected https://host/path") from None
        if has_login or not (self.url.startswith("https://") or is_ours):
            says = "expected https://host/path, without a login; http:// only for a host named in allow_hosts"
            raise ValueError(f"receiver {self.name!r}: url: {says}")
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", self.secret) or self.secret.startswith("whsec_"):
            says = (
                "expected the id of an Airflow connection (a-z, 0-9, _) whose password is the key, never the key itself"
            )
            raise ValueError(f"receiver {self.name!r}: secret: {says}")
        return self


Receiver = Annotated[SlackReceiver | ConsoleReceiver | WebhookReceiver, Field(discriminator="kind")]


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
            known = [receiver.name for receiver in info.data["receivers"]]
            refuse(_unknown("failures go to", ops, known, ()))
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
        mistakes = list(duplicates("receiver", names, ("receivers",)))
        for index, route in enumerate(self.routes):
            mistakes += _unknown("a route leads to", route.to, names, ("routes", index, "to"))
        for index, silence in enumerate(self.silences):
            mistakes += _unknown("a silence names", silence.receivers, names, ("silences", index, "receivers"))
        refuse(mistakes)
        return self


def _unknown(who: str, named: tuple[str, ...], known: list[str], under: tuple[str | int, ...]) -> Iterator[Mistake]:
    for index, name in enumerate(named):
        if name not in known:
            says = f"{who} unknown receiver {name!r}; known: {', '.join(known)}"
            yield Mistake((*under, index), says, name)
