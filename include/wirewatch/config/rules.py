"""rules.yaml: what analysts look for. The queries' own language lives in match/."""

from typing import Annotated

from pydantic import Field, field_validator

from include.wirewatch.config.values import ConfigModel, Name, Text, duplicates, refuse
from include.wirewatch.models import Severity

FILE = "rules.yaml"
SEVERITIES: tuple[Severity, ...] = ("low", "normal", "high")


class Rule(ConfigModel):
    """A named query with the examples that prove it."""

    name: Name
    query: str
    severity: Severity = "normal"
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = Field((), description="Only articles in these languages; empty = all")
    lemma: bool = Field(False, description="Plain words match in every inflection (en, ru, uk, de, fr or languages)")
    exclude: str = Field("", pattern=r"^(@[a-z0-9][a-z0-9_-]*)?$", description="A list whose terms rule the match out")
    match: tuple[Text, ...] = Field((), description="Texts that the rule must match")
    no_match: tuple[Text, ...] = Field((), description="Texts that it must not match")
    enabled: bool = True
    owner: str = ""
    note: str = ""


class RulesFile(ConfigModel):
    """The whole file."""

    lists: dict[Name, Text | Annotated[tuple[Text, ...], Field(min_length=1)]] = Field(
        {}, description="Named for use as @name: a list of terms, or the text of a sub-query"
    )
    rules: tuple[Rule, ...]

    @field_validator("rules")
    @classmethod
    def _names_are_unique(cls, value: tuple[Rule, ...]) -> tuple[Rule, ...]:
        refuse(duplicates("rule", [rule.name for rule in value]))
        return value
