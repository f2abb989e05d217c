"""Politeness: one request at a time to a host, with a gap between them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

_KEPT = 5_000


@dataclass
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    waiting: int = 0


class Hosts:
    """Hands out turns. `gaps` overrides `gap` for single hosts; `now` counts seconds."""

    def __init__(
        self, gap: timedelta, gaps: Mapping[str, timedelta] | None = None, now: Callable[[], float] = monotonic
    ) -> None:
        self._gap = gap
        self._gaps = dict(gaps or {})
        self._now = now
        self._hosts: dict[str, _Host] = {}

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """The block is alone with the host. The gap counts from its end."""
        state = self._hosts.setdefault(host, _Host())
        state.waiting += 1
        try:
            async with state.lock:
                pause = state.free_at - self._now()
                if pause > 0:
                    await asyncio.sleep(pause)
                try:
                    yield
                finally:
                    state.free_at = self._now() + self._gaps.get(host, self._gap).total_seconds()
        finally:
            state.waiting -= 1
            self._forget_idle()

    def _forget_idle(self) -> None:
        if len(self._hosts) > _KEPT:
            now = self._now()
            idle = [host for host, state in self._hosts.items() if not state.waiting and state.free_at < now]
            for host in idle:
                del self._hosts[host]
