"""Putting records on topics, and knowing that they are there.

The producer is idempotent and waits for all replicas. It resumes by itself after an outage of the broker, in order
and without repeats; so waiting is right, and giving up is the last resort.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, NodeNotReadyError
from aiokafka.partitioner import DefaultPartitioner

from newswatch_core.runtime.broker import Broker, NotReadyError
from newswatch_core.runtime.exits import Exit, end_now
from newswatch_core.runtime.pulse import Pulse
from newswatch_core.runtime.reminder import Reminder
from newswatch_core.runtime.waiting import wait_until

T = TypeVar("T")
Headers = Sequence[tuple[str, bytes]]

LONGEST = 3_600.0
"""Seconds that a batch may wait for its delivery before the process ends."""
_LOOK_EVERY = 10.0
_ANSWER_WITHIN = 5.0
_FRAME = 1_000
"""Bytes that a batch of one record needs beside key, value and headers; generous."""

_FEW = 10
_PARTITIONER = DefaultPartitioner()
"""The same as that of other producers: the order of a key's records depends on it."""


class Outgoing(NamedTuple):
    """A record to be sent; `topic` as it is called at the broker."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers = ()

    @property
    def size(self) -> int:
        """Bytes, as the broker counts them against a topic's limit; never too few."""
        size = _FRAME + len(self.key) + len(self.value)
        for name, value in self.headers:
            size += len(name) + len(value) + 10
        return size


class Deliverer:
    """The one producer of a process. `limits`: bytes of the largest record that each of its topics takes."""

    def __init__(self, broker: Broker, pulse: Pulse, *, limits: Sequence[int]) -> None:
        self._broker = broker
        self._pulse = pulse
        self._limits = limits
        self._producer: AIOKafkaProducer | None = None
        self._reminder = Reminder()
        self._log = structlog.get_logger()

    async def start(self) -> None:
        """Returns when the broker answers."""
        self._producer = await wait_until(self._connect, "kafka")

    async def _connect(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._broker.client(),
            client_id="newswatch",
            acks="all",
            enable_idempotence=True,
            max_request_size=max(self._limits),
            # A batch over a topic's limit is refused whole, and a refusal breaks an idempotent producer for good.
            max_batch_size=min(1 << 19, min(self._limits) // 2),
            request_timeout_ms=30_000,
        )
        try:
            await producer.start()
        except KafkaError as error:
            await producer.stop()
            raise NotReadyError(f"{error!r}") from None
        return producer

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()

    async def ask(self) -> None:
        """Raises NotReadyError unless the broker answers within seconds."""
        assert self._producer is not None, "started"  # noqa: S101
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                answered = await self._producer.client.force_metadata_update()
        except TimeoutError:
            answered = False
        if not answered:
            raise NotReadyError(f"{self._broker.servers} does not answer")

    async def deliver(self, records: Sequence[Outgoing]) -> None:
        """Returns when the broker has all of them, in their order; after an hour without that the process ends.

        Whatever the broker refuses ends the process too: the producer could not go on after it.
        """
        if not records:
            return
        self._pulse.check()
        task = asyncio.ensure_future(self._send(records))
        waited = 0.0
        while not (await asyncio.wait({task}, timeout=_LOOK_EVERY))[0]:
            waited += _LOOK_EVERY
            # Several deliveries may wait at once.
            if self._reminder.due():
                self._log.warning(
                    "kafka problem", undelivered=len(records), waited=f"{waited:.0f}s", hint="goes on by itself"
                )
            if waited >= LONGEST:
                end_now(Exit.UNDELIVERED, f"{len(records)} records could not be delivered in {waited:.0f} s")
        if error := task.exception():
            end_now(Exit.UNDELIVERED, f"the broker refused a record: {error!r}")

    @property
    def _started(self) -> AIOKafkaProducer:
        assert self._producer is not None, "started"  # noqa: S101
        return self._producer

    async def _send(self, records: Sequence[Outgoing]) -> None:
        topics = {record.topic for record in records}
        partitions = {topic: sorted(await self._retried(self._started.partitions_for, topic)) for topic in topics}
        placed: dict[tuple[str, int], list[Outgoing]] = {}
        for record in records:
            partition = _PARTITIONER(record.key, partitions[record.topic], None)
            placed.setdefault((record.topic, partition), []).append(record)
        await asyncio.gather(*(self._put(*place, of_it) for place, of_it in placed.items()))

    async def _put(self, topic: str, partition: int, records: Sequence[Outgoing]) -> None:
        """Records of one partition."""
        in_order = self._singly if len(records) < _FEW else self._batched
        await asyncio.gather(*[future async for future in in_order(topic, partition, records)])

    async def _singly(self, topic: str, partition: int, records: Sequence[Outgoing]) -> AsyncIterator[Awaitable[Any]]:
        """For few records: the producer puts those of several deliveries under way in one batch."""
        for record in records:
            headers = list(record.headers)
            yield await self._retried(
                self._started.send, topic, record.value, record.key, partition=partition, headers=headers
            )

    async def _batched(self, topic: str, partition: int, records: Sequence[Outgoing]) -> AsyncIterator[Awaitable[Any]]:
        """For many: a batch costs the producer little more than a record does."""
        left = deque(records)
        while left:
            batch = self._started.create_batch()
            while left and _append(batch, left[0]):
                left.popleft()
            batch.close()
            yield await self._retried(self._started.send_batch, batch, topic, partition=partition)

    async def _retried(self, ask: Callable[..., Awaitable[T]], *arguments: object, **named: object) -> T:
        while True:
            try:
                return await ask(*arguments, **named)
            except (KafkaTimeoutError, KafkaConnectionError, NodeNotReadyError):
                # Nothing was queued: there is no room while the broker is away.
                self._pulse.check()


def _append(batch: Any, record: Outgoing) -> bool:
    """False if the batch is full. The first record always fits: its size was looked at before."""
    return batch.append(key=record.key, value=record.value, timestamp=None, headers=list(record.headers)) is not None
