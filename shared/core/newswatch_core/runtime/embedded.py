"""The embedded runtime: all services in one process, one SQLite file that is both log and state.

    asyncio loop:  Source.run --emit--> log          outbox --> Sender.run        (network)
    stage thread:  log --> deduplicator --> log --> tagger --> log --> alerter --> log, outbox      (in turn)
    desk thread:   the desk's files --> rules, entities, keywords, made anew when they change

Everything that matters is in the file before anything else happens, so the process may be killed at any moment.
"""

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

import structlog

from newswatch_core.events import Event
from newswatch_core.ports import Context, Emit, Service
from newswatch_core.runtime.deskwatch import DeskWatch, listen_for_hangup
from newswatch_core.runtime.health import Health
from newswatch_core.runtime.parts import Part, parts_of
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.storage import log
from newswatch_core.storage.retention import sweep
from newswatch_core.topics import written_by

_IDLE = 0.5
_SWEEP_EVERY = 3_600.0
_STOP_WITHIN = 4.0
"""Seconds for sources, senders and the batch in hand; what is not done then is done after the next start."""
_SAME_REQUEST = 0.5


class EmbeddedRuntime:
    """Runs the services until it is stopped. The database is open and migrated; the data folder is locked."""

    def __init__(self, context: Context, services: Sequence[Service]) -> None:
        self._context = context
        self._services = services
        self.health = Health(context.settings.health.listen)
        self._watch = DeskWatch(context, services, self.health)
        self._runners = [StageRunner(service, context) for service in services if service.stage is not None]
        self._news = threading.Event()
        self._stopping = threading.Event()
        self._sweep_due = 0.0
        self._failure: BaseException | None = None
        self._asked_to_stop = 0.0
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until SIGINT, SIGTERM or cancellation; then what is in hand is finished and committed.

        Raises ConfigError, and whatever ended the stage thread or a task against all precautions.
        """
        parts = self._build_parts()
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._on_signal, stop)
        listen_for_hangup(loop, self._watch.look_now, partial(self._on_signal, stop))
        end = partial(loop.call_soon_threadsafe, stop.set)
        stages = threading.Thread(target=self._run_stages, args=(end,), name="stages", daemon=True)
        self.health.start()
        stages.start()
        self._watch.start()
        tasks = [asyncio.create_task(part.supervise(self.health), name=part.name) for part in parts]
        tasks.append(asyncio.create_task(self._beat(), name="beat"))
        for task in tasks:
            task.add_done_callback(partial(self._on_done, stop))
        try:
            await stop.wait()
        finally:
            self._stopping.set()
            self._news.set()
            for task in tasks:
                task.cancel()
            deadline = time.monotonic() + _STOP_WITHIN
            await asyncio.wait(tasks, timeout=_STOP_WITHIN)
            # Waiting in this thread: nothing else is left to run here, and an executor's threads may be stuck.
            stages.join(max(0.1, deadline - time.monotonic()))
            self._watch.stop()
            self.health.stop()
        if self._failure is not None:
            raise self._failure

    def _on_done(self, stop: asyncio.Event, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = error
            stop.set()

    def _on_signal(self, stop: asyncio.Event) -> None:
        if not stop.is_set():
            self._asked_to_stop = time.monotonic()
            self._log.info("stopping", hint="again to stop at once")
            stop.set()
        # Some supervisors send one stop twice, to the process and to its group.
        elif time.monotonic() - self._asked_to_stop > _SAME_REQUEST:
            raise KeyboardInterrupt

    def _build_parts(self) -> Sequence[Part]:
        parts: list[Part] = []
        for service in self._services:
            parts += parts_of(service, self._context, self._emitter(written_by(service.name).name))
        return parts

    def _emitter(self, topic: str) -> Emit:
        def append(events: Sequence[Event]) -> None:
            with self._context.database.write() as tx:
                log.append(tx, topic, events, self._context.clock())

        async def emit(events: Sequence[Event]) -> None:
            # Shielded: a thread cannot be stopped, and "not emitted" must never be said of what was.
            await asyncio.shield(asyncio.to_thread(append, events))
            self._news.set()

        return emit

    def _run_stages(self, end: Callable[[], object]) -> None:
        try:
            self._turn_stages()
        except BaseException as error:  # noqa: BLE001 - a process whose stages stand still must not look alive
            self._failure = error
            end()

    def _turn_stages(self) -> None:
        while not self._stopping.is_set():
            self._news.clear()
            busy = [runner.step() for runner in self._runners]
            for runner in self._runners:
                self.health.trouble(runner.name, runner.stopped or runner.trouble)
            self.health.turned("stages")
            self._sweep()
            if not any(busy):
                self._news.wait(_IDLE)

    def _sweep(self) -> None:
        if time.monotonic() < self._sweep_due:
            return
        self._sweep_due = time.monotonic() + _SWEEP_EVERY
        now = self._context.clock()
        try:
            with self._context.database.write() as tx:
                gone = sweep(tx, now, self._context.settings.retention)
            self._log.debug("swept", rows=gone)
        except Exception as error:  # noqa: BLE001 - tried again in an hour; the stages go on
            self._log.error("retention problem", problem=repr(error))

    async def _beat(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                self.health.turned("loop")
                await asyncio.sleep(1)
