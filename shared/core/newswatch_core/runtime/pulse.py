"""Finding out that this process stood still so long that others took over its work.

A process can be frozen (a paused machine, a stopped container) without noticing. When it goes on, its partitions
belong to another worker, but nothing at the broker keeps it from writing. So the event loop beats every second, and
before each write the time since the last beat is looked at.
"""

import asyncio
import time
from collections.abc import Callable

from newswatch_core.runtime.exits import Exit, end_now

BEAT = 1.0
_SHARE = 0.8
"""Of the session: the broker gives the work away when all of it has passed."""


class Pulse:
    """The beat of one process. `end` is called with the reason if it was frozen; it must not return in earnest."""

    def __init__(
        self,
        session: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        end: Callable[[Exit, str], object] = end_now,
    ) -> None:
        """`session`: seconds after which the broker takes a silent member for dead."""
        self._longest = session * _SHARE
        self._monotonic = monotonic
        self._end = end
        self._last: float | None = None

    def check(self) -> None:
        """Before any write: ends the process if it was frozen. From any thread."""
        if self._last is not None and (silent := self._monotonic() - self._last) > self._longest:
            self._end(Exit.FROZEN, f"it stood still for {silent:.1f} s, and may have lost its work to another worker")

    async def run(self) -> None:
        """Beats until cancelled."""
        while True:
            self.check()
            self._last = self._monotonic()
            await asyncio.sleep(BEAT)
