"""feeds.yaml: what is polled, and who stands behind it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator, model_validator

from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.events import SAMPLE_FEED
from newswatch_core.feednames import FILE, MAX_ID, default_id
from newswatch_core.settings import Settings
from newswatch_fetcher.addresses import is_public
from newswatch_fetcher.urls import same_place

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
    """A feed to poll, with all defaults filled in. `titled`: its own title is the outlet's name, once it is known.

    `in_order`: its articles come in one after the other, oldest first, rather than each as soon as it was read.
    """

    id: str
    url: str
    outlet: Outlet
    high: bool = False
    titled: bool = False
    in_order: bool = False


def _country(value: str) -> str:
    if value and not re.fullmatch("[A-Z]{2}", value):
        raise ValueError("two capital letters such as FR")
    return value


def _language(value: str) -> str:
    if value and not re.fullmatch("[a-z]{2}", value):
        raise ValueError("two small letters such as fr")
    return value


Country = Annotated[str, AfterValidator(_country)]
"""Two capital letters, or "" where it is not known."""

Language = Annotated[str, AfterValidator(_language)]
"""Two small letters, or "" where it is not known."""


class FeedModel(Model):
    """A feed as it stands in feeds.yaml; only the URL is required."""

    url: str
    id: str = Field(default="", max_length=MAX_ID)
    outlet: str = Field(default="", max_length=200)
    owner: str = Field(default="", max_length=200)
    kind: Kind = "press"
    country: Country = ""
    language: Language = ""
    priority: Literal["normal", "high"] = "normal"
    unverified: bool = False

    @model_validator(mode="before")
    @classmethod
    def _mapping(cls, value: object) -> object:
        if isinstance(value, str):
            url = value if "://" in value else "https://..."
            raise ValueError(f"each feed is a mapping: write `- url: {url}`")
        return value

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
    def _usable_id(cls, value: str) -> str:
        if value and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", value):
            raise ValueError("small letters, digits and hyphens, such as rfi-afrique")
        if value == SAMPLE_FEED:
            raise ValueError(f"{SAMPLE_FEED} is the sample feed's id; choose another")
        return value

    def feed(self) -> Feed:
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        name = self.outlet or host
        # The owner stays the host: two feeds of one site have two titles, and are not independent of each other.
        outlet = Outlet(name, self.owner or name, self.kind, self.country, self.language)
        high = self.priority == "high"
        return Feed(self.id or default_id(self.url), self.url, outlet, high=high, titled=not self.outlet)


class FeedsModel(Versioned):
    """The whole of feeds.yaml."""

    feeds: tuple[FeedModel, ...]


def load_feeds(desk: Path) -> tuple[Feed, ...]:
    """The feeds of the desk in folder `desk`. Raises ConfigError with all problems."""
    loaded = load(desk / FILE, FeedsModel, root=desk)
    problems = [problem for problem in _repeated(loaded) if problem.severity == "error"]
    if problems:
        raise ConfigError(problems)
    return tuple(feed.feed() for feed in loaded.model.feeds)


def check_feeds(desk: Path, settings: Settings | None = None) -> Sequence[Problem]:
    """What is wrong with feeds.yaml, by itself and with `settings`."""
    try:
        loaded = load(desk / FILE, FeedsModel, root=desk)
    except ConfigError as error:
        return error.problems
    return [*_repeated(loaded), *(_unreachable(loaded, settings) if settings else ())]


def _unreachable(loaded: Loaded[FeedsModel], settings: Settings) -> list[Problem]:
    """A warning for each feed inside the desk's own network that `settings` does not let the fetcher poll."""
    known = {*settings.egress.allow, *settings.egress.connect}
    problems = []
    for position, model in enumerate(loaded.model.feeds):
        try:
            place = same_place(model.url)
        except ValueError:
            continue
        host = place.rpartition(":")[0].strip("[]")
        if place not in known and _is_inside(host):
            message = f"{place} is inside your own network, so this feed will not be polled"
            hint = f"name it in newswatch.yaml: egress: {{allow: ['{place}']}}"
            problems.append(loaded.problem(message, "feeds", position, "url", hint=hint, warning=True))
    return problems


def _is_inside(host: str) -> bool:
    """Whether `host` is a literal address that is not public, or this machine by name. Asks no DNS."""
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return not is_public(host)


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
