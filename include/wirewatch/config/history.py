"""A source's history routes: the ways to find what it published on a past day, in the order in which they are tried.

One route is a mapping with one key; what each of them asks, and what it costs, is in docs/history.md.
"""

import re
from datetime import date

from pydantic import ConfigDict, Field, field_validator, model_validator

from include.wirewatch.config.values import ConfigModel

# Their bytes come from a web archive, and their lists are of what was captured on the day, not of what was published.
ARCHIVES = frozenset({"wayback", "ccnews"})
ROUTES = ("sitemap", "archive_url", "wayback", "ccnews")
EXAMPLE_DAY = date(2026, 1, 31)
DAY_CODES = ("%d", "%e", "%j", "%F", "%x", "%D")


class HistoryRoute(ConfigModel):
    """One route: exactly one of the keys. "" stands for those that are not given."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})

    sitemap: str = Field("", description="A day's sitemap (…/map-{date:%Y-%m-%d}.xml), or an index of all days")
    archive_url: str = Field("", description="A day's page of links, e.g. https://x.example/archive/{date:%Y/%m/%d}/")
    wayback: str = Field("", description="What the Wayback Machine captured below this prefix, e.g. x.example/news/")
    ccnews: str = Field("", description="What Common Crawl's news crawl captured of this host, e.g. x.example")

    @field_validator("sitemap", "archive_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        if not filled(value, EXAMPLE_DAY).startswith(("http://", "https://")):
            raise ValueError("expected an http(s) address")
        return value

    @field_validator("archive_url")
    @classmethod
    def _changes_with_the_date(cls, value: str) -> str:
        if filled(value, EXAMPLE_DAY) == value:
            raise ValueError("expected an address with {date:%Y/%m/%d} or the like in it")
        return value

    @field_validator("wayback")
    @classmethod
    def _is_a_prefix(cls, value: str) -> str:
        if not re.fullmatch(r"(https?://)?[^\s/*?#]+\.[^\s/*?#]+(/[^\s*#]*)?", value):
            raise ValueError("expected the beginning of the articles' addresses, e.g. x.example/news/, without *")
        return value

    @field_validator("ccnews")
    @classmethod
    def _is_a_host(cls, value: str) -> str:
        if not re.fullmatch(r"([a-z0-9_-]+\.)+[a-z0-9-]+", value):
            raise ValueError("expected a host name in lower case, e.g. x.example (its subdomains belong to it)")
        return value

    @model_validator(mode="after")
    def _is_one_route(self) -> "HistoryRoute":
        if len(given := [name for name in ROUTES if getattr(self, name)]) != 1:
            raise ValueError(f"expected exactly one of {', '.join(ROUTES)}; found {', '.join(given) or 'none'}")
        return self

    @property
    def kind(self) -> str:
        return next(name for name in ROUTES if getattr(self, name))

    @property
    def value(self) -> str:
        """What stands behind the key."""
        return str(getattr(self, self.kind))

    def address(self, day: date) -> str:
        """The address to ask for that day."""
        return filled(self.value, day)

    @property
    def names_day(self) -> bool:
        """Whether the address itself is the day's, so that even an undated entry found there belongs to it."""
        return any(code in self.value for code in DAY_CODES)


def filled(template: str, day: date) -> str:
    """The template with its {date:…} replaced. Raises ValueError for anything else in braces."""
    try:
        return template.format(date=day)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"expected an address, with nothing but {{date:%Y-%m-%d}} in braces ({error!r})") from None
