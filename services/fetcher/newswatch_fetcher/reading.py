"""Reading one article page now, outside of any poll: for `newswatch explain --fetch`. Nothing is kept."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime

from newswatch_core.events import Article, event_time, revision_of
from newswatch_core.language import identify
from newswatch_core.settings import Settings
from newswatch_fetcher.articles import Page
from newswatch_fetcher.config import Feed, Outlet
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.pages import Pages
from newswatch_fetcher.urls import article_id
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
    outlet = feed.outlet if feed else Outlet(url.split("/")[2].removeprefix("www."), url.split("/")[2])
    return Article(
        id=known.id if known else article_id(url),
        revision=revision_of(title, page.text),
        feed=known.feed if known else feed.id if feed else "explain",
        outlet=known.outlet if known else outlet.name,
        owner=known.owner if known else outlet.owner,
        kind=known.kind if known else outlet.kind,
        country=known.country if known else outlet.country,
        url=url,
        final_url=page.url or url,
        title=title,
        text=page.text,
        text_from="page",
        language=identify(f"{title}\n{page.text}") or outlet.language,
        published=known.published if known else None,
        seen=now,
        at=event_time(known.published if known else None, now),
    )


async def _read(settings: Settings, url: str, now: datetime) -> Page:
    """The page through the fetcher's own way out: the same rules of addresses, sizes, times and robots.txt."""
    async with AsyncExitStack() as stack:
        workers = await stack.enter_async_context(Workers(processes=1))
        egress = Egress(settings)
        stack.push_async_callback(egress.close)
        return await Pages(egress, workers, lambda: now, titled=True).read(url, Counter())
