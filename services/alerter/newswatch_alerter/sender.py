"""Empties the outbox: one task for each receiver, so that none of them holds up another."""

import asyncio
import os
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionError

from newswatch_alerter.outbox import Next, Outbox, Row
from newswatch_alerter.receivers.base import Dead, NotSent, Outcome, Receiver, ReceiverConfig, Sending, Sent, Uncertain
from newswatch_core import metrics
from newswatch_core.ports import Clock, Context
from newswatch_core.runtime.handling import problem_of
from newswatch_core.runtime.reminder import Reminder
from newswatch_core.secrets import blot_out

IDLE = 0.2
"""Seconds between looks at an empty outbox."""
GRACE = 3.0
"""Seconds that a try under way gets to end when the sender is stopped."""
MARGIN = timedelta(seconds=30)
PAUSE = 5.0
"""Seconds that a receiver rests after an unexpected error."""


class Pace:
    """Lets through one message each `interval` seconds, after a burst of `burst`. Time is monotonic."""

    def __init__(self, interval: float, burst: int) -> None:
        self._interval = interval
        self._room = interval * (burst - 2)
        self._next = 0.0

    def take(self, now: float) -> float:
        """Called when one was sent; returns the seconds to wait before the next."""
        planned = max(self._next, now - self._room)
        self._next = planned + self._interval
        return max(0.0, planned - now)


class Sender:
    """Sends what is due, through receivers that `build` makes when it starts."""

    def __init__(
        self,
        outbox: Outbox,
        receivers: Mapping[str, tuple[ReceiverConfig, Receiver]],
        clock: Clock,
        *,
        sole: bool = True,
    ) -> None:
        self._outbox = outbox
        self._receivers = receivers
        self._clock = clock
        self._sole = sole
        self._reminder = Reminder()

    async def run(self) -> None:
        log = structlog.get_logger()
        unsure = await asyncio.to_thread(self._outbox.recover, sole=self._sole)
        if unsure:
            log.warning("deliveries of an earlier run", uncertain=unsure, note="sent again as possible repeats")
        for gone, count in (await asyncio.to_thread(self._outbox.orphans, self._receivers)).items():
            log.error("delivery problem", receiver=gone, waiting=count, problem="not in receivers.yaml any more")
        async with asyncio.TaskGroup() as tasks:
            for name, (config, receiver) in self._receivers.items():
                tell = self._tell_trouble
                line = _Line(name, config, receiver, self._outbox, self._clock, sole=self._sole, tell=tell)
                tasks.create_task(line.run(), name=f"receiver {name}")
            if not self._sole:
                tasks.create_task(self._watch(), name="expired leases")

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(MARGIN.total_seconds())
            try:
                await asyncio.to_thread(self._outbox.recover, sole=False)
            except (DBAPIError, NoConnectionError) as error:
                self._tell_trouble(error)

    def _tell_trouble(self, error: SQLAlchemyError) -> None:
        # It is the same for all receivers.
        if self._reminder.due():
            log = structlog.get_logger()
            log.error("database problem", part="sender", problem=problem_of(error), hint="goes on by itself")


class _Line:
    """The deliveries of one receiver, one after the other."""

    def __init__(
        self,
        name: str,
        config: ReceiverConfig,
        receiver: Receiver,
        outbox: Outbox,
        clock: Clock,
        *,
        sole: bool,
        tell: Callable[[SQLAlchemyError], None],
    ) -> None:
        """`tell` hears of the database's trouble."""
        self._name = name
        self._sole = sole
        self._tell_trouble = tell
        self._receiver = receiver
        self._outbox = outbox
        self._clock = clock
        self._pace = Pace(config.pace.total_seconds(), config.burst)
        self._hold = timedelta(seconds=receiver.deadline) + MARGIN
        self._failures = 0
        self._problem = ""

    async def run(self) -> None:
        log = structlog.get_logger()
        while True:
            try:
                pause = await self._once()
            except Exception as error:  # noqa: BLE001 - one line's trouble must not end the others; texts may hold secrets
                if isinstance(error, DBAPIError | NoConnectionError):
                    self._tell_trouble(error)
                else:
                    log.error("delivery problem", receiver=self._name, problem=f"unexpected {type(error).__name__}")
                pause = PAUSE
                # What was in hand must not stay there: it would hold up the line until the next start.
                with suppress(SQLAlchemyError):
                    await asyncio.to_thread(self._outbox.recover, sole=self._sole, receiver=self._name)
            await asyncio.sleep(pause)

    async def _once(self) -> float:
        """Sends one delivery, if one is due. Returns the seconds to rest."""
        row = await self._claim()
        if row is None:
            return IDLE
        structlog.get_logger().debug("sending", receiver=self._name, delivery=row.id)
        try_ = asyncio.ensure_future(self._try(row))
        try:
            outcome = await asyncio.shield(try_)
        except asyncio.CancelledError:
            outcome = await self._last_chance(try_)
            # A database in trouble leaves the row as it is: the next start takes it for uncertain.
            with suppress(SQLAlchemyError):
                await asyncio.to_thread(self._finish, row, outcome)
            raise
        following = await self._settle(row, outcome)
        if following.rest is not None:
            return max(IDLE, (following.rest - self._clock()).total_seconds())
        return self._pace.take(asyncio.get_running_loop().time())

    async def _claim(self) -> Row | None:
        # A thread cannot be stopped: what it claims after a cancellation is given back, or it would count as uncertain.
        claim = asyncio.ensure_future(asyncio.to_thread(self._outbox.claim, self._name, self._hold))
        try:
            return await asyncio.shield(claim)
        except asyncio.CancelledError:
            with suppress(SQLAlchemyError):
                if row := await claim:
                    await asyncio.to_thread(self._outbox.release, row)
            raise

    async def _try(self, row: Row) -> Outcome:
        try:
            if not await asyncio.to_thread(self._outbox.still_held, row):
                return NotSent("the lease ran out before the call")
        except SQLAlchemyError as error:
            return NotSent(f"database problem before the call: {type(error).__name__}")
        sending = Sending(row.id, row.message, row.repeat, self._clock())
        try:
            return await asyncio.wait_for(self._receiver.send(sending), self._receiver.deadline)
        except TimeoutError:
            return Uncertain("no answer in time")
        except Exception as error:  # noqa: BLE001 - a receiver's mistake; its text may hold secrets
            return Uncertain(f"unexpected {type(error).__name__}")

    async def _last_chance(self, under_way: "asyncio.Future[Outcome]") -> Outcome:
        done, _ = await asyncio.wait({under_way}, timeout=GRACE)
        if done:
            return under_way.result()
        under_way.cancel()
        with suppress(asyncio.CancelledError):
            await under_way
        return Uncertain("stopped while it was being sent")

    async def _settle(self, row: Row, outcome: Outcome) -> Next:
        """Writes the outcome down, however long the database takes: nothing else may be sent here before."""
        while True:
            try:
                return await asyncio.to_thread(self._finish, row, outcome)
            except SQLAlchemyError as error:
                self._tell_trouble(error)
                await asyncio.sleep(2.0)

    def _finish(self, row: Row, outcome: Outcome) -> Next:
        following = self._outbox.finish(row, outcome, failures=self._failures, jitter=random.random())  # noqa: S311
        # An answer about the very message shows that the receiver is there; a delivery dead of other trouble does not.
        self._failures = 0 if isinstance(outcome, Sent | Dead) else self._failures + 1
        metrics.DELIVERIES.labels(receiver=self._name, outcome=_outcome_label(outcome, following)).inc()
        self._tell(row, outcome, following)
        return following

    def _tell(self, row: Row, outcome: Outcome, following: Next) -> None:
        log = structlog.get_logger()
        problem = blot_out(following.problem)
        if following.state == "dead":
            log.error("delivery dead", receiver=self._name, delivery=row.id, title=row.message.title, problem=problem)
        elif problem and problem != self._problem:
            tell = log.error if isinstance(outcome, NotSent) and outcome.broken else log.warning
            tell("delivery problem", receiver=self._name, delivery=row.id, problem=problem)
        elif following.state == "sent":
            log.debug("delivery", receiver=self._name, delivery=row.id, repeat=row.repeat)
        self._problem = problem


def _outcome_label(outcome: Outcome, following: Next) -> str:
    if following.state in {"sent", "dead"}:
        return following.state
    return "uncertain" if isinstance(outcome, Uncertain) else "not-sent"


def sender_of(context: Context, receivers: Mapping[str, tuple[ReceiverConfig, Receiver]]) -> Sender:
    """The sender of this process."""
    holder = f"{os.getpid()}-{random.getrandbits(32):08x}"
    return Sender(
        Outbox(context.database, context.clock, holder, context.replica), receivers, context.clock, sole=context.sole
    )
