"""A stage on Kafka, without Kafka: a batch of records in, the records to send out, the decisions committed between.

    records --decode--> Stage.handle --commit--> events, Poison --encode--> records for the next topic, dead letters

A batch is handled in portions, each a transaction, and each delivered before the next. A portion that raises is taken
back whole and gone through event by event; the event that raises three times is dead. Trouble of the database is
nobody's: it is waited for.
"""

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import structlog

from newswatch_core import metrics
from newswatch_core.events import Event, encode, key_of
from newswatch_core.ports import Context, Poison, Service, Stage
from newswatch_core.runtime.broker import Broker
from newswatch_core.runtime.delivery import Outgoing
from newswatch_core.runtime.handling import (
    TRIES,
    Account,
    TakenBackError,
    handle,
    is_trouble,
    portion,
    problem_of,
    read,
)
from newswatch_core.runtime.reminder import Reminder

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
        self._account = Account(service.name)
        self._careful = 0
        """How many of the next events are to be handled one by one: one of them raises."""
        self._reminder = Reminder()
        self._log = structlog.get_logger()
        self.trouble = ""
        """What keeps this stage from going on just now; empty while it goes well. Read from any thread."""

    @property
    def stopped(self) -> str:
        """Why this stage stopped for good; empty while it runs."""
        return self._account.stopped

    def remind_if_stopped(self) -> None:
        """Says so once a minute."""
        if self.stopped and self._reminder.due():
            self._log.error("stage stopped", stage=self.name, reason=self.stopped)

    def prepare(self) -> None:
        """Loads the stage if need be, before anything is in hand: that may take a minute. Raises StoppingError."""
        self._ensure_stage()

    def forget(self) -> None:
        """The stage is loaded anew before the next event: others may have written since. From any thread."""
        self._stale = True

    def handle(self, batch: Sequence[Incoming]) -> tuple[Sequence[Outgoing], int]:
        """What the first events of the batch lead to, and how many those are: a portion, one at least.

        To be delivered before the rest is handed in: it never waits with something in hand. Nothing is to be handed to
        a stage that stopped. Raises StoppingError.
        """
        end, tries = 1 if self._careful else portion(len(record.value) for record in batch), 0
        while True:
            stage = self._ensure_stage()
            try:
                outgoing = self._transaction(stage, batch[:end])
                break
            except TakenBackError as taken:
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
        self.trouble = ""
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
            self.trouble = ""
        except Exception as error:  # noqa: BLE001 - tried again at the next tick
            if is_trouble(error):
                self._tell_trouble(error)
            else:
                self._tell("stage problem", repr(error))

    def _transaction(self, stage: Stage, records: Sequence[Incoming]) -> Sequence[Outgoing]:
        # Thrown away unless this commits: its memory would be ahead of its state.
        self._stage = None
        events = [read(record.value) for record in records]
        with metrics.STAGE_SECONDS.labels(self.name).time(), self._context.database.write() as tx:
            outcomes = handle(stage, events, tx, self._context.clock())
            results = [self._records(record, outcome) for record, outcome in zip(records, outcomes, strict=True)]
            self._check()
        self._stage = stage
        dead = sum(any(one.topic == self._dead_letters for one in result) for result in results)
        self._account.add(len(records), dead)
        return [one for result in results for one in result]

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
        self._account.add(1, 1)
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
                    self._tell("stage problem", repr(error))
                    self._wait(_LOAD_PAUSE)
        return self._stage

    def _tell_trouble(self, error: Exception) -> None:
        self._tell("database problem", problem_of(error), hint="goes on by itself")

    def _tell(self, what: str, problem: str, **hint: str) -> None:
        self.trouble = problem
        if self._reminder.due():
            self._log.error(what, stage=self.name, problem=problem, **hint)

    def _wait(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise StoppingError


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
