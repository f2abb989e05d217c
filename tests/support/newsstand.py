"""A news stand: an HTTP server of feeds and article pages under as many host names as a test wants.

Every host answers on one loopback port; the fetcher finds it through `egress.connect` and may reach it through
`egress.allow`, both of which the stand writes. Links may be http or https: for https the connect map says
`http://127.0.0.1:PORT`, so the stand needs no certificates.

    with Newsstand() as stand:
        stand.add_feed("sahel-post", host="post.example", outlet="Sahel Post", language="fr")
        stand.add_article("sahel-post", StandArticle(title="...", text="First paragraph.\n\nSecond."))
        stand.write_desk(folder)                    # newswatch.yaml and feeds.yaml
        ...                                         # run the fetcher in this or another process
        stand.add_article("sahel-post", ...)        # may be done while it runs
        stand.order(stand.feed_url("sahel-post"), Trouble("status", status=503, headers={"Retry-After": "5"}), times=2)
        assert [request.status for request in stand.requests_of(stand.feed_url("sahel-post"))] == [200, 503, 503]

The server runs in a thread of its own; all methods may be called from any thread. Feeds are RSS 2.0 with ETag,
Last-Modified and 304; pages carry navigation, an aside, a footer and the article. See `Trouble` for failures on order.
`Newsstand.from_stream(path, limit)` serves recorded entries of real feeds (JSON lines, gzipped).
"""

import gzip
import json
import re
import threading
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from html import escape
from itertools import count, islice
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

import yaml

from tests.support.standserver import Answer, Server, Trouble, troubled


@dataclass(frozen=True)
class StandArticle:
    """An article of the stand. `text` has a blank line between paragraphs; the feed carries `summary`.

    Where empty: `host` is the feed's, `path` is made from a running number, `guid` is the link, `summary` the
    first paragraph. `published` is None for an undated entry, "now" for the moment it is added.
    `page` False: the page answers 404.
    """

    title: str
    text: str
    host: str = ""
    path: str = ""
    guid: str = ""
    summary: str | None = None
    published: datetime | Literal["now"] | None = "now"
    language: str = "en"
    page: bool = True
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


@dataclass(frozen=True)
class Request:
    """One request that the stand was sent, and the status it gave (0: none)."""

    url: str
    headers: Mapping[str, str]
    at: datetime
    status: int


@dataclass
class _Feed:
    id: str
    url: str
    outlet: str
    language: str
    settings: dict[str, str]
    encoding: str = "utf-8"
    window: int | None = None
    articles: list[StandArticle] = field(default_factory=list)
    changed: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    body: bytes | None = None


class Newsstand:
    """See the module's description. `host_gap` goes into newswatch.yaml."""

    def __init__(self, *, host_gap: str = "0s", zipped: bool = True) -> None:
        self._host_gap = host_gap
        self._zipped = zipped
        self._lock = threading.RLock()
        self._feeds: dict[str, _Feed] = {}
        self._by_url: dict[str, _Feed] = {}
        self._pages: dict[str, StandArticle] = {}
        self._robots: dict[str, str] = {}
        self._orders: defaultdict[str, deque[Trouble | None]] = defaultdict(deque)
        self._always: dict[str, Trouble] = {}
        self._hosts: set[str] = set()
        self._requests: list[Request] = []
        self._numbers = count(1)
        self._server = Server(self._answer)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    @classmethod
    def from_stream(cls, path: Path, limit: int | None = None, *, window: int | None = None) -> Self:
        """A stand of the entries in `path`, gzipped JSON lines with feed, published, lang, url, title and summary.

        Each article's page holds its summary. `limit` is the number of entries taken, `window` how many of its newest a
        feed lists. The caller looks whether the file is there.
        """
        stand = cls()
        ids: dict[str, str] = {}
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in islice(lines, limit):
                entry = json.loads(line)
                parts = urlsplit(entry["feed"])
                if entry["feed"] not in ids:
                    ids[entry["feed"]] = re.sub(r"[^a-z0-9]+", "-", f"{parts.netloc}{parts.path}".lower()).strip("-")[
                        :190
                    ]
                    language = (entry.get("lang") or "")[:2].lower()
                    stand.add_feed(ids[entry["feed"]], url=entry["feed"], language=language, window=window)
                link = urlsplit(entry["url"])
                if link.scheme not in {"http", "https"} or not link.hostname:
                    continue
                target = (link.path or "/") + (f"?{link.query}" if link.query else "")
                published = datetime.fromisoformat(entry["published"]) if entry.get("published") else None
                stand.add_article(
                    ids[entry["feed"]],
                    StandArticle(
                        title=entry["title"] or "",
                        text=entry.get("summary") or "",
                        summary=entry.get("summary") or "",
                        scheme=link.scheme,
                        host=link.netloc,
                        path=target,
                        published=published,
                    ),
                )
        return stand

    # What is on the stand

    def add_feed(
        self,
        feed: str,
        *,
        host: str = "",
        path: str = "/feed.xml",
        url: str = "",
        outlet: str = "",
        language: str = "",
        encoding: str = "utf-8",
        window: int | None = None,
        **settings: str,
    ) -> str:
        """A new feed, and its URL. `settings` go into feeds.yaml as they are (owner, kind, country, priority)."""
        url = url or f"http://{host or feed + '.example'}{path}"
        with self._lock:
            made = _Feed(feed, url, outlet, language, settings, encoding, window)
            self._feeds[feed] = self._by_url[_key(url)] = made
            self._hosts.add(urlsplit(url).netloc)
        return url

    def add_article(self, feed: str, article: StandArticle) -> StandArticle:
        """Puts an article on top of a feed, and returns it as it was completed (with its `url`)."""
        with self._lock:
            shelf = self._feeds[feed]
            number = next(self._numbers)
            article = replace(
                article,
                host=article.host or urlsplit(shelf.url).netloc,
                path=article.path or f"/news/{number:05}.html",
                published=datetime.now(UTC).replace(microsecond=0) if article.published == "now" else article.published,
            )
            shelf.articles.insert(0, article)
            self._pages[_key(article.url)] = article
            self._hosts.add(article.host)
            self._touch(shelf)
        return article

    def change_article(self, feed: str, url: str, **changes: Any) -> StandArticle:
        """Replaces fields of an article that is on the stand; its URL stays."""
        with self._lock:
            shelf = self._feeds[feed]
            position = next(i for i, article in enumerate(shelf.articles) if article.url == url)
            article = replace(shelf.articles[position], **changes)
            shelf.articles[position] = self._pages[_key(url)] = article
            self._touch(shelf)
        return article

    def remove_article(self, feed: str, url: str) -> None:
        """Takes an article out of its feed; the page stays."""
        with self._lock:
            shelf = self._feeds[feed]
            shelf.articles = [article for article in shelf.articles if article.url != url]
            self._touch(shelf)

    def robots(self, host: str, text: str) -> None:
        """The robots.txt of a host; without it the host answers 404."""
        with self._lock:
            self._robots[host] = text
            self._hosts.add(host)

    def order(self, url: str, trouble: Trouble, *, times: int | None = 1, after: int = 0) -> None:
        """The next `times` requests of `url` meet `trouble` (None: all), after `after` good ones."""
        with self._lock:
            self._hosts.add(urlsplit(url).netloc)
            if times is None:
                self._always[_key(url)] = trouble
            else:
                self._orders[_key(url)].extend([None] * after + [trouble] * times)

    def clear_orders(self, url: str) -> None:
        with self._lock:
            self._always.pop(_key(url), None)
            self._orders.pop(_key(url), None)

    # What the fetcher is told

    @property
    def port(self) -> int:
        return self._server.port

    def feed_url(self, feed: str) -> str:
        return self._feeds[feed].url

    def egress(self) -> dict[str, Any]:
        """The `egress` section of newswatch.yaml: call it when all hosts are known."""
        places = []
        with self._lock:
            for host in sorted(self._hosts):
                places += [host] if ":" in host else [f"{host}:80", f"{host}:443"]
        connect = dict.fromkeys(places, f"127.0.0.1:{self.port}")
        connect |= {place: f"http://127.0.0.1:{self.port}" for place in places if place.endswith(":443")}
        return {"allow": places, "connect": connect, "host_gap": self._host_gap}

    def feeds(self) -> dict[str, Any]:
        """The content of feeds.yaml."""
        rows = []
        for shelf in self._feeds.values():
            row = {"url": shelf.url, "id": shelf.id, "outlet": shelf.outlet, "language": shelf.language}
            rows.append({key: value for key, value in (row | shelf.settings).items() if value})
        return {"version": "1", "feeds": rows}

    def write_desk(self, folder: Path, **settings: Any) -> None:
        """Writes newswatch.yaml (with `settings` beside egress) and feeds.yaml into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        whole = {"version": "1", "contact": "desk@newswatch.example", **settings, "egress": self.egress()}
        (folder / "newswatch.yaml").write_text(yaml.safe_dump(whole), encoding="utf-8")
        (folder / "feeds.yaml").write_text(yaml.safe_dump(self.feeds(), allow_unicode=True), encoding="utf-8")

    # What it was asked

    @property
    def requests(self) -> Sequence[Request]:
        """All requests so far, in order."""
        with self._lock:
            return list(self._requests)

    def requests_of(self, url: str) -> Sequence[Request]:
        return [request for request in self.requests if _key(request.url) == _key(url)]

    def page_requests(self) -> Sequence[Request]:
        """Requests of article pages."""
        return [request for request in self.requests if _key(request.url) in self._pages]

    # Answering

    def _touch(self, shelf: _Feed) -> None:
        now = datetime.now(UTC).replace(microsecond=0)
        # Last-Modified counts in seconds: a second change within one must still be a later one.
        shelf.changed = max(now, shelf.changed + timedelta(seconds=1))
        shelf.body = None

    def _answer(self, host: str, target: str, headers: Mapping[str, str]) -> Answer | Trouble:
        url = f"http://{host.removesuffix(':443').removesuffix(':80')}{target}"
        key = _key(url)
        with self._lock:
            trouble = self._always.get(key)
            if self._orders[key]:
                trouble = self._orders[key].popleft() or trouble
            answer = self._good_answer(host, target, key, headers)
            outcome = troubled(answer, trouble) if trouble else answer
            status = outcome.status if isinstance(outcome, Answer) else 0
            self._requests.append(Request(url, dict(headers), datetime.now(UTC), status))
        return outcome

    def _good_answer(self, host: str, target: str, key: str, headers: Mapping[str, str]) -> Answer:
        if shelf := self._by_url.get(key):
            return self._feed_answer(shelf, headers)
        article = self._pages.get(key)
        if article and article.page:
            return self._packed(200, {"Content-Type": "text/html; charset=utf-8"}, page_html(article).encode(), headers)
        if target == "/robots.txt" and host in self._robots:
            return Answer(200, {"Content-Type": "text/plain"}, self._robots[host].encode())
        return Answer(404, {"Content-Type": "text/html"}, b"<html><body><h1>Not found</h1></body></html>")

    def _feed_answer(self, shelf: _Feed, headers: Mapping[str, str]) -> Answer:
        if shelf.body is None:
            shelf.body = feed_xml(shelf.outlet or shelf.id, shelf.url, shelf.articles[: shelf.window], shelf.encoding)
        own = {
            "Content-Type": "application/rss+xml",
            "ETag": f'"{sha256(shelf.body).hexdigest()[:16]}"',
            "Last-Modified": format_datetime(shelf.changed, usegmt=True),
        }
        asked = headers.get("if-none-match")
        same = asked == own["ETag"] if asked else headers.get("if-modified-since") == own["Last-Modified"]
        if same:
            return Answer(304, own, b"")
        return self._packed(200, own, shelf.body, headers)

    def _packed(self, status: int, own: dict[str, str], body: bytes, asked: Mapping[str, str]) -> Answer:
        if self._zipped and "gzip" in asked.get("accept-encoding", ""):
            return Answer(status, own | {"Content-Encoding": "gzip"}, gzip.compress(body, 1))
        return Answer(status, own, body)


def feed_xml(title: str, url: str, articles: Sequence[StandArticle], encoding: str = "utf-8") -> bytes:
    """An RSS 2.0 feed of the articles."""
    lines = [f'<?xml version="1.0" encoding="{encoding}"?>', '<rss version="2.0"><channel>']
    lines.append(f"<title>{escape(title)}</title><link>{escape(url)}</link><description>news</description>")
    for article in articles:
        summary = article.text.split("\n\n")[0] if article.summary is None else article.summary
        lines.append(f"<item><title>{escape(article.title)}</title><link>{escape(article.url)}</link>")
        lines.append(f'<guid isPermaLink="false">{escape(article.guid or article.url)}</guid>')
        lines.append(f"<description>{escape(summary)}</description>")
        if isinstance(article.published, datetime):
            lines.append(f"<pubDate>{format_datetime(article.published)}</pubDate>")
        lines.append("</item>")
    lines.append("</channel></rss>")
    return "\n".join(lines).encode(encoding, "xmlcharrefreplace")


def page_html(article: StandArticle) -> str:
    """An article page as news sites have them: navigation, an aside, a footer, and the article in between."""
    paragraphs = "\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in article.text.split("\n\n") if paragraph)
    return f"""<!DOCTYPE html>
<html lang="{article.language}"><head><meta charset="utf-8">
<title>{escape(article.title)} - {escape(article.host)}</title>
<script>var tracker = "none";</script><style>p {{ margin: 1em; }}</style></head>
<body>
<header><a href="/">{escape(article.host)}</a>
<nav><ul><li><a href="/world">World</a></li>
<li><a href="/sport">Sport</a></li><li><a href="/weather">Weather</a></li></ul></nav></header>
<main><article><h1>{escape(article.title)}</h1>
{paragraphs}
</article>
<aside><h3>Most read</h3><ul><li><a href="/a">Ten recipes for the rainy season</a></li>
<li><a href="/b">Cup final: the line-ups</a></li></ul></aside></main>
<footer><p>&copy; {escape(article.host)}. All rights reserved.
<a href="/privacy">Privacy</a> <a href="/contact">Contact</a></p></footer>
</body></html>
"""


def _key(url: str) -> str:
    """Host and target: one address whatever the scheme."""
    parts = urlsplit(url)
    return (
        parts.netloc.removesuffix(":443").removesuffix(":80")
        + (parts.path or "/")
        + (f"?{parts.query}" if parts.query else "")
    )
