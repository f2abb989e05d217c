"""Reading one article page now, outside of any poll: for `newswatch explain --fetch`. Nothing is kept."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime

from msgspec.structs import replace

from newswatch_core.events import Article
from newswatch_core.settings import Settings
from newswatch_fetcher.articles import Page, make_article
from newswatch_fetcher.config import Feed, Outlet
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.feeds import Entry
from newswatch_fetcher.pages import Pages
from newswatch_fetcher.urls import host_of
from newswatch_fetcher.workers import Workers


class ReadingError(Exception):
    """The page could not be read; the message says why."""


def read_now(settings: Settings, url: str, feed: Feed | None, known: Article | None, now: datetime) -> Article:
    """The article at `url` as it is now, as if it had come through `feed`. Raises ReadingError.

    `known`: the article as it is kept; its title and outlet then stay, for the feed told them.
    """
    page = asyncio.run(_read(settings, url, now))
    if page.problem:
        raise ReadingError(page.problem)
    title = (known.title if known else "") or page.title
    if not page.text and not title:
        raise ReadingError("no article text in the page")
    published = known.published if known else None
    entry = Entry(key="", content="", guid="", link=url, title=title, text="", published=published)
    host = host_of(url)
    outlet = feed.outlet if feed else Outlet(host, host)
    article, _ = make_article(feed.id if feed else "explain", outlet, entry, page, now)
    if known:
        kept = {name: getattr(known, name) for name in ("id", "feed", "outlet", "owner", "kind", "country")}
        article = replace(article, **kept)
    return replace(article, text_from="page")


async def _read(settings: Settings, url: str, now: datetime) -> Page:
    """The page through the fetcher's own way out: the same rules of addresses, sizes, times and robots.txt."""
    async with AsyncExitStack() as stack:
        workers = await stack.enter_async_context(Workers(processes=1))
        egress = Egress(settings)
        stack.push_async_callback(egress.close)
        return await Pages(egress, workers, lambda: now, titled=True).read(url, Counter())
