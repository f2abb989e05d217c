"""One service as a process of its own, on Kafka and a shared database.

    source: run --emit--> articles --> topic                          (fetcher)
    stage:  topic --> Faust --> Batches (a thread) --> topic          (deduplicator, tagger, alerter)
    sender: outbox --> receivers                                      (alerter)

It starts when database and topics are there. On SIGTERM it finishes what it has in hand, and if that takes longer
than its deadline it ends anyway: what was not acknowledged is read again.
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from newswatch_core.events import Event, StoryMerged, encode, key_of
from newswatch_core.outages import limit_lines
from newswatch_core.ports import Context, Service
from newswatch_core.runtime.batches import Batches, Incoming, StoppingError, dead_letter
from newswatch_core.runtime.broker import Broker
from newswatch_core.runtime.delivery import Deliverer, Outgoing
from newswatch_core.runtime.deskwatch import DeskWatch, listen_for_hangup
from newswatch_core.runtime.exits import Exit, end_now
from newswatch_core.runtime.health import Health
from newswatch_core.runtime.parts import parts_of
from newswatch_core.runtime.pulse import Pulse
from newswatch_core.runtime.waiting import ask_database, wait_for_database, wait_for_topics, watch
from newswatch_core.storage.articles import put_articles
from newswatch_core.storage.postgres import not_ahead
from newswatch_core.storage.retention import sweep

TICK = 1.0
_SWEEP_EVERY = 3_600.0
_NEEDS = ("database", "kafka")
_SWEEPER = "fetcher"
"""The service whose workers delete what is no longer needed."""


@dataclass(frozen=True)
class Place:
    """Where a worker runs. `replica`: an identity no other worker of the service has; "" for one of the moment.

    `stop_within`: seconds from SIGTERM to the end. `folder` is Faust's.
    """

    broker: Broker
    folder: Path
    replica: str = ""
    stop_within: float = 20.0


class Worker:
    """Runs one service until it is told to stop."""

    def __init__(self, service: Service, context: Context, place: Place) -> None:
        self._service = service
        self._context = context
        self._place = place
        self._broker = place.broker
        self._log = structlog.get_logger()
        self._stop = asyncio.Event()
        self._stopping = threading.Event()
        self._pulse = Pulse(place.broker.session)
        self._batches: Batches | None = None
        self.health = Health(context.settings.health.listen)
        self._watch = DeskWatch(context, [service], self.health)

    async def run(self) -> None:
        """Until SIGINT or SIGTERM. Raises ConfigError, MissingSecretError and OSError (certificates) at the start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal)
        listen_for_hangup(loop, self._watch.look_now, self._on_signal)
        self._broker.client()
        self.health.start()
        self.health.trouble("start", "waiting for database and kafka")
        beating = asyncio.create_task(self._beat())
        ready = asyncio.create_task(self._ready())
        try:
            if await self._ended_unless_stopped(ready):
                self.health.trouble("start", "")
                await self._work(ready.result())
        finally:
            beating.cancel()
            self.health.stop()

    async def _ready(self) -> Mapping[str, int]:
        await wait_for_database(self._context.database)
        return await wait_for_topics(self._broker, self._topics())

    def _topics(self) -> Sequence[str]:
        name, broker = self._service.name, self._broker
        reads = [broker.reads(name)] if self._service.stage is not None else []
        return [*reads, broker.writes(name), broker.dead_letters(name)]

    async def _ended_unless_stopped(self, task: "asyncio.Task[Any]") -> bool:
        """Whether the task came to its end before the process was asked to stop; if not, it is given up."""
        stop = asyncio.create_task(self._stop.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if not task.done():
            task.cancel()
            return False
        task.result()
        return True

    async def _work(self, limits: Mapping[str, int]) -> None:
        name, broker = self._service.name, self._broker
        roomy = limits[broker.writes(name)], limits[broker.dead_letters(name)]
        deliverer = Deliverer(broker, self._pulse, limits=roomy)
        emitter = _Emitter(self._context, broker, deliverer, name, roomy)
        parts = parts_of(self._service, self._context, emitter.emit)
        stage = None
        if self._service.stage is not None:
            self._batches = self._make_batches(roomy)
            stage = _Stage(self._batches, deliverer, self.health)
        if not await self._ended_unless_stopped(asyncio.create_task(deliverer.start())):
            return
        self._log.info("working", service=name, reads=self._topics()[:-2], replica=self._place.replica or "-")
        beside = {part.name: part.supervise(self.health) for part in parts} | {
            "pulse": self._pulse.run(),
            "watch": watch(
                self.health,
                dict(zip(_NEEDS, (lambda: ask_database(self._context.database), deliverer.ask), strict=True)),
            ),
        }
        if name == _SWEEPER:
            beside["sweep"] = self._sweep()
        tasks = [asyncio.create_task(_guarded(what, work), name=what) for what, work in beside.items()]
        self._watch.start()
        try:
            await (self._run_stage(stage) if stage is not None else self._stop.wait())
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            self._watch.stop()
        await deliverer.stop()
        if stage is not None and stage.abandoned.is_set():
            end_now(Exit.DONE, "stopped while it had to wait; what was in hand is read again")

    def _make_batches(self, limits: tuple[int, int]) -> Batches:
        return Batches(
            self._service,
            self._context,
            self._broker,
            limits=limits,
            stopping=self._stopping,
            check=self._pulse.check,
        )

    async def _run_stage(self, stage: "_Stage") -> None:
        # Faust takes long to import: only where it is run.
        from newswatch_core.runtime.kafka import build_app, run_app  # noqa: PLC0415

        name, place = self._service.name, self._place
        app = build_app(
            name,
            self._broker,
            stage.handle,
            folder=place.folder,
            replica=place.replica,
            assigned=stage.assigned,
            holds=stage.holds,
        )
        ticking = asyncio.create_task(_guarded("ticks", stage.tick_for_ever()))
        abandoned = asyncio.create_task(stage.abandoned.wait())
        running = asyncio.create_task(run_app(app, self._stop))
        await asyncio.wait({running, abandoned}, return_when=asyncio.FIRST_COMPLETED)
        ticking.cancel()
        abandoned.cancel()
        if running.done():
            running.result()

    async def _sweep(self) -> None:
        def once() -> int:
            with self._context.database.write() as tx:
                # Deleted is deleted: a clock that is a year ahead must not make old what is new.
                return sweep(tx, not_ahead(tx, self._context.clock()), self._context.settings.retention)

        while True:
            try:
                self._log.debug("swept", rows=await asyncio.to_thread(once))
            except Exception as error:  # noqa: BLE001 - tried again in an hour; the service goes on
                self._log.error("retention problem", problem=repr(error))
            await asyncio.sleep(_SWEEP_EVERY)

    async def _beat(self) -> None:
        while True:
            self.health.turned("loop")
            if self._batches is not None:
                self._batches.remind_if_stopped()
                self.health.trouble(self._batches.name, self._batches.stopped or self._batches.trouble)
                if {self._batches.name, *_NEEDS} & self.health.troubles().keys():
                    # It waits for what is away, or for somebody: to start it again would not help.
                    self.health.turned("stage")
            await asyncio.sleep(1)

    def _on_signal(self) -> None:
        if self._stop.is_set():
            return
        self._log.info("stopping", within=f"{self._place.stop_within:.0f}s")
        self._stop.set()
        self._stopping.set()
        threading.Thread(target=self._end_late, name="deadline", daemon=True).start()

    def _end_late(self) -> None:
        time.sleep(self._place.stop_within)
        end_now(Exit.STOPPED_LATE, f"not done {self._place.stop_within:.0f} s after it was asked to stop")


async def _guarded(what: str, work: Awaitable[None]) -> None:
    """Does `work` until it is cancelled. If it dies of anything else, the process ends: it must not look alive."""
    try:
        await work
    except BaseException as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        end_now(Exit.UNEXPECTED, f"{what} died: {error!r}")


class _Stage:
    """What Faust calls: batches one after the other, in a thread, with ticks between them."""

    def __init__(self, batches: Batches, deliverer: Deliverer, health: Health) -> None:
        self._batches = batches
        self._deliverer = deliverer
        self._health = health
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "stage")
        self._loop = asyncio.get_running_loop()
        self._partitions: frozenset[object] = frozenset()
        self._preparing = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()
        self.abandoned = asyncio.Event()
        """Set when a batch was given up because the process stops."""

    def assigned(self, partitions: frozenset[object]) -> None:
        """What other workers held until now they may have written to: the stage's memory is behind."""
        if partitions - self._partitions:
            self._batches.forget()
            self._preparing += 1
            task = asyncio.create_task(_guarded("loading", self._prepare()))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._partitions = partitions
        self._log.info("assigned", stage=self._batches.name, partitions=len(partitions))

    async def _prepare(self) -> None:
        async with self._turn:
            with contextlib.suppress(StoppingError):
                await self._loop.run_in_executor(self._thread, self._batches.prepare)
        self._preparing -= 1

    def holds(self) -> bool:
        """Whether nothing is to be read: the stage is being loaded, or has stopped for good."""
        return bool(self._preparing or self._batches.stopped)

    async def handle(self, batch: Sequence[Incoming]) -> int:
        """How many of the events were handled: all, unless the stage stops."""
        async with self._turn:
            self._log.debug("batch", stage=self._batches.name, events=len(batch))
            left = batch
            while left and not self._batches.stopped:
                try:
                    outgoing, done = await self._loop.run_in_executor(self._thread, self._batches.handle, left)
                except StoppingError:
                    self.abandoned.set()
                    # Never to return: what returns is acknowledged.
                    await asyncio.Event().wait()
                await self._deliverer.deliver(outgoing)
                left = left[done:]
            self._log.debug("batch done", stage=self._batches.name)
            self._health.turned("stage")
            return len(batch) - len(left)

    async def tick_for_ever(self) -> None:
        def deliver(records: Sequence[Outgoing]) -> None:
            asyncio.run_coroutine_threadsafe(self._deliverer.deliver(records), self._loop).result()

        while True:
            await asyncio.sleep(TICK)
            async with self._turn:
                if self._partitions:
                    with contextlib.suppress(StoppingError):
                        await self._loop.run_in_executor(self._thread, self._batches.tick, deliver)
                self._health.turned("stage")


class _Emitter:
    """How a source's events become durable: the articles in the database, then the events on the topic."""

    def __init__(
        self, context: Context, broker: Broker, deliverer: Deliverer, service: str, limits: tuple[int, int]
    ) -> None:
        self._context = context
        self._deliverer = deliverer
        self._service = service
        self._writes, self._dead_letters = broker.writes(service), broker.dead_letters(service)
        self._limit, self._dead_limit = limits
        self._log = structlog.get_logger()

    async def emit(self, events: Sequence[Event]) -> None:
        # Shielded: "not emitted" must never be said of what was.
        await asyncio.shield(asyncio.ensure_future(self._emit(events)))

    async def _emit(self, events: Sequence[Event]) -> None:
        await asyncio.to_thread(self._keep, events)
        await self._deliverer.deliver([self._record(event) for event in events])
        self._log.debug("emitted", events=len(events))

    def _keep(self, events: Sequence[Event]) -> None:
        with self._context.database.write() as tx:
            put_articles(tx, [event.article for event in events if not isinstance(event, StoryMerged)])

    def _record(self, event: Event) -> Outgoing:
        record = Outgoing(self._writes, key_of(event).encode(), encode(event))
        if record.size <= self._limit:
            return record
        reason = f"the event has {record.size} bytes; {self._writes} takes {self._limit}"
        self._log.error("dead letter", stage=self._service, key=record.key.decode(), reason=reason)
        lost = Incoming(self._writes, 0, 0, record.key, record.value)
        now = self._context.clock().isoformat()
        return dead_letter(
            self._dead_letters, lost, stage=self._service, reason=reason, tries=1, at=now, limit=self._dead_limit
        )


def run_worker(
    service: Service, context: Context, place: Place, *, loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    """Runs the service until it is told to stop; the process ends with a code of `Exit` if it must not go on."""
    limit_lines()

    async def main() -> None:
        await Worker(service, context, place).run()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
