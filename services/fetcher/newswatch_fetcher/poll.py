"""One poll of one feed, from the request to the saved state.

    GET --> 304 ------------------------------------------------------> state
        --> 200 --> worker: entries --> new or changed? --> pages --> emit --> marks --> state with validators
        --> all else: a problem --> state, slower

The order is the promise: an entry is marked only when its article is durable, and the validators, which would keep the
server from sending it again, are saved only when all are. A kill between brings an article in twice, never not at all.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import itemgetter

import structlog

from newswatch_core import metrics
from newswatch_core.events import FetchedArticle
from newswatch_core.ports import Clock, Emit
from newswatch_core.storage.database import Database
from newswatch_fetcher import schedule
from newswatch_fetcher.articles import Page, id_of, make_article
from newswatch_fetcher.ask import Answer, PollError, ask, wanted_wait
from newswatch_fetcher.config import Feed, Outlet
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.feeds import Entry, ParsedFeed
from newswatch_fetcher.notices import Notices
from newswatch_fetcher.pages import Pages
from newswatch_fetcher.store import (
    FeedState,
    Mark,
    load_marks,
    oldest_mark,
    renewed,
    save_marks,
    save_state,
    touch_marks,
)
from newswatch_fetcher.workers import Workers

_SECONDS = 30.0
_PAGES_EACH = 8
# Reading pages politely takes a second each; the newest come first, and the feed must be polled again.
_PAGES_A_POLL = 200
_GROUP = 50
_MANY = 10
_BACK_TO_CONFIGURED_AFTER = 3
_NEVER_WHOLE_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Tools:
    """What polls share. `outlets` names the outlet of single articles (by id) where it is not the feed's."""

    egress: Egress
    workers: Workers
    pages: Pages
    database: Database
    clock: Clock
    notices: Notices
    outlets: Mapping[str, Outlet]
    chance: Callable[[], float] = random.random


class Poller:
    """Polls feeds; one object for all of them."""

    def __init__(self, tools: Tools, emit: Emit) -> None:
        self._tools = tools
        self._emit = emit
        self._log = structlog.get_logger()

    async def poll(self, feed: Feed, state: FeedState) -> FeedState:
        """Polls once, and returns the state as it was saved. Raises only what emitting and the database raise."""
        now = self._tools.clock()
        try:
            answer = await ask(self._tools.egress, self._tools.workers, state, now, seconds=_SECONDS)
        except PollError as error:
            after = self._failed(feed, state, error, now)
            await self._save(after)
            return after
        if answer.parsed is None:
            after = self._settled(feed, state, answer, now, new=0)
            await self._save(after)
            self._log.info("poll", feed=feed.id, status=304, new=0)
            return after
        return await self._take(feed, state, answer, answer.parsed, now)

    async def _take(self, feed: Feed, state: FeedState, answer: Answer, parsed: ParsedFeed, now: datetime) -> FeedState:
        marks = await asyncio.to_thread(self._marks, feed.id, parsed.entries)
        fresh = [entry for entry in parsed.entries if _is_fresh(entry, marks)]
        new = sum(entry.key not in marks for entry in fresh)
        if len(fresh) > _MANY:
            self._log.info("reading articles", feed=feed.id, new=len(fresh))
        failed = await self._bring_in(_with_outlet(feed, parsed.title), state, fresh, marks, now)
        if problem := parsed.problem or (f"{failed} of its entries cannot be read" if failed else ""):
            # What was whole is in; the validators must not hide the rest.
            after = self._failed(feed, state, PollError(problem), now)
            if state.first and await asyncio.to_thread(self._is_never_whole, feed.id, now):
                after = replace(after, succeeded=now)
        else:
            after = self._settled(feed, state, answer, now, new=new)
        if new:
            after = replace(after, new_entry=now)
        await self._save(after, touched=marks)
        self._log.info("poll", feed=feed.id, status=200, entries=len(parsed.entries), new=len(fresh))
        if parsed.dropped:
            self._tools.notices.problem(
                feed.id, f"lists more than {len(parsed.entries)} entries; the oldest are left out"
            )
        return after

    async def _bring_in(
        self, feed: Feed, state: FeedState, fresh: Sequence[Entry], marks: Mapping[str, Mark], now: datetime
    ) -> int:
        """Emits the articles of `fresh` as they become ready, and marks each once it is durable.

        Returns how many could not be made articles: they stay unmarked, and so are tried again.
        """
        # One at a time keeps the order.
        slots = asyncio.Semaphore(1 if feed.in_order else _PAGES_EACH)
        ordered = list(reversed(fresh)) if feed.in_order else fresh
        failing: Counter[str] = Counter()
        failed = 0

        async def one(position: int, entry: Entry) -> tuple[int, Entry, FetchedArticle | None]:
            async with slots:
                page = await self._page(position, entry, failing)
                try:
                    backlog = _is_backlog(entry, marks.get(entry.key), state)
                    return position, entry, await self._article(feed, entry, page, now, backlog=backlog)
                except Exception:  # noqa: BLE001 - one odd entry must not stop the feed
                    self._log.exception("entry problem", feed=feed.id, title=entry.title)
                    return position, entry, None

        pending = {asyncio.create_task(one(position, entry)) for position, entry in enumerate(ordered)}
        try:
            while pending:
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                results = sorted((task.result() for task in done), key=itemgetter(0))
                ready = [(entry, event) for _, entry, event in results if event is not None]
                failed += len(results) - len(ready)
                for start in range(0, len(ready), _GROUP):
                    await self._deliver(feed, ready[start : start + _GROUP], marks, now)
        finally:
            for task in pending:
                task.cancel()
            await asyncio.gather(*pending, return_exceptions=True)
        return failed

    async def _page(self, position: int, entry: Entry, failing: Counter[str]) -> Page:
        if not entry.link:
            return Page("", problem="no link")
        if position >= _PAGES_A_POLL:
            return Page(entry.link, problem="too many new entries at once")
        return await self._tools.pages.read(entry.link, failing)

    async def _deliver(
        self, feed: Feed, ready: Sequence[tuple[Entry, FetchedArticle]], marks: Mapping[str, Mark], now: datetime
    ) -> None:
        await self._emit([event for _, event in ready])
        made = [
            renewed(marks.get(entry.key), Mark(entry.key, entry.content, event.article.id, now, now, event.backlog))
            for entry, event in ready
        ]
        await asyncio.to_thread(self._save_marks, feed.id, made)

    async def _article(self, feed: Feed, entry: Entry, page: Page, now: datetime, *, backlog: bool) -> FetchedArticle:
        outlet = self._tools.outlets.get(id_of(feed.id, entry), feed.outlet)
        article, reason = await asyncio.to_thread(make_article, feed.id, outlet, entry, page, now)
        fields = {"text_from": article.text_from, "language": article.language}
        self._log.info("article", feed=feed.id, title=article.title, **fields, **({"backlog": True} if backlog else {}))
        if reason:
            self._log.debug("feed text", feed=feed.id, title=article.title, reason=reason)
        metrics.ARTICLES.labels("fetcher", "backlog" if backlog else article.text_from).inc()
        return FetchedArticle(article=article, backlog=backlog)

    def _settled(self, feed: Feed, state: FeedState, answer: Answer, now: datetime, *, new: int) -> FeedState:
        """The state after a good answer."""
        parsed, headers = answer.parsed, answer.response.headers
        following = schedule.after_success(
            state.interval,
            entries=len(parsed.entries) if parsed else 0,
            new=new,
            first=state.first,
            high=feed.high,
            now=now,
            chance=self._tools.chance(),
            wait=wanted_wait(answer.response, now),
        )
        self._tools.notices.good(feed.id, was=state.problem)
        metrics.POLLS.labels("not-modified" if parsed is None else "new" if new else "nothing-new").inc()
        if following.gap:
            self._log.info("gap", feed=feed.id, gaps=state.gaps + 1)
        # A 304 may leave out validators that still hold; a 200 without them has none.
        kept = (state.etag, state.last_modified) if parsed is None else (None, None)
        return replace(
            state,
            url=(answer.response.moved_to if parsed and parsed.entries else "") or state.url,
            etag=headers.get("etag", kept[0]),
            last_modified=headers.get("last-modified", kept[1]),
            interval=following.interval,
            due=following.due,
            polled=now,
            polled_whole=now if answer.whole and parsed is not None else state.polled_whole,
            succeeded=now,
            failures=0,
            problem="",
            gaps=state.gaps + following.gap,
        )

    def _failed(self, feed: Feed, state: FeedState, error: PollError, now: datetime) -> FeedState:
        """The state after a poll that failed. The validators stay those of the last good one."""
        problem, failures = str(error), state.failures + 1
        self._tools.notices.failed(feed.id, problem, unreachable=error.unreachable)
        metrics.POLLS.labels("failed").inc()
        following = schedule.after_failure(
            state.interval,
            failures=failures,
            refused=error.refused,
            high=feed.high,
            now=now,
            chance=self._tools.chance(),
            wait=error.wait,
            gone=error.gone,
        )
        if failures >= _BACK_TO_CONFIGURED_AFTER and state.url != state.configured_url:
            state = replace(state, url=state.configured_url, etag=None, last_modified=None)
        return replace(state, due=following.due, polled=now, failures=failures, problem=problem)

    def _is_never_whole(self, feed: str, now: datetime) -> bool:
        """Whether a first poll has been incomplete for a day: then undated entries must count as news all the same."""
        with self._tools.database.read() as tx:
            oldest = oldest_mark(tx, feed)
        return oldest is not None and now - oldest >= _NEVER_WHOLE_AFTER

    def _marks(self, feed: str, entries: Sequence[Entry]) -> dict[str, Mark]:
        with self._tools.database.read() as tx:
            return load_marks(tx, feed, [entry.key for entry in entries])

    def _save_marks(self, feed: str, made: Sequence[Mark]) -> None:
        with self._tools.database.write() as tx:
            save_marks(tx, feed, made)

    async def _save(self, state: FeedState, touched: Mapping[str, Mark] | None = None) -> None:
        def work() -> None:
            with self._tools.database.write() as tx:
                if touched and state.polled:
                    touch_marks(tx, state.id, touched, state.polled)
                save_state(tx, state)

        await asyncio.to_thread(work)


def _is_fresh(entry: Entry, marks: Mapping[str, Mark]) -> bool:
    mark = marks.get(entry.key)
    return mark is None or mark.content != entry.content


def _with_outlet(feed: Feed, title: str) -> Feed:
    """The feed with its title as its outlet's name, where none was configured."""
    return replace(feed, outlet=replace(feed.outlet, name=title)) if feed.titled and title else feed


def _is_backlog(entry: Entry, mark: Mark | None, state: FeedState) -> bool:
    return mark.backlog if mark else schedule.is_backlog(entry.published, first=state.first, added=state.added)
