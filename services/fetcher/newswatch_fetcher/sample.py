"""The sample feed: the desk's articles/*.yaml, dated today, served on loopback as one more feed.

So a first alert shows within seconds, and without a network. The articles keep their own URLs and outlets; the fetcher
polls, fetches and extracts them as it does any others, but in order: those in the desk's language first, then by name
of file. So it is always the same story that comes first.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field

from newswatch_core.config import ConfigError, Problem, Versioned, load
from newswatch_core.events import SAMPLE_FEED
from newswatch_fetcher.config import Country, Feed, Kind, Language, Outlet
from newswatch_fetcher.network import Route
from newswatch_fetcher.urls import article_id, canonical_url, same_place

_FEED = "https://sample.example.org/feed.xml"
_SHORT = 600
_MAX_HEAD = 16_384


class SampleArticle(Versioned):
    """One file of the folder articles/. `notes` are for its reader only; `sample: false` is a fixture and no more."""

    id: str = ""
    outlet: str = Field(default="Sample", max_length=200)
    owner: str = ""
    url: str = ""
    language: Language = ""
    title: str = Field(min_length=1)
    text: str = ""
    kind: Kind = "press"
    country: Country = ""
    sample: bool = True
    notes: str = ""


def load_sample(desk: Path) -> tuple[SampleArticle, ...]:
    """The desk's articles that have a URL, without those that say `sample: false`. Raises ConfigError."""
    articles: list[SampleArticle] = []
    problems: list[Problem] = []
    for path in sorted((desk / "articles").glob("*.yaml"), key=lambda path: path.stem):
        try:
            loaded = load(path, SampleArticle, root=desk)
        except ConfigError as error:
            problems += error.problems
            continue
        if loaded.model.url and not canonical_url(loaded.model.url):
            hint = "it begins with https:// and a host"
            problems.append(loaded.problem(f"url {loaded.model.url!r} cannot be fetched", "url", hint=hint))
        elif loaded.model.url and loaded.model.sample:
            articles.append(loaded.model)
    if not articles and not problems:
        hint = "add articles/*.yaml with a url, or run without --sample"
        problems.append(Problem("articles", 0, "no sample articles", hint))
    if problems:
        raise ConfigError(problems)
    return tuple(articles)


@dataclass(frozen=True)
class _Document:
    kind: str
    body: bytes


class Sample:
    """A small HTTP server on the running loop. Use as an asynchronous context manager."""

    def __init__(self, articles: Sequence[SampleArticle], now: datetime, language: str) -> None:
        articles = sorted(articles, key=lambda article: article.language != language)
        self.feed = Feed(SAMPLE_FEED, _FEED, Outlet("Sample", "Sample"), high=True, in_order=True)
        self.outlets: Mapping[str, Outlet] = {article_id(_url(article)): _outlet(article) for article in articles}
        self._places = {same_place(_url(article)) for article in articles} | {same_place(_FEED)}
        self._documents = {_key(_FEED): _Document("application/rss+xml", _feed_xml(articles, now).encode())}
        for article in articles:
            self._documents[_key(_url(article))] = _Document("text/html; charset=utf-8", _page(article).encode())
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=_MAX_HEAD)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server:
            self._server.close()

    @property
    def routes(self) -> dict[str, Route]:
        """The hosts of the articles, all of them this server."""
        assert self._server  # noqa: S101 - for the type checker: only asked for inside the context
        port = self._server.sockets[0].getsockname()[1]
        route = Route("127.0.0.1", port, plain=True, trusted=True, gap=timedelta(0))
        return dict.fromkeys(self._places, route)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            fields = (line.partition(":") for line in head[1:])
            host = next((value.strip() for name, _, value in fields if name.lower() == "host"), "")
            found = self._documents.get(host + head[0].split(" ")[1])
            status, document = ("200 OK", found) if found else ("404 Not Found", _Document("text/plain", b"not here"))
            lines = [f"HTTP/1.1 {status}", f"Content-Type: {document.kind}", f"Content-Length: {len(document.body)}"]
            writer.write("\r\n".join([*lines, "Connection: close", "\r\n"]).encode("latin-1") + document.body)
            await writer.drain()
        except (OSError, ValueError, IndexError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()


def _url(article: SampleArticle) -> str:
    return canonical_url(article.url)


def _outlet(article: SampleArticle) -> Outlet:
    owner = article.owner or article.outlet
    return Outlet(article.outlet, owner, article.kind, article.country, article.language)


def _key(url: str) -> str:
    """Host and target as they stand in a request."""
    parts = urlsplit(url)
    return parts.netloc + parts.path + (f"?{parts.query}" if parts.query else "")


def _feed_xml(articles: Sequence[SampleArticle], now: datetime) -> str:
    """An RSS feed of the articles; the first is the oldest, the last two minutes old."""
    items = []
    for position, article in enumerate(reversed(articles)):
        summary = article.text.strip() if len(article.text) < _SHORT else article.text.strip().split("\n\n")[0]
        published = format_datetime(now - timedelta(minutes=2 + position))
        items.append(
            f"<item><title>{escape(article.title)}</title><link>{escape(_url(article))}</link>"
            f"<guid>{escape(_url(article))}</guid><pubDate>{published}</pubDate>"
            f"<description>{escape(_paragraphs(summary))}</description></item>"
        )
    head = '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>Sample</title>'
    return head + "\n".join(items) + "</channel></rss>\n"


def _page(article: SampleArticle) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="{article.language}"><head><meta charset="utf-8">'
        f"<title>{escape(article.title)} - {escape(article.outlet)}</title></head>\n<body>"
        f'<nav><a href="/">{escape(article.outlet)}</a> <a href="/world">World</a> <a href="/sport">Sport</a></nav>\n'
        f"<main><article><h1>{escape(article.title)}</h1>\n{_paragraphs(article.text)}\n</article></main>\n"
        f"<footer><p>&copy; {escape(article.outlet)}</p></footer></body></html>\n"
    )


def _paragraphs(text: str) -> str:
    return "\n".join(f"<p>{escape(part.strip())}</p>" for part in text.strip().split("\n\n") if part.strip())
