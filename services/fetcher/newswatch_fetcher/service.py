"""The fetcher as a service: watches every feed of feeds.yaml, alone or together with other fetchers.

feeds.yaml --> states (database) --> Turns: each feed when it is due --> Poller.poll --> again
"""

import asyncio
import os
import random
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from newswatch_core import metrics
from newswatch_core.config import ConfigError, Problem, load
from newswatch_core.feednames import FILE
from newswatch_core.ports import Context, Emit, Service
from newswatch_core.settings import DEFAULT_CONTACT, Settings
from newswatch_core.settings import FILE as SETTINGS
from newswatch_fetcher.account import account
from newswatch_fetcher.articles import warm_up
from newswatch_fetcher.config import Feed, check_feeds, load_feeds
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.leases import Leases
from newswatch_fetcher.network import configured_routes
from newswatch_fetcher.notices import Notices
from newswatch_fetcher.pages import Pages
from newswatch_fetcher.poll import Poller, Tools
from newswatch_fetcher.sample import Sample, load_sample
from newswatch_fetcher.store import FeedState, load_states
from newswatch_fetcher.turns import Turns
from newswatch_fetcher.workers import Workers

_NAMED = 5


class Fetcher:
    """The source of articles. `run` may be called once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clock = context.clock
        self._states: dict[str, str] = {}
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
        async def poll(feed: Feed, state: FeedState) -> FeedState:
            after = await poller.poll(feed, state)
            self._count(after)
            return after

        context = self._context
        turns = Turns(
            {feed.id: feed for feed in feeds},
            states,
            database=context.database,
            clock=self._clock,
            leases=Leases(context.replica or f"{os.getpid()}-{random.getrandbits(32):08x}", sole=context.sole),
            gap=context.settings.egress.host_gap,
            poll=poll,
        )
        now = self._clock()
        self._announce(states, sum(state.due <= now for state in states.values()))
        if feeds and not self._context.sample and self._context.settings.contact == DEFAULT_CONTACT:
            problem = "publishers see a contact that is nobody's: set contact in newswatch.yaml"
            self._log.warning("contact", problem=problem)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(tools.notices.run())
                group.create_task(asyncio.to_thread(warm_up))
                group.create_task(tools.workers.start())
                group.create_task(turns.run())
        except BaseExceptionGroup as errors:
            # One reason is enough for whoever restarts this.
            raise _first(errors) from None
        finally:
            tools.notices.flush()

    def _announce(self, states: Mapping[str, FeedState], due: int) -> None:
        for state in states.values():
            self._count(state)
        failing = [state.id for state in states.values() if state.problem]
        known = sum(not state.first for state in states.values())
        fields = {"failing": failing if len(failing) < _NAMED else len(failing)} if failing else {}
        self._log.info("feeds", feeds=len(states), known=known, due_now=due, **fields)

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


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """A single one of the errors, however deep it lies."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


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


SERVICE = Service(name="fetcher", check=check, fixed_files=(FILE,), source=Fetcher, account=account)
