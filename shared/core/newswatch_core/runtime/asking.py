"""Asking a broker about its topics, on connections that are gone when the answer is there.

aiokafka's clients forget a connection that they close or that is refused: with TLS its end takes a while, and a worker
that looks every second would gather sockets. So each connection is made here, and its end is waited for. It also
says by itself why it failed, which the clients only log.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from aiokafka.admin.config_resource import ConfigResourceType
from aiokafka.conn import AIOKafkaConnection, collect_hosts
from aiokafka.errors import KafkaError
from aiokafka.protocol.admin import DescribeConfigsRequest
from aiokafka.protocol.metadata import MetadataRequest

from newswatch_core.runtime.broker import Broker, NotReadyError

_ANSWER_WITHIN = 10.0
_CLOSE_WITHIN = 5.0
_LIMIT = "max.message.bytes"
T = TypeVar("T")
Place = tuple[str, int]
"""Host and port."""


async def record_limits(broker: Broker, topics: Sequence[str]) -> Mapping[str, int]:
    """The bytes of the largest record that each of `topics` takes. Raises NotReadyError, and what `client` raises."""
    options = broker.client()
    named = [(host, port) for host, port, _ in collect_hosts(options.pop("bootstrap_servers"))]
    metadata = await _first_answer(named, options, lambda connection: connection.send(MetadataRequest(None)))
    told = metadata.to_object()
    there = {topic["topic"] for topic in told["topics"]}
    if missing := [topic for topic in topics if topic not in there]:
        raise NotReadyError(f"no topic {', '.join(missing)}: run `newswatch topics create`")
    # Asked where the broker says that it is to be found: that is where the worker will go.
    advertised = [(one["host"], one["port"]) for one in told["brokers"]]
    wanted = DescribeConfigsRequest([(int(ConfigResourceType.TOPIC), topic, [_LIMIT]) for topic in topics])
    return _limits(await _first_answer(advertised, options, lambda connection: connection.send(wanted)))


def _limits(answer: Any) -> Mapping[str, int]:
    limits = {}
    for error, message, _type, topic, entries in answer.resources:
        if error:
            raise NotReadyError(f"topic {topic}: {message or f'error {error}'}")
        limits[topic] = int(next(entry[1] for entry in entries if entry[0] == _LIMIT))
    return limits


async def _first_answer(
    places: Iterable[Place], options: Mapping[str, Any], ask: Callable[[AIOKafkaConnection], Awaitable[T]]
) -> T:
    problem = "the broker names no place where it can be reached"
    for place in places:
        try:
            async with _connected(place, options) as connection:
                return await ask(connection)
        except TimeoutError:
            problem = f"{place[0]}:{place[1]}: no answer within {_ANSWER_WITHIN:.0f} s"
        except (KafkaError, OSError) as error:
            problem = f"{place[0]}:{place[1]}: {error}"
    raise NotReadyError(problem)


@asynccontextmanager
async def _connected(place: Place, options: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConnection]:
    connection = AIOKafkaConnection(*place, request_timeout_ms=int(_ANSWER_WITHIN * 1000), **options)
    try:
        await connection.connect()
        yield connection
    finally:
        closed = connection.close()
        if connection._protocol is not None:  # noqa: SLF001 - else there never was a socket, and none will be told closed
            await asyncio.wait({closed}, timeout=_CLOSE_WITHIN)
