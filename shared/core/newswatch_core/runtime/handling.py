"""What both runtimes do alike with a batch of events: hand it to the stage, tell whose a failure is, count the dead."""

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from newswatch_core import metrics
from newswatch_core.events import Event, UnreadableEventError, decode
from newswatch_core.ports import Poison, RetryLater, Stage, Tx
from newswatch_core.secrets import blot_out

BATCH = 200
BATCH_TEXT = 1_000_000
"""Of text, in code points or bytes, in a batch of more than one event; one article may have a fifth of it."""
TRIES = 3
_WATCHED = 200
_DEAD_AT_LEAST = 20
_DEAD_SHARE = 0.5


class TakenBackError(Exception):
    """The batch must be handled again, only up to `until` (an index): what follows has to wait, as `later` says."""

    def __init__(self, until: int, later: RetryLater) -> None:
        super().__init__(later.reason)
        self.until = until
        self.later = later


def portion(sizes: Iterable[int]) -> int:
    """How many of the next events, one at least, a stage can be expected to handle within seconds."""
    total = count = 0
    for size in sizes:
        total += size
        if count == BATCH or (count and total > BATCH_TEXT):
            break
        count += 1
    return count


def read(value: bytes) -> Event | Poison:
    """The event in `value`; Poison if there is none that could be read."""
    try:
        return decode(value)
    except UnreadableEventError as error:
        return Poison(f"unreadable event: {error}")


def handle(stage: Stage, events: Sequence[Event | Poison], tx: Tx, now: datetime) -> Sequence[Sequence[Event] | Poison]:
    """What becomes of each of `events`; what could not even be read stands among them as Poison.

    Raises TakenBackError where one has to wait, and whatever the stage raises.
    """
    readable = [event for event in events if not isinstance(event, Poison)]
    outcomes = iter(stage.handle(readable, tx, now) if readable else ())
    handled: list[Sequence[Event] | Poison] = []
    for index, event in enumerate(events):
        outcome = event if isinstance(event, Poison) else next(outcomes)
        if isinstance(outcome, RetryLater):
            raise TakenBackError(index, outcome)
        handled.append(outcome)
    return handled


def is_trouble(error: Exception) -> bool:
    """Whether it is the trouble of the database (away, locked, full, damaged) or the machine, and not of an event.

    What the database says of values and statements is an event's: one that cannot be written must not hold up the
    rest for ever. A schema that is not ours never looks like that (storage/postgres.py).
    """
    if isinstance(error, MemoryError | NoConnectionFreeError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    of_the_event = isinstance(error, DataError | IntegrityError | ProgrammingError | NotSupportedError)
    return bool(error.connection_invalidated) or not of_the_event


def problem_of(error: Exception) -> str:
    """What is wrong, in one line, without the statement and without secrets."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return blot_out(lines[0] if lines else repr(error))


class Account:
    """What became of a stage's events: counted for the metrics, and watched."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._fates: deque[bool] = deque(maxlen=_WATCHED)
        self.stopped = ""
        """Why the stage must stop for good; empty as long as most of its events live."""

    def add(self, events: int, dead: int) -> None:
        """So many events were handled, `dead` of them buried."""
        metrics.ARTICLES.labels(self._stage, "handled").inc(events - dead)
        metrics.ARTICLES.labels(self._stage, "dead").inc(dead)
        metrics.DEAD_LETTERS.labels(self._stage).inc(dead)
        self._fates.extend([False] * (events - dead) + [True] * dead)
        died = sum(self._fates)
        if died >= max(_DEAD_AT_LEAST, _DEAD_SHARE * len(self._fates)):
            self.stopped = (
                f"{died} of the last {len(self._fates)} events became dead letters: mend the cause, then start it again"
            )
