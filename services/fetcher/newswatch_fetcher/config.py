"""feeds.yaml: what is polled, and who stands behind it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.events import SAMPLE_FEED

FILE = "feeds.yaml"
MAX_ID = 200

Kind = Literal["agency", "state", "ministry", "press", "local", "blog", "aggregator"]


@dataclass(frozen=True)
class Outlet:
    """Who publishes. `language` is a two-letter code or ""."""

    name: str
    owner: str
    kind: str = "press"
    country: str = ""
    language: str = ""


@dataclass(frozen=True)
class Feed:
    """A feed to poll, with all defaults filled in."""

    id: str
    url: str
    outlet: Outlet
    high: bool = False


class FeedModel(Model):
    """A feed as it stands in feeds.yaml; only the URL is required."""

    url: str
    id: str = Field(default="", max_length=MAX_ID, pattern=r"^$|^[A-Za-z0-9][A-Za-z0-9._-]*$")
    outlet: str = Field(default="", max_length=200)
    owner: str = Field(default="", max_length=200)
    kind: Kind = "press"
    country: str = Field(default="", pattern="^$|^[A-Z]{2}$")
    language: str = Field(default="", pattern="^$|^[a-z]{2}$")
    priority: Literal["normal", "high"] = "normal"
    unverified: bool = False

    @field_validator("url")
    @classmethod
    def _fetchable(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise ValueError("this is no URL") from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or any(c.isspace() for c in value):
            raise ValueError("a feed's URL begins with https:// or http:// and a host")
        if parts.username or parts.password:
            raise ValueError("a feed's URL holds no user name or password")
        if port == 0:
            raise ValueError("port 0 cannot be reached")
        return value

    @field_validator("id")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value == SAMPLE_FEED:
            raise ValueError(f"{SAMPLE_FEED} is the sample feed's id; choose another")
        return value

    def feed(self) -> Feed:
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        name = self.outlet or host
        outlet = Outlet(name, self.owner or name, self.kind, self.country, self.language)
        return Feed(self.id or slug(self.url), self.url, outlet, self.priority == "high")


class FeedsModel(Versioned):
    """The whole of feeds.yaml."""

    feeds: tuple[FeedModel, ...]


def slug(url: str) -> str:
    """A feed's default id: its host and path in letters, digits and hyphens."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    query = f" {parts.query}" if parts.query else ""
    return re.sub(r"[^a-z0-9]+", "-", f"{host}{parts.path}{query}".lower()).strip("-")[:MAX_ID] or "feed"


def load_feeds(desk: Path) -> tuple[Feed, ...]:
    """The feeds of the desk in folder `desk`. Raises ConfigError with all problems."""
    loaded = load(desk / FILE, FeedsModel, root=desk)
    problems = [problem for problem in _repeated(loaded) if problem.severity == "error"]
    if problems:
        raise ConfigError(problems)
    return tuple(feed.feed() for feed in loaded.model.feeds)


def check_feeds(desk: Path) -> Sequence[Problem]:
    """What is wrong with feeds.yaml."""
    try:
        return _repeated(load(desk / FILE, FeedsModel, root=desk))
    except ConfigError as error:
        return error.problems


def _repeated(loaded: Loaded[FeedsModel]) -> list[Problem]:
    problems = []
    for name in ("id", "url"):
        first: dict[str, int] = {}
        for position, model in enumerate(loaded.model.feeds):
            value = str(getattr(model.feed(), name))
            if value in first:
                line = loaded.node.line_of("feeds", first[value])
                hint = (
                    f"first in line {line}; give each feed an id of its own"
                    if name == "id"
                    else f"first in line {line}"
                )
                problems.append(loaded.problem(f"{name} {value} stands twice", "feeds", position, name, hint=hint))
            first.setdefault(value, position)
    if not loaded.model.feeds:
        problems.append(loaded.problem("no feeds: nothing will be polled", "feeds", warning=True))
    return problems
