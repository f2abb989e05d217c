"""One stage on the embedded log: read a batch, handle it, write everything it led to in one transaction.

    log --read--> Stage.handle --outcomes--> events to the log, Poison to the dead letters, then the offset --commit-->

A batch that raises is taken back whole and gone through event by event; the event that raises three times is
dead. A stage object whose transaction did not commit is thrown away, since its memory may be ahead of its state.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from newswatch_core import metrics
from newswatch_core.events import Event, StoryMerged
from newswatch_core.ports import Context, Poison, Service, Stage, Tx
from newswatch_core.runtime.handling import (
    BATCH,
    TRIES,
    Account,
    TakenBackError,
    handle,
    is_trouble,
    portion,
    problem_of,
)
from newswatch_core.storage import failures, log
from newswatch_core.topics import read_by, written_by

TICK = 1.0
_PAUSE = 5.0


class StageRunner:
    """Runs the stage of one service. Not thread-safe: one thread calls `step`."""

    def __init__(self, service: Service, context: Context, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Reads the service's configuration; raises ConfigError.

        `monotonic` gives seconds that never jump, for pauses: the context's clock may be set at any time.
        """
        self.name = service.name
        assert service.stage is not None, "only services with a stage are run here"  # noqa: S101 - guards the type
        self._load = service.stage(context)
        self._context = context
        self._reads = read_by(service.name).name
        self._writes = written_by(service.name).name
        self._log = structlog.get_logger()
        self._stage: Stage | None = None
        self._monotonic = monotonic
        self._paused_until = 0.0
        self._one_by_one_until = 0
        self._ticked = -TICK
        self._account = Account(service.name)
        self.trouble = ""
        """What keeps this stage from going on just now; empty while it goes well."""

    @property
    def stopped(self) -> str:
        """Why this stage stopped for good; empty while it runs."""
        return self._account.stopped

    def step(self) -> bool:
        """Handles the next batch, if there is one. False if there was nothing to do."""
        if self.stopped or self._monotonic() < self._paused_until:
            return False
        try:
            return self._step(self._context.clock())
        except Exception as error:  # noqa: BLE001 - not an event's failure; what was to be done is tried again
            if is_trouble(error):
                self._wait("database problem", problem_of(error))
            else:
                self._wait("stage problem", repr(error))
        return False

    def _wait(self, what: str, problem: str) -> None:
        """Nothing is lost by trying again later."""
        self._stage = None
        self.trouble = problem
        self._pause(_PAUSE)
        self._log.error(what, stage=self.name, problem=problem, retry_in=f"{_PAUSE:.0f}s")

    def _step(self, now: datetime) -> bool:
        ticked = self._tick(now)
        with self._context.database.read() as tx:
            offset = log.offset_of(tx, self.name, self._reads)
            limit = 1 if offset < self._one_by_one_until else BATCH
            records = log.read(tx, self._reads, offset, limit)
            metrics.LAG.labels(self.name).set(log.end_of(tx, self._reads) - offset)
        if not records:
            return ticked
        until = portion(map(_text_of, records))
        while until > 0:
            stage = self._ensure_stage()
            try:
                with metrics.STAGE_SECONDS.labels(self.name).time():
                    self._handle(stage, records[:until], now)
            except TakenBackError as taken:
                self._stage = None
                until = taken.until
                self._pause(taken.later.seconds)
                self._log.debug("stage waits", stage=self.name, reason=taken.later.reason)
            except Exception as error:
                if is_trouble(error):
                    raise
                self._stage = None
                self._failed(records[:until], now, error)
                return True
            else:
                return True
        return False

    def _handle(self, stage: Stage, records: Sequence[log.Record], now: datetime) -> None:
        # Thrown away unless this commits: its memory would be ahead of its state.
        self._stage = None
        with self._context.database.write() as tx:
            outcomes = handle(stage, [record.event or Poison(record.problem) for record in records], tx, now)
            events: list[Event] = []
            dead = 0
            for record, outcome in zip(records, outcomes, strict=True):
                if isinstance(outcome, Poison):
                    dead += 1
                    self._bury(tx, record, now, reason=outcome.reason, tries=1)
                else:
                    events.extend(outcome)
            log.append(tx, self._writes, events, now)
            self._advance(tx, records[-1].offset + 1)
        self._stage = stage
        self.trouble = ""
        self._count(len(records), dead)

    def _ensure_stage(self) -> Stage:
        """The stage, loaded if need be; a failure to load is nobody's event."""
        if self._stage is None:
            with self._context.database.read() as tx:
                self._stage = self._load(tx)
        return self._stage

    def _failed(self, records: Sequence[log.Record], now: datetime, error: Exception) -> None:
        """Narrows the failure down to one event, or counts it as a try of that event."""
        if len(records) > 1:
            self._one_by_one_until = records[-1].offset + 1
            self._log.warning("batch failed", stage=self.name, events=len(records), problem=repr(error))
            return
        record = records[0]
        with self._context.database.write() as tx:
            tries = failures.count_try(tx, self.name, self._reads, record.offset)
            if tries >= TRIES:
                self._bury(tx, record, now, reason=repr(error), tries=tries)
                self._advance(tx, record.offset + 1)
        if tries >= TRIES:
            self._count(1, 1)
        else:
            self._log.warning("event failed", stage=self.name, key=record.key, tries=tries, problem=repr(error))

    def _bury(self, tx: Tx, record: log.Record, now: datetime, *, reason: str, tries: int) -> None:
        failures.put_dead_letter(
            tx,
            service=self.name,
            topic=self._reads,
            offset=record.offset,
            key=record.key,
            value=record.original,
            reason=reason,
            tries=tries,
            at=now,
        )
        self._log.error("dead letter", stage=self.name, key=record.key, reason=reason)

    def _advance(self, tx: Tx, offset: int) -> None:
        log.set_offset(tx, self.name, self._reads, offset)
        failures.forget_tries(tx, self.name, self._reads, offset)

    def _count(self, events: int, dead: int) -> None:
        self._account.add(events, dead)
        if self.stopped:
            self._log.error("stage stopped", stage=self.name, reason=self.stopped)

    def _tick(self, now: datetime) -> bool:
        if self._monotonic() - self._ticked < TICK:
            return False
        self._ticked = self._monotonic()
        stage, self._stage = self._ensure_stage(), None
        with self._context.database.write() as tx:
            events = stage.tick(now, tx)
            log.append(tx, self._writes, events, now)
        self._stage = stage
        return bool(events)

    def _pause(self, seconds: float) -> None:
        self._paused_until = self._monotonic() + seconds


def _text_of(record: log.Record) -> int:
    return len(record.event.article.text) if record.event and not isinstance(record.event, StoryMerged) else 0
