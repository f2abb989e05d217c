"""The desk's settings: newswatch.yaml."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator

from newswatch_core.config import Duration, Model, Versioned, load
from newswatch_core.secrets import SecretRef

FILE = "newswatch.yaml"
DEFAULT_CONTACT = "https://example.org/newswatch"
"""Nobody's: a desk that reads real sites sets its own."""

_CONTACT = re.compile(r"https?://[A-Za-z0-9\[][!-~]*|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")

SHORTEST_RETENTION = timedelta(days=7)
"""The deduplicator looks back so far: a restart must find what it had in memory."""


class Retention(Model):
    """How long things are kept."""

    articles: Duration = timedelta(days=30)
    log: Duration = timedelta(days=7)

    @field_validator("articles")
    @classmethod
    def _long_enough(cls, value: timedelta) -> timedelta:
        if value < SHORTEST_RETENTION:
            raise ValueError(
                f"articles are kept for at least {SHORTEST_RETENTION.days}d: copies are looked for that long"
            )
        return value


class Health(Model):
    """Where /livez, /readyz and /metrics answer, as host:port; nowhere if empty."""

    listen: str = Field(default="", pattern=r"^$|^[^:\s]+:\d{1,5}$")


_PLACE = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")


def _place(value: str) -> str:
    """A host:port, in small letters."""
    match = _PLACE.fullmatch(value)
    if not match or not 0 < int(match[1]) < 65_536:
        raise ValueError(
            f"{value!r} is not host:port: write the exact host (no *, no https://, no path; xn--... where it is not "
            "ASCII) and the port, for example news.intranet.example:443"
        )
    return value.lower()


Place = Annotated[str, AfterValidator(_place)]


class Egress(Model):
    """What the fetcher may reach beyond the public internet.

    `allow`: exact host:port of intranet feeds. `connect`: host:port -> address:port to connect to instead of
    asking DNS, for tests and split networks.
    """

    allow: tuple[Place, ...] = ()
    connect: dict[str, str] = Field(default_factory=dict)
    host_gap: Duration = timedelta(seconds=1)

    @field_validator("connect")
    @classmethod
    def _from_places(cls, value: dict[str, str]) -> dict[str, str]:
        return {_place(place): target for place, target in value.items()}


class Tls(Model):
    """How the broker proves itself, and this side to it. PEM files; the system's authorities if `ca` is empty."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


class Sasl(Model):
    """Who this side is to the broker."""

    mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = "SCRAM-SHA-512"
    user: str
    password: SecretRef


class Kafka(Model):
    """The broker, for `newswatch worker`.

    `brokers`: host:port, several with commas between. `prefix` stands before the name of every topic and consumer
    group, so that two desks can share a broker. `session`: a worker that was not heard of for so long has lost its
    work to another. `newswatch topics create` makes topics with `replication`, and of records up to `max_record` bytes.
    """

    brokers: str = Field(default="", pattern=r"^$|^[^:,\s]+:\d{1,5}(,[^:,\s]+:\d{1,5})*$")
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,60}$")
    session: Duration = timedelta(seconds=45)
    replication: int = Field(default=1, ge=1, le=9)
    max_record: int = Field(default=4_000_000, ge=100_000, le=50_000_000)
    tls: Tls | None = None
    sasl: Sasl | None = None

    @field_validator("session")
    @classmethod
    def _in_bounds(cls, value: timedelta) -> timedelta:
        if not timedelta(seconds=6) <= value <= timedelta(minutes=5):
            raise ValueError("brokers take sessions of 6s to 5m")
        return value


class Settings(Versioned):
    """The whole of newswatch.yaml."""

    desk: str = "newswatch desk"
    language: str = Field(default="en", pattern="^[a-z]{2}$")
    timezone: str = "UTC"
    contact: str = DEFAULT_CONTACT
    retention: Retention = Retention()
    health: Health = Health()
    egress: Egress = Egress()
    kafka: Kafka = Kafka()

    @field_validator("contact")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if not _CONTACT.fullmatch(value):
            raise ValueError(
                "a page or an address where publishers reach you, in ASCII: https://your-organisation.example or "
                "desk@your-organisation.example"
            )
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone; names are like Africa/Bamako or UTC") from None
        return value


def load_settings(desk: Path) -> Settings:
    """The settings of the desk in folder `desk`. Raises ConfigError."""
    return load(desk / FILE, Settings, root=desk).model
