"""Every setting of the deployment, from WIREWATCH_* environment variables, with its unit in its name.

What analysts edit is not here: sources, rules and receivers are YAML files under `config`.
"""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from include.wirewatch.errors import ConfigError

DEFAULT_CONFIG = str(Path(__file__).resolve().parents[1] / "config")
BUCKETS = 64
WAYBACK = "https://web.archive.org"
CCNEWS = "s3://commoncrawl/crawl-data/CC-NEWS"


class S3Place(NamedTuple):
    """A bucket and a key prefix, without slashes at either end."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, url: str) -> "S3Place":
        """Raises ValueError unless url reads s3://bucket or s3://bucket/prefix."""
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment:
            raise ValueError(f"expected s3://bucket/prefix, got {url!r}")
        return cls(parts.netloc, parts.path.strip("/"))


class Settings(BaseSettings):
    """One field, one variable: WIREWATCH_<FIELD IN CAPITALS>."""

    model_config = SettingsConfigDict(env_prefix="WIREWATCH_", extra="ignore", frozen=True, env_ignore_empty=True)

    store: str = Field("", description="Where everything that lasts is kept: s3://bucket/prefix")
    config: str = Field(DEFAULT_CONFIG, description="Directory or s3:// prefix of the three YAML files")
    shards: Annotated[int, Field(ge=1, le=16)] = Field(
        1, description="Mapped fetch tasks per run: 1 up to 50 sources, 4 above, 16 at most"
    )
    contact: str = Field("", description="Mail address or URL put into the User-Agent, so publishers can reach you")
    fetch_timeout_s: float = Field(30.0, gt=0, description="One page, redirects included")
    fetch_budget_s: float = Field(240.0, gt=0, description="Fetching in one task; what is left waits for the next run")
    max_body_bytes: int = Field(3_000_000, gt=0, description="Decoded bytes of one page, feed or sitemap")
    history_budget_s: float = Field(
        10_200.0, gt=0, description="Fetching in one try of a day of history; the next try goes on from there"
    )
    wayback_url: str = Field(
        WAYBACK, pattern=r"^https?://[^\s]+[^/\s]$", description="The Wayback Machine, or one's like"
    )
    wayback_delay_s: float = Field(2.5, ge=0, description="Pause between two requests to it; its index allows 30/min")
    wayback_timeout_s: float = Field(120.0, gt=0, description="One answer of it; its index can be slow")
    ccnews: str = Field(CCNEWS, description="Where Common Crawl's news files are: s3://bucket/prefix")
    ccnews_max_bytes: int = Field(
        2_000_000_000, gt=0, description="Read of them by one try of a day of history; a day has tens of GB"
    )
    ccnews_connection: str = Field(
        "aws_default", description="Airflow connection that reads them; unsigned: none, as some mirrors allow"
    )
    extract_timeout_s: float = Field(20.0, gt=0, description="Wall time of one page's extraction")
    extract_memory_bytes: int = Field(2_000_000_000, gt=0, description="Memory that one extraction worker may add")
    extract_workers: Annotated[int, Field(ge=0, le=64)] = Field(0, description="Worker processes; 0 = all cores")
    post_interval_s: float = Field(1.0, ge=0, description="Pause between posts to one receiver; Slack allows 1/s")
    deliver_s: float = Field(90.0, gt=0, description="How long one run may post; the sweeper takes the rest")
    clean_link: str = Field("", description="URL of a stored clean batch with {key} in it; alerts then link to it")
    unfinished_after_s: float = Field(900.0, ge=0, description="Age at which the sweeper takes over a batch")
    deadline_minutes: float = Field(
        30.0, ge=0, description="Without a successful run of ingest_live for so long, ops are told; 0: never"
    )
    lookback_days: Annotated[int, Field(ge=1, le=31)] = Field(
        7, description="How many days back the sweeper looks for unfinished batches, and the oldest run that may alert"
    )

    @field_validator("store", "ccnews")
    @classmethod
    def _is_s3(cls, value: str) -> str:
        if value:
            S3Place.parse(value)
        return value

    @property
    def place(self) -> S3Place:
        """Raises ConfigError while no place is set: there is no default that could be somebody else's bucket."""
        if not self.store:
            raise ConfigError(
                ["WIREWATCH_STORE (or the Variable wirewatch_store) is not set: expected s3://bucket/prefix"]
            )
        return S3Place.parse(self.store)


def load_settings(**overrides: object) -> Settings:
    """The settings of this process. Raises ConfigError naming each variable that is wrong."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # pydantic validates
    except ValidationError as error:
        problems = [
            f"WIREWATCH_{str(item['loc'][0]).upper()}: {item['msg']}, got {item['input']!r}" for item in error.errors()
        ]
        raise ConfigError(problems) from None


@lru_cache(maxsize=1)
def version() -> str:
    """The version of the project."""
    return "0.1"


def product() -> str:
    """`Wirewatch/0.1`: our name for servers."""
    return f"Wirewatch/{version()}"
