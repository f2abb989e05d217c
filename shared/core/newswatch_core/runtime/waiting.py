"""Waiting for what a worker cannot work without: its database, its broker and the topics there.

Faust, started without a broker, gives up; a worker says once a minute what it waits for, and goes on when it is there.
What goes away later is told to its health.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from newswatch_core.runtime.broker import Broker, NotReadyError
from newswatch_core.runtime.handling import problem_of
from newswatch_core.runtime.health import Health
from newswatch_core.runtime.reminder import Reminder
from newswatch_core.storage.database import Database
from newswatch_core.storage.migrate import is_current

_LOOK_EVERY = 1.0
_WATCH_EVERY = 5.0
_LIMIT = "max.message.bytes"
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
        except NotReadyError as error:
            health.trouble(need, str(error))
        else:
            health.trouble(need, "")

    while True:
        await asyncio.gather(*(look(need, ask) for need, ask in needs.items()))
        await asyncio.sleep(_WATCH_EVERY)


async def wait_for_topics(broker: Broker, topics: Sequence[str]) -> Mapping[str, int]:
    """Returns when the broker has all of `topics`: the bytes of the largest record that each takes."""
    return await wait_until(lambda: record_limits(broker, topics), "kafka")


async def record_limits(broker: Broker, topics: Sequence[str]) -> Mapping[str, int]:
    """The bytes of the largest record that each of `topics` takes. Raises NotReadyError, and what `client` raises."""
    admin = AIOKafkaAdminClient(**broker.client(), request_timeout_ms=10_000)
    heard = _Heard()
    try:
        with heard:
            await admin.start()
        there = set(await admin.list_topics())
        if missing := [topic for topic in topics if topic not in there]:
            raise NotReadyError(f"no topic {', '.join(missing)}: run `newswatch topics create`")
        wanted = [ConfigResource(ConfigResourceType.TOPIC, topic, {_LIMIT: None}) for topic in topics]
        answers = await admin.describe_configs(wanted)
        limits = {}
        for answer in answers:
            for _error, _message, _type, topic, entries in answer.resources:
                limits[topic] = int(next(entry[1] for entry in entries if entry[0] == _LIMIT))
        return limits
    except (KafkaError, OSError, TimeoutError) as error:
        raise NotReadyError(heard.last or f"{broker.servers}: {error!r}") from None
    finally:
        await admin.close()


class _Heard(logging.Handler):
    """Keeps what aiokafka logs to itself: only there it says why it cannot connect."""

    def __init__(self) -> None:
        super().__init__()
        self.last = ""
        self._logger = logging.getLogger("aiokafka")

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()

    def __enter__(self) -> None:
        self._logger.addHandler(self)
        self._logger.propagate = False

    def __exit__(self, *_: object) -> None:
        self._logger.propagate = True
        self._logger.removeHandler(self)
