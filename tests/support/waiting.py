"""Time in tests: a clock that stands still, and waiting for a state, never for a time."""

import time
from collections.abc import Callable


def until(
    true: Callable[[], object], seconds: float = 90, *, every: float = 0.05, told: Callable[[], object] = lambda: ""
) -> None:
    """Returns once `true` is, looked at `every` so many seconds. Fails after `seconds`, with what `told` returns."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(every)


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now
