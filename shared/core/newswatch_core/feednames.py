"""What the feeds of a desk are called, for rules that name feeds and sources. The fetcher reads all of feeds.yaml."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from newswatch_core.config import ConfigError, Node, read_yaml
from newswatch_core.events import SAMPLE_FEED

FILE = "feeds.yaml"
MAX_ID = 200


@dataclass(frozen=True)
class FeedNames:
    """The ids of the feeds; their outlets, owners and hosts as written. A feed may tell its outlet only when polled."""

    ids: frozenset[str]
    sources: frozenset[str]


def default_id(url: str) -> str:
    """The id of a feed that has none: its host and path in letters, digits and hyphens."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    query = f" {parts.query}" if parts.query else ""
    return re.sub(r"[^a-z0-9]+", "-", f"{host}{parts.path}{query}".lower()).strip("-")[:MAX_ID] or "feed"


def read_feed_names(desk: Path) -> FeedNames | None:
    """Those of the desk in this folder; None where they are not known, because feeds.yaml is not there or is broken."""
    try:
        feeds = read_yaml(desk / FILE).at("feeds").value
        ids, sources = {SAMPLE_FEED}, set[str]()
        for feed in feeds if isinstance(feeds, list) else ():
            url = _text(feed, "url")
            ids.add(_text(feed, "id") or default_id(url))
            host = (urlsplit(url).hostname or "").removeprefix("www.")
            sources.update(name for name in (_text(feed, "outlet"), _text(feed, "owner"), host) if name)
    except (ConfigError, KeyError, TypeError, ValueError):
        return None
    return FeedNames(frozenset(ids), frozenset(sources))


def _text(feed: Node, name: str) -> str:
    value = feed.at(name).value if isinstance(feed.value, dict) and name in feed.value else ""
    return value if isinstance(value, str) else ""
