"""One stage on the embedded log: read a batch, handle it, write everything it led to in one transaction.

    log --read--> Stage.handle --outcomes--> events to the log, Poison to the dead letters, then the offset --commit-->

A batch that raises is taken back whole and gone through event by event; the event that raises three times is
dead. A stage object whose transaction did not commit is thrown away, since its memory may be ahead of its state.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from newswatch_core import metrics
from newswatch_core.events import Event, StoryMerged
from newswatch_core.ports import Context, Outcome, Poison, RetryLater, Service, Stage, Tx
from newswatch_core.storage import failures, log
from newswatch_core.topics import read_by, written_by

BATCH = 200
BATCH_TEXT = 1_000_000
"""Code points of text in a batch; one article may have a fifth of it."""
TRIES = 3
TICK = 1.0
_PAUSE = 5.0
WATCHED = 200
DEAD_AT_LEAST = 20
DEAD_SHARE = 0.5


class _TakenBack(Exception):  # noqa: N818 - never leaves this module
    """The batch must be handled again, only up to `until` (an index)."""

    def __init__(self, until: int, later: RetryLater) -> None:
        super().__init__(later.reason)
        self.until = until
        self.later = later


def _bounded(records: Sequence[log.Record]) -> Sequence[log.Record]:
    """The first of the records, up to a batch whose texts a stage can be expected to handle within seconds."""
    size = 0
    for position, record in enumerate(records):
        if record.event is not None and not isinstance(record.event, StoryMerged):
            size += len(record.event.article.text)
        if size > BATCH_TEXT:
            return records[: max(position, 1)]
    return records


def _is_the_machines(error: Exception) -> bool:
    """Whether the trouble is the database's or the machine's (a full disk, a lock, no memory) and not the event's."""
    about_data = isinstance(error, IntegrityError | DataError)
    return isinstance(error, DBAPIError | MemoryError) and not about_data


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
        self._fates: deque[bool] = deque(maxlen=WATCHED)
        self.trouble = ""
        """What keeps this stage from going on just now; empty while it goes well."""
        self.stopped = ""
        """Why this stage stopped for good; empty while it runs."""

    def step(self) -> bool:
        """Handles the next batch, if there is one. False if there was nothing to do."""
        if self.stopped or self._monotonic() < self._paused_until:
            return False
        try:
            return self._step(self._context.clock())
        except (DBAPIError, MemoryError) as error:
            self._wait("database problem", str(error.orig) if isinstance(error, DBAPIError) else repr(error))
        except Exception as error:  # noqa: BLE001 - not an event's failure: loading or ticking; both are tried again
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
            records = _bounded(log.read(tx, self._reads, offset, limit))
            metrics.LAG.labels(self.name).set(log.end_of(tx, self._reads) - offset)
        if not records:
            return ticked
        until = len(records)
        while until > 0:
            stage = self._ensure_stage()
            try:
                with metrics.STAGE_SECONDS.labels(self.name).time():
                    self._handle(stage, records[:until], now)
            except _TakenBack as taken:
                self._stage = None
                until = taken.until
                self._pause(taken.later.seconds)
                self._log.debug("stage waits", stage=self.name, reason=taken.later.reason)
            except Exception as error:
                if _is_the_machines(error):
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
            readable = [record.event for record in records if record.event is not None]
            outcomes = iter(stage.handle(readable, tx, now) if readable else ())
            events: list[Event] = []
            dead = 0
            for index, record in enumerate(records):
                outcome: Outcome = next(outcomes) if record.event is not None else Poison(record.problem)
                if isinstance(outcome, RetryLater):
                    raise _TakenBack(index, outcome)
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
        metrics.ARTICLES.labels(self.name, "handled").inc(events - dead)
        metrics.ARTICLES.labels(self.name, "dead").inc(dead)
        metrics.DEAD_LETTERS.labels(self.name).inc(dead)
        self._fates.extend([False] * (events - dead) + [True] * dead)
        if sum(self._fates) >= max(DEAD_AT_LEAST, DEAD_SHARE * len(self._fates)):
            self.stopped = (
                f"{sum(self._fates)} of the last {len(self._fates)} events became dead letters: "
                "mend the cause, then start newswatch again"
            )
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
