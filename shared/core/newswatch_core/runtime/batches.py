"""A stage on Kafka, without Kafka: a batch of records in, the records to send out, the decisions committed between.

    records --decode--> Stage.handle --commit--> events, Poison --encode--> records for the next topic, dead letters

A batch is handled in portions, each a transaction, and each delivered before the next. A portion that raises is taken
back whole and gone through event by event; the event that raises three times is dead. Trouble of the database is
nobody's: it is waited for.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from newswatch_core import metrics
from newswatch_core.events import Event, UnreadableEventError, decode, encode, key_of
from newswatch_core.ports import Context, Outcome, Poison, RetryLater, Service, Stage
from newswatch_core.runtime.broker import Broker
from newswatch_core.runtime.delivery import Outgoing
from newswatch_core.runtime.reminder import Reminder
from newswatch_core.runtime.stages import BATCH_TEXT, DEAD_AT_LEAST, DEAD_SHARE, TRIES, WATCHED

PORTION = 200
_DATABASE_PAUSE = 1.0
_LOAD_PAUSE = 5.0
_TRY_PAUSE = 0.2


class Incoming(NamedTuple):
    """A record as it was read; `topic` as it is called at the broker."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes


class StoppingError(Exception):
    """The process was asked to stop while it had to wait: the batch in hand must not be acknowledged."""


class _TakenBack(Exception):  # noqa: N818 - never leaves this module
    """The portion must be handled again, only up to `until` (an index)."""

    def __init__(self, until: int, later: RetryLater) -> None:
        super().__init__(later.reason)
        self.until = until
        self.later = later


class Batches:
    """Handles batches for the stage of one service. One thread at a time calls `handle` and `tick`."""

    def __init__(
        self,
        service: Service,
        context: Context,
        broker: Broker,
        *,
        limits: tuple[int, int],
        stopping: threading.Event,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """Reads the service's configuration; raises ConfigError.

        `limits`: bytes of the largest record for the next topic, and of the largest dead letter. `check` is called
        before every commit.
        """
        self.name = service.name
        assert service.stage is not None, "only services with a stage are run here"  # noqa: S101 - guards the type
        self._load = service.stage(context)
        self._context = context
        self._writes = broker.writes(service.name)
        self._dead_letters = broker.dead_letters(service.name)
        self._limit, self._dead_limit = limits
        self._stopping = stopping
        self._check = check
        self._stage: Stage | None = None
        self._stale = False
        self._fates: deque[bool] = deque(maxlen=WATCHED)
        self._careful = 0
        """How many of the next events are to be handled one by one: one of them raises."""
        self._reminder = Reminder()
        self._log = structlog.get_logger()
        self.stopped = ""
        """Why this stage stopped for good; empty while it runs."""

    def forget(self) -> None:
        """The stage is loaded anew before the next event: others may have written since. From any thread."""
        self._stale = True

    def handle(self, batch: Sequence[Incoming]) -> tuple[Sequence[Outgoing], int]:
        """What the first events of the batch lead to, and how many those are: a portion, one at least.

        To be delivered before the rest is handed in: it never waits with something in hand. Raises StoppingError.
        """
        self._hold_if_stopped()
        end, tries = min(len(batch), 1 if self._careful else _portion(batch)), 0
        while True:
            stage = self._ensure_stage()
            try:
                outgoing = self._transaction(stage, batch[:end])
                break
            except _TakenBack as taken:
                if taken.until:
                    end = taken.until
                else:
                    self._log.debug("stage waits", stage=self.name, reason=taken.later.reason)
                    self._wait(taken.later.seconds)
            except Exception as error:  # noqa: BLE001 - sorted here: the database's trouble, or the event's
                if is_trouble(error):
                    self._tell_trouble(error)
                    self._wait(_DATABASE_PAUSE)
                elif end > 1:
                    self._careful, end = end, 1
                    self._log.warning("batch failed", stage=self.name, events=self._careful, problem=repr(error))
                else:
                    tries += 1
                    if buried := self._failed(batch[0], error, tries):
                        outgoing = [buried]
                        break
        self._careful = max(0, self._careful - end)
        return outgoing, end

    def tick(self, deliver: Callable[[Sequence[Outgoing]], None]) -> None:
        """Lets the stage do what needs a clock. What comes of it is delivered before it is committed."""
        if self.stopped:
            return
        try:
            stage, self._stage = self._ensure_stage(), None
            with self._context.database.write() as tx:
                outgoing = self._encoded(stage.tick(self._context.clock(), tx))
                fitting = [record for record in outgoing if record.size <= self._limit]
                if len(fitting) < len(outgoing):
                    self._log.error("event too large", stage=self.name, events=len(outgoing) - len(fitting))
                deliver(fitting)
                self._check()
            self._stage = stage
        except Exception as error:  # noqa: BLE001 - tried again at the next tick
            if is_trouble(error):
                self._tell_trouble(error)
            elif self._reminder.due():
                self._log.error("stage problem", stage=self.name, problem=repr(error))

    def _transaction(self, stage: Stage, portion: Sequence[Incoming]) -> Sequence[Outgoing]:
        # Thrown away unless this commits: its memory would be ahead of its state.
        self._stage = None
        events = [_event_of(record) for record in portion]
        readable = [event for event in events if not isinstance(event, Poison)]
        with metrics.STAGE_SECONDS.labels(self.name).time(), self._context.database.write() as tx:
            outcomes = iter(stage.handle(readable, tx, self._context.clock()) if readable else ())
            outgoing: list[Outgoing] = []
            dead = 0
            for index, (record, event) in enumerate(zip(portion, events, strict=True)):
                outcome: Outcome = event if isinstance(event, Poison) else next(outcomes)
                if isinstance(outcome, RetryLater):
                    raise _TakenBack(index, outcome)
                records = self._records(record, outcome)
                dead += any(one.topic == self._dead_letters for one in records)
                outgoing += records
            self._check()
        self._stage = stage
        self._count(len(portion), dead)
        return outgoing

    def _records(self, record: Incoming, outcome: Sequence[Event] | Poison) -> Sequence[Outgoing]:
        if isinstance(outcome, Poison):
            return [self._bury(record, outcome.reason, 1)]
        encoded = self._encoded(outcome)
        largest = max((one.size for one in encoded), default=0)
        if largest > self._limit:
            # Sent all the same, it would be refused, and its partition closed to this producer for good.
            return [self._bury(record, f"the result has {largest} bytes; {self._writes} takes {self._limit}", 1)]
        return encoded

    def _encoded(self, events: Sequence[Event]) -> Sequence[Outgoing]:
        return [Outgoing(self._writes, key_of(event).encode(), encode(event)) for event in events]

    def _failed(self, record: Incoming, error: Exception, tries: int) -> Outgoing | None:
        """The dead letter, if that was the last try."""
        if tries < TRIES:
            key = record.key.decode(errors="replace")
            self._log.warning("event failed", stage=self.name, key=key, tries=tries, problem=repr(error))
            self._wait(_TRY_PAUSE * tries)
            return None
        self._count(1, 1)
        return self._bury(record, repr(error), tries)

    def _bury(self, record: Incoming, reason: str, tries: int) -> Outgoing:
        self._log.error("dead letter", stage=self.name, key=record.key.decode(errors="replace"), reason=reason)
        at = self._context.clock()
        return dead_letter(
            self._dead_letters,
            record,
            stage=self.name,
            reason=reason,
            tries=tries,
            at=at.isoformat(),
            limit=self._dead_limit,
        )

    def _ensure_stage(self) -> Stage:
        """The stage, loaded if need be; a failure to load is nobody's event, and is waited for."""
        while self._stage is None or self._stale:
            self._stale = False
            try:
                with self._context.database.write() as tx:
                    self._stage = self._load(tx)
            except Exception as error:  # noqa: BLE001 - whatever it is: without a stage nothing can be done
                self._stage = None
                if is_trouble(error):
                    self._tell_trouble(error)
                    self._wait(_DATABASE_PAUSE)
                else:
                    if self._reminder.due():
                        self._log.error("stage problem", stage=self.name, problem=repr(error))
                    self._wait(_LOAD_PAUSE)
        return self._stage

    def _tell_trouble(self, error: Exception) -> None:
        if self._reminder.due():
            problem = (str(getattr(error, "orig", None) or error).strip() or repr(error)).splitlines()[0]
            self._log.error("database problem", stage=self.name, problem=problem, hint="goes on by itself")

    def _hold_if_stopped(self) -> None:
        while self.stopped:
            if self._reminder.due():
                self._log.error("stage stopped", stage=self.name, reason=self.stopped)
            self._wait(1.0)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise StoppingError

    def _count(self, events: int, dead: int) -> None:
        metrics.ARTICLES.labels(self.name, "handled").inc(events - dead)
        metrics.ARTICLES.labels(self.name, "dead").inc(dead)
        metrics.DEAD_LETTERS.labels(self.name).inc(dead)
        self._fates.extend([False] * (events - dead) + [True] * dead)
        if sum(self._fates) >= max(DEAD_AT_LEAST, DEAD_SHARE * len(self._fates)):
            self.stopped = (
                f"{sum(self._fates)} of the last {len(self._fates)} events became dead letters: "
                "mend the cause, then start this worker again"
            )


def dead_letter(topic: str, record: Incoming, *, stage: str, reason: str, tries: int, at: str, limit: int) -> Outgoing:
    """The record that stands for `record` among the dead letters: its bytes, and in headers what happened to it."""
    told = {
        "stage": stage,
        "reason": reason[:2_000],
        "tries": str(tries),
        "at": at,
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
    }
    headers = tuple((name, value.encode("utf-8", "replace")) for name, value in told.items())
    letter = Outgoing(topic, record.key, record.value, headers)
    if letter.size > limit:
        # Only where somebody made the topic by hand, with a smaller limit than that of the live one.
        kept = max(0, len(record.value) - (letter.size - limit) - 100)
        letter = letter._replace(
            value=record.value[:kept], headers=(*headers, ("cut", str(len(record.value)).encode()))
        )
    return letter


def _portion(batch: Sequence[Incoming]) -> int:
    """How many of the records, one at least, a stage can be expected to handle within seconds."""
    size = 0
    for position, record in enumerate(batch[:PORTION]):
        size += len(record.value)
        if size > BATCH_TEXT:
            return max(position, 1)
    return PORTION


def is_trouble(error: Exception) -> bool:
    """Whether it is the trouble of the database (away, locked, full) or the machine, and not of what was asked."""
    if isinstance(error, OperationalError | InterfaceError | NoConnectionError | MemoryError):
        return True
    return isinstance(error, DBAPIError) and bool(error.connection_invalidated)


def _event_of(record: Incoming) -> Event | Poison:
    try:
        return decode(record.value)
    except UnreadableEventError as error:
        return Poison(f"unreadable event: {error}")
