"""Gives each feed its turn: polls it when it is due and its host is held by no other fetcher.

agenda: due --> lease the host, read the state (one transaction) --> poll --> agenda: next due
                   |                                                  |
                   +--> held by another, or just polled: later        +--> the host's last poll: give it back
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from newswatch_core.ports import Clock
from newswatch_core.runtime.handling import problem_of
from newswatch_core.runtime.reminder import Reminder
from newswatch_core.storage.database import Database
from newswatch_fetcher.agenda import Agenda, host_of
from newswatch_fetcher.config import Feed
from newswatch_fetcher.leases import RENEW_EVERY, Leases
from newswatch_fetcher.store import FeedState, states_of

AT_ONCE = 50
"""Feeds whose polls begin in one transaction."""
IN_HAND = 500
"""Polls under way."""
ASK_AGAIN = timedelta(seconds=5)
DATABASE_PAUSE = timedelta(seconds=5)
_LONGEST_SLEEP = timedelta(seconds=15)
_SET_BACK = timedelta(minutes=1)
"""By so much, at the least: less is a difference between the clocks of replicas."""
_GATHER = 0.2

_Task = asyncio.Task[Any] | None
Poll = Callable[[Feed, FeedState], Awaitable[FeedState]]


@dataclass
class _Turn:
    """What one transaction brought: feeds to poll, feeds to look at later, and hosts that were lost to another."""

    polls: list[tuple[str, FeedState]] = field(default_factory=list)
    later: list[tuple[str, datetime]] = field(default_factory=list)
    lost: set[str] = field(default_factory=set)


class Turns:
    """The turns of `feeds`. `gap`: how long a host is left alone after its feeds were polled."""

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        states: Mapping[str, FeedState],
        *,
        database: Database,
        clock: Clock,
        leases: Leases,
        gap: timedelta,
        poll: Poll,
    ) -> None:
        self._feeds = feeds
        self._urls = {state.id: state.url for state in states.values()}
        dues = {state.id: state.due for state in states.values()}
        self._agenda = Agenda(dues, (feed.id for feed in feeds.values() if feed.high), clock())
        self._database = database
        self._clock = clock
        self._leases = leases
        self._gap = gap
        self._poll = poll
        self._polls: dict[str, set[_Task]] = {}
        self._looked = self._renewed = clock()
        self._changed = asyncio.Event()
        self._reminder = Reminder()
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until cancelled. Raises what polling raises, except for the database's trouble: that is waited out."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    await self._turn(group)
                    await self._rest()
        finally:
            with suppress(SQLAlchemyError):
                await asyncio.shield(asyncio.to_thread(self._give_back, list(self._polls)))

    async def _rest(self) -> None:
        # In pieces, because the clock may be set meanwhile, and leases are to be renewed.
        wait = self._agenda.wait(self._clock(), _LONGEST_SLEEP) if self._room() else _LONGEST_SLEEP
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait.total_seconds(), 0.01)):
                await self._changed.wait()
            # More polls may end now; one transaction does for all.
            await asyncio.sleep(_GATHER)
        self._changed.clear()

    def _room(self) -> int:
        return IN_HAND - sum(map(len, self._polls.values()))

    def _look_at_clock(self) -> datetime:
        now, before = self._clock(), self._looked
        if now < before - _SET_BACK:
            # It was ahead. What was planned by it would come too late by as much.
            self._agenda.shift(now - before)
            self._renewed = min(self._renewed, now)
        self._looked = now
        return now

    async def _turn(self, group: asyncio.TaskGroup) -> None:
        now = self._look_at_clock()
        due = self._agenda.take(now, min(AT_ONCE, self._room()))
        busy = {host for host, polls in self._polls.items() if polls}
        done = self._polls.keys() - busy
        # Asked now and then even when there is nothing to do: a database that is away is to be told.
        renewing = now - self._renewed >= RENEW_EVERY
        renew = busy if renewing else set()
        if not (due or done or renewing):
            return
        try:
            turn = await asyncio.to_thread(self._ask, due, busy, done, renew, now)
        except (DBAPIError, NoConnectionError) as error:
            self._tell_trouble(error)
            for feed in due:
                self._agenda.put(feed, now)
            await asyncio.sleep(DATABASE_PAUSE.total_seconds())
            return
        if renewing:
            self._renewed = now
        for host in done:
            del self._polls[host]
        for host in turn.lost:
            self._log.warning("host lost", host=host, hint="this fetcher stood still; another polls it now")
            for task in filter(None, self._polls[host]):
                task.cancel()
        for feed, due_at in turn.later:
            self._agenda.put(feed, due_at)
        for feed, state in turn.polls:
            self._urls[feed] = state.url
            self._begin(group, self._feeds[feed], state)

    def _ask(self, due: Sequence[str], busy: set[str], done: set[str], renew: set[str], now: datetime) -> _Turn:
        """The transaction of a turn, in a thread."""
        turn = _Turn()
        wanted = {feed: host_of(self._urls[feed]) for feed in due}
        with self._database.write() as tx:
            turn.lost = renew - self._leases.renew(tx, renew, now)
            taken = self._leases.take(tx, set(wanted.values()) - turn.lost, now)
            states = states_of(tx, due)
            for feed, host in wanted.items():
                state = states.get(feed)
                if state is None or host not in taken:
                    turn.later.append((feed, now + ASK_AGAIN))
                elif (state.due > now and not _is_of_later(state, now)) or host_of(state.url) != host:
                    # Another fetcher polled it since, and may have found that it has moved.
                    self._urls[feed] = state.url
                    turn.later.append((feed, state.due))
                else:
                    turn.polls.append((feed, state))
            used = busy | {wanted[feed] for feed, _ in turn.polls}
            self._leases.give_back(tx, taken - used - done, now)
            self._leases.give_back(tx, done - used, now + self._gap)
        return turn

    def _begin(self, group: asyncio.TaskGroup, feed: Feed, state: FeedState) -> None:
        polls = self._polls.setdefault(host_of(state.url), set())
        task = group.create_task(self._one(feed, state, polls), name=f"poll {feed.id}")
        polls.add(task)

    async def _one(self, feed: Feed, state: FeedState, polls: set[_Task]) -> None:
        due = self._clock() + ASK_AGAIN
        self._log.debug("poll begins", feed=feed.id)
        try:
            after = await self._poll(feed, state)
            self._urls[feed.id], now = after.url, self._clock()
            due = now + ASK_AGAIN if _is_of_later(after, now) else after.due
        except (DBAPIError, NoConnectionError) as error:
            # Nothing is lost: the poll begins again, from the state as the database has it.
            self._tell_trouble(error, feed.id)
            due = self._clock() + DATABASE_PAUSE
        finally:
            self._log.debug("poll ends", feed=feed.id)
            polls.discard(asyncio.current_task())
            self._agenda.put(feed.id, due)
            self._changed.set()

    def _tell_trouble(self, error: SQLAlchemyError, feed: str = "") -> None:
        # Most often it is the same for all feeds.
        tell = self._log.warning if self._reminder.due() else self._log.debug
        pause = f"{DATABASE_PAUSE.total_seconds():g}s"
        tell("database problem", **({"feed": feed} if feed else {}), problem=problem_of(error), retry_in=pause)

    def _give_back(self, held: Sequence[str]) -> None:
        with self._database.write() as tx:
            self._leases.give_back(tx, held, self._clock() + self._gap)


def _is_of_later(state: FeedState, now: datetime) -> bool:
    """Whether the feed was polled by a clock that was ahead: when it is due by that one says nothing."""
    return state.polled is not None and state.polled > now + _SET_BACK
