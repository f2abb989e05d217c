"""The Kafka runtime: one stage as a Faust worker. The only module that imports Faust.

    topic --> consumer --> batches --> handle, deliver --> acknowledge --> commit the offsets

Faust is used for what it does well, consumer groups and offsets, and is kept from all else: no tables, no topics of its
own, no leader, no web server, no producer. What it does for a message costs more than what most stages do for an
article; so its messages are batches of records here, handled one after the other. Left alone it would also acknowledge
what its agent failed at, and what it skips in a rebalance; here that is done only for a batch that was delivered, and
anything unexpected ends the process: the offset is not committed, and the next life reads the same events again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Any
from weakref import WeakSet

import faust
import structlog
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import KafkaError
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage, Message
from mode.utils.futures import notify

from newswatch_core.runtime.batches import Incoming
from newswatch_core.runtime.broker import Broker, NotReadyError
from newswatch_core.runtime.exits import Exit, end_now
from newswatch_core.runtime.waiting import wait_until

TAKE = 400
"""Records in a batch, at the most: two portions. A rebalance waits for the batch in hand."""
_READ_AHEAD = 2
"""Batches in hand or waiting, from which on nothing more is read."""
_FEW = 50
_PAUSE = 0.05
"""Seconds between small batches: a transaction for each article would cost ten times what the article does."""
_SCHEME = "newswatch"

Handle = Callable[[Sequence[Incoming]], Awaitable[int]]
"""Returns when all that the batch leads to is delivered: how many of its records that are. Fewer than all only when
nothing more is to be handled. Whatever it raises ends the process."""


class _Producer(driver.Producer):
    """None: what a stage writes goes through its Deliverer, and Faust itself has nothing to write."""

    async def on_start(self) -> None:
        pass

    async def on_stop(self) -> None:
        pass

    async def flush(self) -> None:
        pass


class _Thread(driver.AIOKafkaConsumerThread):
    """The consumer's thread, which notices when another worker has taken this one's identity."""

    @property
    def _assignor(self) -> type[Any]:
        """Whoever holds a partition keeps it while others come and go: the next one has a window to load first."""
        sticky: type[Any] = StickyPartitionAssignor
        return sticky

    @_assignor.setter
    def _assignor(self, value: object) -> None:
        """Faust takes turns where it has no tables: a standby that starts would take over from the active."""

    async def on_start(self) -> None:
        # The broker was there a moment ago, but a consumer that does not find it would end the process.
        await wait_until(self._connect, "kafka")
        if not self.app.conf.consumer_group_instance_id:
            return
        # The heartbeats of aiokafka do not carry the identity: two owners would take it from each other for ever.
        coordinator = self._ensure_consumer()._coordinator  # noqa: SLF001 - aiokafka offers no other way to hear of it
        forget = coordinator.reset_generation

        def lost() -> None:
            if not self.app.should_stop:
                identity = self.app.conf.consumer_group_instance_id
                end_now(Exit.REPLACED, f"another worker runs as {identity}, or the broker gave up on this one")
            forget()

        coordinator.reset_generation = lost

    async def _connect(self) -> None:
        try:
            await super().on_start()
        except KafkaError as error:
            await self._ensure_consumer().stop()
            raise NotReadyError(f"{error!r}") from None


class _Batch(ConsumerMessage):
    """Records of one or more partitions, in the order of each. To Faust it is a message of the last one's partition."""

    def __init__(self, records: Sequence[Any], generation: int) -> None:
        last = records[-1]
        time, kind = last.timestamp / 1000, last.timestamp_type
        super().__init__(
            last.topic, last.partition, last.offset, time, kind, [], b"", b"", None, generation_id=generation
        )
        self.records = records
        self.delivered = 0
        """How many of the records, from the first on."""

    @property
    def ends(self) -> dict[TP, int]:
        """The last offsets that were delivered."""
        return {TP(record.topic, record.partition): record.offset for record in self.records[: self.delivered]}


class _Consumer(driver.Consumer):
    """Hands on batches instead of records. One agent handles them one after the other: see `_new_offset`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._open: WeakSet[Message] = WeakSet()
        """Handed on and not acknowledged. In a rebalance Faust drops those that wait, without a word."""
        self._closed = asyncio.Event()
        self._few = False
        self._found = 0.0

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self._open.clear()
        await super().on_partitions_assigned(assigned, generation_id)

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        app: Any = self.app
        if app.holds():
            # Nothing stays in hand: a rebalance would wait for it, and the whole group with it.
            await asyncio.sleep(min(timeout, _PAUSE))
            return {}
        # Faust's own back-pressure is to look again in a second.
        if len(self._open) >= (1 if self._few else _READ_AHEAD):
            self._closed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), timeout)
            return {}
        if self._few:
            await asyncio.sleep(self._found + _PAUSE - monotonic())
        found = await super()._getmany(active_partitions, timeout)
        records = [record for of_one in found.values() for record in of_one]
        if not records:
            return {}
        self._found, self._few = monotonic(), len(records) < _FEW
        return {TP(records[-1].topic, records[-1].partition): [records]}

    def _to_message(self, _tp: TP, record: Any) -> ConsumerMessage:
        batch = _Batch(record, self.app.consumer_generation_id)
        self._open.add(batch)
        return batch

    def ack(self, message: Message) -> bool:
        """A batch that was not delivered was skipped in a rebalance: it is read again by whoever has its partitions."""
        assert isinstance(message, _Batch)  # noqa: S101 - guards the type
        message.acked = True
        for place, offset in message.ends.items():
            self._acked[place].append(offset)
        self._open.discard(message)
        self._closed.set()
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)
        return bool(message.delivered)

    def _new_offset(self, tp: TP) -> int | None:
        """What to commit: all up to the last batch acknowledged was delivered, since none overtakes another."""
        acked = self._acked[tp]
        if not acked:
            return None
        last: int = max(acked)
        acked.clear()
        return last + 1

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Offsets between those of two batches are no gap."""


class _Transport(driver.Transport):
    Consumer = _Consumer
    Producer = _Producer


class _App(faust.App):
    holds: Callable[[], bool]
    """Whether nothing is to be read."""


def build_app(
    service: str,
    broker: Broker,
    handle: Handle,
    *,
    folder: Path,
    replica: str = "",
    assigned: Callable[[frozenset[object]], object] = lambda partitions: None,
    holds: Callable[[], bool] = lambda: False,
) -> faust.App:
    """The worker of one stage, not yet started. `replica`: an identity that no other worker of the service has.

    `folder` is where Faust wants a place of its own; it writes nothing there. `assigned` hears of the partitions
    that this worker holds, whenever that changes. While `holds` says so, nothing is read. Call it in the event loop
    that the app is to run in.
    """
    TRANSPORTS.aliases[_SCHEME] = f"{__name__}:_Transport"
    folder.mkdir(parents=True, exist_ok=True)
    session = broker.session
    app = _App(
        broker.named(service),
        broker=[f"{_SCHEME}://{server}" for server in broker.servers.split(",")],
        broker_credentials=_credentials(broker),
        datadir=folder,
        store="memory://",
        processing_guarantee="at_least_once",
        stream_wait_empty=True,
        stream_buffer_maxsize=1_000,
        broker_max_poll_records=TAKE,
        broker_max_poll_interval=86_400.0,
        broker_commit_interval=0.2,
        broker_session_timeout=session,
        broker_heartbeat_interval=min(2.0, session / 3),
        broker_rebalance_timeout=60.0,
        broker_request_timeout=max(session + 5.0, 40.0),
        consumer_group_instance_id=broker.named(replica) if replica else None,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        table_standby_replicas=0,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.holds = holds

    @app.on_partitions_assigned.connect  # type: ignore[arg-type] # its type asks for more than it gives
    async def on_assigned(_app: Any, partitions: Any, **_: Any) -> None:
        assigned(frozenset(partitions))

    source = app.topic(broker.reads(service), key_serializer="raw", value_serializer="raw")

    @app.agent(source, concurrency=1, name=service)
    async def work_off(stream: Any) -> None:
        stream.enable_acks = False
        async for event in stream.events():
            batch = event.message
            try:
                batch.delivered = await handle([_incoming(record) for record in batch.records])
            except BaseException as error:  # noqa: BLE001 - left by an exception, the body would go on with the next
                end_now(Exit.UNEXPECTED, f"a batch was left unfinished: {error!r}")
            await stream.ack(event)

    return app


def _incoming(record: Any) -> Incoming:
    return Incoming(record.topic, record.partition, record.offset, record.key or b"", record.value or b"")


def _credentials(broker: Broker) -> Any:
    options = broker.client()
    context = options.get("ssl_context")
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context=context) if context is not None else None


async def run_app(app: faust.App, stop: asyncio.Event) -> None:
    """Runs the worker until `stop` is set; then it finishes what it has in hand, commits and leaves.

    A worker that crashes would stay alive without doing anything; so it ends the process.
    """
    stopping = asyncio.create_task(stop.wait())
    starting = asyncio.create_task(app.start())
    await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not starting.done():
        end_now(Exit.DONE, "stopped before it had begun")
    starting.result()
    crashed = asyncio.create_task(app._crashed.wait())  # noqa: SLF001 - Faust offers no other way to hear of it
    await asyncio.wait({crashed, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if crashed.done():
        end_now(Exit.UNEXPECTED, f"the Kafka worker crashed: {app.crash_reason!r}")
    crashed.cancel()
    structlog.get_logger().debug("finishing what is in hand")
    await app.stop()
