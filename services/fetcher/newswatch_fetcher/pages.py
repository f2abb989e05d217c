"""Reading article pages: robots.txt, the page, its text. A page that cannot be read is a value, not an error."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from newswatch_core.ports import Clock
from newswatch_fetcher.articles import Page
from newswatch_fetcher.egress import Egress, Response
from newswatch_fetcher.network import EgressError
from newswatch_fetcher.robots import MAX_SIZE, Robots
from newswatch_fetcher.urls import canonical_url
from newswatch_fetcher.workers import WorkerError, Workers

AGENT = "newswatch"
_MAX_PAGE = 5_000_000
_SECONDS = 20.0
_GIVE_UP_AFTER = 3
_ROBOTS_KEPT = timedelta(hours=24)
_ROBOTS_RETRY = timedelta(hours=1)
_HOSTS_KEPT = 10_000
_RULES_KEPT = 100_000
_HTML = ("text/html", "application/xhtml+xml")


class Pages:
    """Reads pages; their headlines as well if `titled`."""

    def __init__(self, egress: Egress, workers: Workers, clock: Clock, *, titled: bool = False) -> None:
        self._egress = egress
        self._titled = titled
        self._workers = workers
        self._robots = RobotsCache(egress, clock)
        self._log = structlog.get_logger()

    async def read(self, url: str, failing: Counter[str]) -> Page:
        """The page's text, or the problem. `failing` counts a poll's failures by host: a dead one is left alone."""
        host = urlsplit(url).netloc
        if failing[host] >= _GIVE_UP_AFTER:
            return Page(url, problem="its host does not answer")
        try:
            return await self._read(url)
        except EgressError as error:
            failing[host] += error.reason in {"unreachable", "protocol"}
            return Page(url, problem=str(error))
        except WorkerError as error:
            return Page(url, problem=f"the page {error}")
        except Exception as error:  # noqa: BLE001 - a page must never cost its entry, nor those after it
            self._log.exception("page problem", host=host)
            return Page(url, problem=f"unexpected: {type(error).__name__}")

    async def _read(self, url: str) -> Page:
        if not await self._robots.allows(url):
            return Page(url, problem="robots.txt does not allow it")
        headers = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.1"}
        response = await self._egress.get(url, headers, seconds=_SECONDS, max_body=_MAX_PAGE)
        final = canonical_url(response.url) or url
        if problem := _unreadable(response):
            return Page(final, problem=problem)
        content_type = response.headers.get("content-type", "")
        if self._titled:
            text, title = await self._workers.extract_titled_page(response.body, content_type, final)
            return Page(final, text, title=title)
        text = await self._workers.extract_page(response.body, content_type, final)
        return Page(final, text)


def _unreadable(response: Response) -> str:
    if response.status != 200:
        return f"the page answered {response.status}"
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in _HTML:
        return f"the page is {kind[:40]}"
    return "" if response.body.strip() else "the page is empty"


@dataclass
class _Host:
    """What is known of a host, until when. `lock`: its robots.txt is read once, however many pages wait for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    robots: Robots | None = None
    until: datetime | None = None


class RobotsCache:
    """The robots.txt of each host, read once a day. Of `kept` hosts: beyond that, the longest known are forgotten."""

    def __init__(self, egress: Egress, clock: Clock, kept: int = _HOSTS_KEPT) -> None:
        self._egress = egress
        self._clock = clock
        self._kept = kept
        self._hosts: dict[str, _Host] = {}

    async def allows(self, url: str) -> bool:
        """Whether `url` may be fetched. A host without a robots.txt allows all, one that cannot tell nothing."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        host = self._host(origin)
        async with host.lock:
            if host.robots is None or host.until is None or self._clock() >= host.until:
                host.robots, kept = await self._fetch(origin)
                host.until = self._clock() + kept
            robots = host.robots
        return robots.allows(parts.path + (f"?{parts.query}" if parts.query else ""))

    def _host(self, origin: str) -> _Host:
        host = self._hosts.get(origin)
        if host is None:
            while len(self._hosts) >= self._kept or self._rules() > _RULES_KEPT:
                # Whoever waits for the host that goes still holds it; at worst its robots.txt is read twice.
                del self._hosts[next(iter(self._hosts))]
            host = self._hosts[origin] = _Host()
        return host

    def _rules(self) -> int:
        return sum(len(host.robots) for host in self._hosts.values() if host.robots is not None)

    async def _fetch(self, origin: str) -> tuple[Robots, timedelta]:
        try:
            url = f"{origin}/robots.txt"
            response = await self._egress.get(url, seconds=_SECONDS, max_body=MAX_SIZE, what="robots")
        except EgressError as error:
            if error.reason == "unreachable":
                raise
            return Robots.none_allowed(), _ROBOTS_RETRY
        if response.status == 200:
            return Robots.parse(response.body.decode("utf-8", "replace"), AGENT), _ROBOTS_KEPT
        if 400 <= response.status < 500 and response.status != 429:
            return Robots.all_allowed(), _ROBOTS_KEPT
        return Robots.none_allowed(), _ROBOTS_RETRY
