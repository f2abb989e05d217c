"""Sources and senders: what a process runs beside its stages, started again whenever it fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import structlog

from newswatch_core.ports import Context, Emit, Sender, Service, Source
from newswatch_core.runtime.health import Health

_HEALTHY_AFTER = 60.0
_RESTART_AFTER = (1.0, 2.0, 5.0, 15.0, 30.0)


class Part:
    """A source or a sender. `prepare` builds it and returns what runs it.

    It is built once at once: a mistake in the configuration ends the start.
    """

    def __init__(self, name: str, prepare: Callable[[], Callable[[], Awaitable[None]]]) -> None:
        self.name = name
        self._prepare = prepare
        self._ready: Callable[[], Awaitable[None]] | None = prepare()

    async def supervise(self, health: Health) -> None:
        """Runs it, and starts it again whenever it fails: all it needs to go on is in the database."""
        log = structlog.get_logger()
        failures = 0
        while True:
            started = time.monotonic()
            try:
                start, self._ready = self._ready or self._prepare(), None
                await start()
            except Exception as error:  # noqa: BLE001 - it is built anew from its state
                failures = 0 if time.monotonic() - started > _HEALTHY_AFTER else failures
                pause = _RESTART_AFTER[min(failures, len(_RESTART_AFTER) - 1)]
                failures += 1
                health.trouble(self.name, repr(error))
                log.error("restarting", part=self.name, problem=repr(error), retry_in=f"{pause:.0f}s")
                await asyncio.sleep(pause)
                health.trouble(self.name, "")
            else:
                return


def parts_of(service: Service, context: Context, emit: Emit) -> Sequence[Part]:
    """The source and the sender of `service`, as far as it has them. Raises what building them raises."""
    parts = []
    if service.source is not None:
        parts.append(Part(service.name, partial(_source, service.source, context, emit)))
    if service.sender is not None:
        parts.append(Part(f"{service.name}-sender", partial(_sender, service.sender, context)))
    return parts


def _source(build: Callable[[Context], Source], context: Context, emit: Emit) -> Callable[[], Awaitable[None]]:
    return partial(build(context).run, emit)


def _sender(build: Callable[[Context], Sender], context: Context) -> Callable[[], Awaitable[None]]:
    return build(context).run
