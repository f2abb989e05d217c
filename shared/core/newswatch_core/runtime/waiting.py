"""Waiting for what a worker cannot work without: its database, its broker and the topics there.

Faust, started without a broker, gives up; a worker says once a minute what it waits for, and goes on when it is there.
What goes away later is told to its health.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from newswatch_core.runtime.asking import record_limits
from newswatch_core.runtime.broker import Broker, NotReadyError
from newswatch_core.runtime.handling import problem_of
from newswatch_core.runtime.health import Health
from newswatch_core.runtime.reminder import Reminder
from newswatch_core.storage.database import Database
from newswatch_core.storage.migrate import is_current

_LOOK_EVERY = 1.0
_WATCH_EVERY = 5.0
T = TypeVar("T")


async def wait_until(look: Callable[[], Awaitable[T]], what: str) -> T:
    """What `look` returns, once it no longer raises NotReadyError."""
    log, reminder, waited = structlog.get_logger(), Reminder(), False
    while True:
        try:
            found = await look()
        except NotReadyError as error:
            waited = True
            if reminder.due():
                log.warning("waiting", what=what, problem=str(error))
            await asyncio.sleep(_LOOK_EVERY)
        else:
            if waited:
                log.info("no longer waiting", what=what)
            return found


async def wait_for_database(database: Database) -> None:
    """Returns when the database answers and has the schema of this version."""
    await wait_until(lambda: ask_database(database), "database")


async def ask_database(database: Database) -> None:
    """Raises NotReadyError unless the database answers and has the schema of this version."""

    def ask() -> None:
        try:
            with database.read() as tx:
                current = is_current(tx)
        except SQLAlchemyError as error:
            raise NotReadyError(problem_of(error)) from None
        if not current:
            raise NotReadyError("its schema is of another version: run `newswatch migrate`")

    await asyncio.to_thread(ask)


async def watch(health: Health, needs: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
    """Tells `health` which of the needs is away, until cancelled. Each is a name, and what raises NotReadyError."""

    async def look(need: str, ask: Callable[[], Awaitable[None]]) -> None:
        try:
            await ask()
        except Exception as error:  # noqa: BLE001 - whatever keeps it from answering; the worker goes on
            health.trouble(need, str(error) or repr(error))
        else:
            health.trouble(need, "")

    while True:
        await asyncio.gather(*(look(need, ask) for need, ask in needs.items()))
        await asyncio.sleep(_WATCH_EVERY)


async def wait_for_topics(broker: Broker, topics: Sequence[str]) -> Mapping[str, int]:
    """Returns when the broker has all of `topics`: the bytes of the largest record that each takes."""
    return await wait_until(lambda: record_limits(broker, topics), "kafka")
