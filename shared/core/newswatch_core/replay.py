"""A stage gone through again on what it read, to see what would come out now. Nothing of it is kept or sent.

    records of the past --> the stage, on a database in memory --> events and dead letters, as JSON lines

The clock is the time at which each record came to its topic, and ticks in the pauses between them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec
import structlog

from newswatch_core.events import Event, encode
from newswatch_core.past import Past
from newswatch_core.ports import Context, Poison, Service, Stage
from newswatch_core.runtime.handling import TRIES, TakenBackError, handle, is_trouble
from newswatch_core.settings import Settings
from newswatch_core.storage.database import open_memory

_TICK = timedelta(seconds=1)
_LONGEST = timedelta(minutes=1)
"""Between two ticks."""


class Replay:
    """One run of a stage as the desk configures it now; it remembers nothing from before.

    `read`, `out` and `dead` count the events that went in, came out and were buried.
    """

    def __init__(self, service: Service, desk: Path, settings: Settings, started: datetime) -> None:
        """Raises ConfigError."""
        assert service.stage is not None, "only services with a stage can be replayed"  # noqa: S101 - guards the type
        self._name = service.name
        self._started = started
        self._scratch = open_memory()
        self._now = started
        self._ticked: datetime | None = None
        self._load = service.stage(Context(desk, settings, self._scratch, clock=lambda: self._now))
        self._stage: Stage | None = None
        self.read = self.out = self.dead = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        self._scratch.close()

    def run(self, past: Iterable[Past]) -> Iterator[bytes]:
        """What comes of `past`, a JSON object a line: events as they would stand on their topic, and dead letters.

        After the last record the clock goes on to the moment at which the replay was started.
        """
        for record in past:
            self.read += 1
            yield from self._go_on(record.at)
            yield from self._handle(record)
        if self.read:
            yield from self._go_on(self._started)

    def _handle(self, record: Past) -> Iterator[bytes]:
        problem = ""
        for tries in range(1, TRIES + 1):
            try:
                outcome = self._try(record.event)
            except TakenBackError as taken:
                problem = f"it has to wait: {taken.later.reason}"
                yield from self._go_on(self._now + timedelta(seconds=taken.later.seconds))
            except Exception as error:
                if is_trouble(error):
                    raise
                problem = repr(error)
            else:
                if isinstance(outcome, Poison):
                    yield self._bury(record, outcome.reason, tries)
                else:
                    yield from self._written(outcome)
                return
        yield self._bury(record, problem, TRIES)

    def _try(self, event: Event | Poison) -> Sequence[Event] | Poison:
        stage, self._stage = self._loaded(), None
        with self._scratch.write() as tx:
            (outcome,) = handle(stage, [event], tx, self._now)
        self._stage = stage
        return outcome

    def _loaded(self) -> Stage:
        if self._stage is None:
            with self._scratch.write() as tx:
                self._stage = self._load(tx)
        return self._stage

    def _go_on(self, to: datetime) -> Iterator[bytes]:
        """Sets the clock to `to`, if that is later, with ticks on the way."""
        if self._ticked is None:
            self._now = self._ticked = to
        while self._now < to:
            self._now = min(to, self._now + _LONGEST)
            if self._now - self._ticked >= _TICK:
                self._ticked = self._now
                yield from self._written(self._tick())

    def _tick(self) -> Sequence[Event]:
        stage, self._stage = self._loaded(), None
        try:
            with self._scratch.write() as tx:
                events = stage.tick(self._now, tx)
        except Exception as error:  # noqa: BLE001 - as in a worker: it is tried again at the next tick
            structlog.get_logger().error("stage problem", stage=self._name, problem=repr(error))
            return ()
        self._stage = stage
        return events

    def _written(self, events: Sequence[Event]) -> Iterator[bytes]:
        for event in events:
            self.out += 1
            yield encode(event)

    def _bury(self, record: Past, reason: str, tries: int) -> bytes:
        self.dead += 1
        told = {
            "type": "dead-letter",
            "stage": self._name,
            "reason": reason,
            "tries": tries,
            "at": self._now.isoformat(),
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "key": record.key,
            "value": record.value.decode("utf-8", "backslashreplace"),
        }
        return msgspec.json.encode(told)
