"""Saying again what still holds, but not more than once a minute."""

import time
from collections.abc import Callable

TELL_EVERY = 60.0


class Reminder:
    """Lets a message through at once, and again when a minute has passed."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._told = -TELL_EVERY

    def due(self) -> bool:
        now = self._monotonic()
        if now - self._told < TELL_EVERY:
            return False
        self._told = now
        return True
