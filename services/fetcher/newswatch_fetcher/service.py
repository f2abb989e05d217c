"""The fetcher as a service: watches every feed of feeds.yaml, each in a task of its own.

feeds.yaml --> states (database) --> one task a feed: wait until due --> Poller.poll --> again
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from newswatch_core import metrics
from newswatch_core.config import ConfigError, Problem, load
from newswatch_core.ports import Context, Emit, Service
from newswatch_core.settings import DEFAULT_CONTACT, Settings
from newswatch_core.settings import FILE as SETTINGS
from newswatch_fetcher.articles import warm_up
from newswatch_fetcher.config import Feed, check_feeds, load_feeds
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.network import configured_routes
from newswatch_fetcher.notices import Notices
from newswatch_fetcher.pages import Pages
from newswatch_fetcher.poll import Poller, Tools
from newswatch_fetcher.sample import Sample, load_sample
from newswatch_fetcher.schedule import spread
from newswatch_fetcher.store import FeedState, load_state, load_states
from newswatch_fetcher.workers import Workers

_LONGEST_SLEEP = 30.0
_DATABASE_PAUSE = 5.0
_NAMED = 5


class Fetcher:
    """The source of articles. `run` may be called once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = context.clock
        self._states: dict[str, str] = {}
        self._database_fails = False
        self._log = structlog.get_logger()

    async def run(self, emit: Emit) -> None:
        """Polls until cancelled. Raises ConfigError, and what emitting and the database raise."""
        feeds = await asyncio.to_thread(load_feeds, self._context.desk)
        async with AsyncExitStack() as stack:
            sample = await self._sample(stack) if self._context.sample else None
            feeds = (sample.feed, *feeds) if sample else feeds
            workers = await stack.enter_async_context(Workers())
            egress = Egress(self._context.settings, sample.routes if sample else None)
            stack.push_async_callback(egress.close)
            tools = Tools(
                egress=egress,
                workers=workers,
                pages=Pages(egress, workers, self._clock),
                database=self._context.database,
                clock=self._clock,
                notices=Notices(),
                outlets=sample.outlets if sample else {},
            )
            states = await asyncio.to_thread(self._load, feeds)
            await self._watch_all(feeds, states, Poller(tools, emit), tools)

    async def _sample(self, stack: AsyncExitStack) -> Sample | None:
        try:
            articles = await asyncio.to_thread(load_sample, self._context.desk)
        except ConfigError as error:
            for problem in error.problems:
                self._log.warning("sample problem", problem=str(problem))
            return None
        return await stack.enter_async_context(Sample(articles, self._clock(), self._context.settings.language))

    def _load(self, feeds: tuple[Feed, ...]) -> Mapping[str, FeedState]:
        with self._context.database.write() as tx:
            return load_states(tx, feeds, self._clock())

    async def _watch_all(
        self, feeds: tuple[Feed, ...], states: Mapping[str, FeedState], poller: Poller, tools: Tools
    ) -> None:
        now = self._clock()
        due = [feed for feed in feeds if states[feed.id].due <= now]
        due.sort(key=lambda feed: not feed.high)
        starts = {feed.id: now + spread(position) for position, feed in enumerate(due)}
        self._announce(states, len(due))
        if feeds and not self._context.sample and self._context.settings.contact == DEFAULT_CONTACT:
            problem = "publishers see a contact that is nobody's: set contact in newswatch.yaml"
            self._log.warning("contact", problem=problem)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(tools.notices.run())
                group.create_task(asyncio.to_thread(warm_up))
                group.create_task(tools.workers.start())
                for feed in feeds:
                    start = starts.get(feed.id, states[feed.id].due)
                    group.create_task(self._watch(feed, states[feed.id], start, poller))
        except BaseExceptionGroup as errors:
            # One reason is enough for whoever restarts this.
            raise errors.exceptions[0] from None
        finally:
            tools.notices.flush()

    def _announce(self, states: Mapping[str, FeedState], due: int) -> None:
        for state in states.values():
            self._count(state)
        failing = [state.id for state in states.values() if state.problem]
        known = sum(not state.first for state in states.values())
        fields = {"failing": failing if len(failing) < _NAMED else len(failing)} if failing else {}
        self._log.info("feeds", feeds=len(states), known=known, due_now=due, **fields)

    async def _watch(self, feed: Feed, state: FeedState, start: datetime, poller: Poller) -> None:
        await self._sleep_until(start)
        while True:
            try:
                state = await poller.poll(feed, state)
            except DBAPIError as error:
                state = await self._reloaded(feed, state, error)
                continue
            self._database_fails = False
            self._count(state)
            await self._sleep_until(state.due)

    async def _reloaded(self, feed: Feed, state: FeedState, error: DBAPIError) -> FeedState:
        """The feed's state as the database has it, once it can be read. Nothing is lost: the poll begins again."""
        while True:
            # Most often it is the same for all feeds.
            tell = self._log.debug if self._database_fails else self._log.warning
            self._database_fails = True
            tell("database problem", feed=feed.id, problem=str(error.orig), retry_in=f"{_DATABASE_PAUSE:g}s")
            await asyncio.sleep(_DATABASE_PAUSE)
            try:
                return await asyncio.to_thread(self._stored, feed) or state
            except DBAPIError as again:
                error = again

    def _stored(self, feed: Feed) -> FeedState | None:
        with self._context.database.read() as tx:
            return load_state(tx, feed.id)

    async def _sleep_until(self, moment: datetime) -> None:
        # In pieces, because the clock may be set meanwhile.
        while (left := moment - self._clock()) > timedelta(0):  # noqa: ASYNC110 - it is time that is waited for
            await asyncio.sleep(min(left.total_seconds(), _LONGEST_SLEEP))

    def _count(self, state: FeedState) -> None:
        """Keeps the gauge of feeds by state."""
        now = "failing" if state.problem else "new" if state.first else "good"
        before = self._states.get(state.id)
        if before == now:
            return
        if before:
            metrics.FEEDS.labels(before).dec()
        metrics.FEEDS.labels(now).inc()
        self._states[state.id] = now


def check(desk: Path) -> Sequence[Problem]:
    """What is wrong with feeds.yaml, and with the part of newswatch.yaml that only the fetcher understands."""
    try:
        loaded = load(desk / SETTINGS, Settings, root=desk)
    except ConfigError:
        return check_feeds(desk)  # core says the rest itself
    problems = list(check_feeds(desk, loaded.model))
    try:
        configured_routes(loaded.model)
    except ValueError as error:
        problems.append(loaded.problem(f"connect: {error}", "egress", "connect", hint="for example 10.0.0.5:443"))
    return problems


SERVICE = Service(name="fetcher", check=check, source=Fetcher)
