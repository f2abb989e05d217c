"""The outbox: every delivery is a row, and its state says what is known about it.

    pending -> sending -> sent | pending (certainly not sent) | uncertain (may have arrived) | dead

`sending` is committed before the receiver is called, so a crash leaves a row behind that is known to be uncertain.
An uncertain delivery is tried again, ever more rarely, and says "possible repeat". The order of a receiver's
deliveries is kept: one that must wait holds up those behind it, except where the receiver refused that very message
several times, or where several copies of it may have arrived. Several senders may share the outbox (on PostgreSQL): a
receiver's next delivery is claimed by one, for a time that it may take.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from msgspec import DecodeError
from msgspec.structs import replace
from sqlalchemy import Connection, and_, func, not_, or_, select, update
from sqlalchemy import Row as RowOf

from newswatch_alerter import messages
from newswatch_alerter.lifecycle import Planned
from newswatch_alerter.messages import Message
from newswatch_alerter.receivers.base import Dead, NotSent, Outcome, Sent, Uncertain
from newswatch_core import metrics
from newswatch_core.events import hash_id
from newswatch_core.ports import Clock
from newswatch_core.storage.database import Database
from newswatch_core.storage.schema import deliveries
from newswatch_core.storage.upsert import insert_missing

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
LONGEST_ASKED_WAIT = timedelta(days=1)
"""More is not believed of a Retry-After."""
COPY_WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=25),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""The pauses after each try that may have arrived; the last one from then on."""
MAX_COPIES = 3
COPIES_FOR = timedelta(hours=24)
"""A delivery of which `MAX_COPIES` tries may have arrived is dead when it is older than this."""
COPIES_STEP_ASIDE_AFTER = 2
MAX_REFUSALS = 12
STEPS_ASIDE_AFTER = 3
"""After this many refusals of the very message, those behind it go first."""
GIVES_UP_AFTER = timedelta(days=3)
GIVES_UP_FAILURES = 20
"""So many failures in a row must this process have seen, too: the days may have passed while it was switched off."""


@dataclass(frozen=True)
class Row:
    """A delivery as it is claimed.

    `repeat`: an earlier try may have arrived; from then on `tries` counts such tries only.
    """

    id: str
    receiver: str
    message: Message
    tries: int
    repeat: bool
    created: datetime


@dataclass(frozen=True)
class Next:
    """The state that a try leaves its delivery in, and when it is due again.

    `rest`: nothing else goes to the receiver before; None if nothing keeps the next one.
    """

    state: str
    due: datetime
    tries: int
    repeat: bool
    problem: str = ""
    rest: datetime | None = None


def follow(row: Row, outcome: Outcome, *, failures: int, now: datetime, jitter: float) -> Next:
    """What follows from a try. `failures`: how many in a row met their receiver before; `jitter`: 0 to 1."""
    counted = row.tries + 1
    if isinstance(outcome, Sent):
        return Next("sent", now, counted, row.repeat, outcome.problem)
    if isinstance(outcome, Dead):
        return Next("dead", now, counted, row.repeat, outcome.problem)
    due = now + wait(failures, jitter, outcome.wait)
    if isinstance(outcome, Uncertain):
        copies = counted if row.repeat else 1
        state = "dead" if copies >= MAX_COPIES and now - row.created > COPIES_FOR else "uncertain"
        problem = f"{outcome.problem}; {copies} tries may have arrived" if state == "dead" else outcome.problem
        again = max(due, now + COPY_WAITS[min(copies, len(COPY_WAITS)) - 1])
        return Next(state, again, copies, repeat=True, problem=problem, rest=due)
    # Once a copy may have arrived, `tries` counts such copies only.
    tries = row.tries if row.repeat or outcome.whole else counted
    waiting = "uncertain" if row.repeat else "pending"
    state = "dead" if _gives_up(row, outcome, tries, failures, now) else waiting
    return Next(state, due, tries, row.repeat, outcome.problem, rest=due if outcome.whole else None)


def _gives_up(row: Row, outcome: NotSent, tries: int, failures: int, now: datetime) -> bool:
    late = now - row.created > GIVES_UP_AFTER
    if outcome.whole:
        return late and failures + 1 >= GIVES_UP_FAILURES
    return late if row.repeat else tries >= MAX_REFUSALS


def wait(failures: int, jitter: float, asked: timedelta | None) -> timedelta:
    """The pause after a failed try: doubling with each, and never shorter than the receiver asked for."""
    doubled: timedelta = min(FIRST_WAIT * 2 ** min(failures, 20), LONGEST_WAIT)
    pause = doubled * (0.5 + jitter / 2)
    return max(pause, min(asked, LONGEST_ASKED_WAIT)) if asked is not None else pause


def pending_row(planned: Planned, story: str, message: Message, now: datetime) -> dict[str, Any]:
    """The row of a new delivery, due at once."""
    return {
        "id": planned.id,
        "receiver": planned.receiver,
        "article": planned.article,
        "story": story,
        "change": planned.change,
        "message": messages.encode(message),
        "state": "pending",
        "tries": 0,
        "due": now,
        "repeat": False,
        "holder": None,
        "held_until": None,
        "created": now,
        "sent": None,
        "problem": "",
    }


class Outbox:
    """The deliveries, as a sender works on them; every method is one transaction.

    `holder` names this life of the process. `replica`, if given, names the process through all its lives: what an
    earlier one left behind is known at once to be held by nobody.
    """

    def __init__(self, database: Database, clock: Clock, holder: str, replica: str = "") -> None:
        self._database = database
        self._clock = clock
        # Names of replicas may be long; the column is not.
        self._lives = f"{hash_id(replica)}/" if replica else ""
        self._holder = self._lives + holder

    def recover(self, *, sole: bool, receiver: str | None = None) -> int:
        """Makes deliveries uncertain whose sender is gone, and returns how many.

        `sole`: this process is the only sender, so whatever is held is held by nobody. Else a lease must have run out,
        or be that of an earlier life. `receiver`: only that one's deliveries, of which none is in hand here.
        """
        now = self._clock()
        lost = deliveries.c.state == "sending"
        if not sole:
            ended = deliveries.c.held_until < now
            if self._lives:
                earlier = and_(deliveries.c.holder.startswith(self._lives), deliveries.c.holder != self._holder)
                ended = or_(ended, earlier)
            if receiver is not None:
                ended = or_(ended, deliveries.c.holder == self._holder)
            lost = and_(lost, ended)
        if receiver is not None:
            lost = and_(lost, deliveries.c.receiver == receiver)
        query = select(deliveries.c.id, deliveries.c.tries, deliveries.c.repeat).where(lost)
        with self._database.write() as tx:
            # A clock that once was ahead must hold nothing back until then.
            waits = and_(_WAITING, deliveries.c.due > now + LONGEST_ASKED_WAIT)
            tx.execute(update(deliveries).where(waits).values(due=now))
            rows = tx.execute(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                values = {
                    "state": "uncertain",
                    "tries": row.tries + 1 if row.repeat else 1,
                    "repeat": True,
                    "due": now,
                    "holder": None,
                    "held_until": None,
                    "problem": "the process ended while this was being sent",
                }
                tx.execute(update(deliveries).where(deliveries.c.id == row.id).values(values))
        return len(rows)

    def orphans(self, receivers: Iterable[str]) -> Mapping[str, int]:
        """How many deliveries wait for receivers that are not among `receivers`, by receiver."""
        query = (
            select(deliveries.c.receiver, func.count())
            .where(_WAITING, deliveries.c.receiver.not_in(tuple(receivers)))
            .group_by(deliveries.c.receiver)
        )
        with self._database.read() as tx:
            return {name: int(count) for name, count in tx.execute(query)}

    def claim(self, receiver: str, hold: timedelta) -> Row | None:
        """The next delivery of `receiver` that may be sent now, marked as being sent; None if there is none."""
        with self._database.read() as tx:
            if _next(tx, receiver, self._clock()) is None:
                return None
        with self._database.write() as tx:
            now = self._clock()
            row = _next(tx, receiver, now)
            if row is None or not _take(tx, row):
                return None
            here = deliveries.c.id == row.id
            try:
                message = messages.decode(row.message)
            except DecodeError as error:
                problem = f"unreadable message: {error}"
                tx.execute(update(deliveries).where(here).values(state="dead", problem=problem))
                metrics.DELIVERIES.labels(receiver=receiver, outcome="dead").inc()
                structlog.get_logger().error("delivery dead", receiver=receiver, delivery=row.id, problem=problem)
                return None
            held = {"state": "sending", "holder": self._holder, "held_until": now + hold}
            tx.execute(update(deliveries).where(here).values(held))
            return Row(row.id, receiver, message, row.tries, row.repeat, row.created)

    def still_held(self, row: Row) -> bool:
        """Whether `row` is still ours to send: asked right before the call, for a process that may have been frozen."""
        query = select(deliveries.c.holder, deliveries.c.held_until, deliveries.c.state).where(
            deliveries.c.id == row.id
        )
        with self._database.read() as tx:
            found = tx.execute(query).one_or_none()
        if found is None or found.state != "sending" or found.holder != self._holder:
            return False
        return bool(found.held_until > self._clock())

    def release(self, row: Row) -> None:
        """Gives a claimed delivery back unsent."""
        mine = and_(deliveries.c.id == row.id, deliveries.c.state == "sending", deliveries.c.holder == self._holder)
        state = "uncertain" if row.repeat else "pending"
        with self._database.write() as tx:
            tx.execute(update(deliveries).where(mine).values(state=state, holder=None, held_until=None))

    def finish(self, row: Row, outcome: Outcome, *, failures: int, jitter: float) -> Next:
        """Writes down what came of a try."""
        with self._database.write() as tx:
            now = self._clock()
            following = follow(row, outcome, failures=failures, now=now, jitter=jitter)
            mine = and_(deliveries.c.id == row.id, deliveries.c.state == "sending", deliveries.c.holder == self._holder)
            values = {
                "state": following.state,
                "due": following.due,
                "tries": following.tries,
                "repeat": following.repeat,
                "problem": following.problem,
                "sent": now if following.state == "sent" else None,
                "holder": None,
                "held_until": None,
            }
            tx.execute(update(deliveries).where(mine).values(values))
            if following.rest is not None:
                behind = and_(_WAITING, deliveries.c.receiver == row.receiver, deliveries.c.due < following.rest)
                tx.execute(update(deliveries).where(behind).values(due=following.rest))
            if isinstance(outcome, Sent):
                _split(tx, row, outcome, now)
            return following


_WAITING = deliveries.c.state.in_(("pending", "uncertain"))
_REFUSED = and_(deliveries.c.tries >= STEPS_ASIDE_AFTER, deliveries.c.repeat.is_(False))
_COPIES = and_(deliveries.c.tries >= COPIES_STEP_ASIDE_AFTER, deliveries.c.repeat.is_(True))


def _next(tx: Connection, receiver: str, now: datetime) -> RowOf[Any] | None:
    """The first delivery in line if it is due, else one that was put aside and is due."""
    mine = deliveries.c.receiver == receiver
    # What may have arrived is aside for as long as it waits, and then first in line again.
    aside = or_(_REFUSED, and_(_COPIES, deliveries.c.due > now))
    line = or_(deliveries.c.state == "sending", and_(_WAITING, not_(aside)))
    query = select(deliveries).where(mine, line).order_by(deliveries.c.created, deliveries.c.id).limit(1)
    head = tx.execute(query).one_or_none()
    if head is not None and (head.state == "sending" or head.due <= now):
        return None if head.state == "sending" else head
    refused = and_(mine, _WAITING, _REFUSED, deliveries.c.due <= now)
    return tx.execute(select(deliveries).where(refused).order_by(deliveries.c.due).limit(1)).one_or_none()


def _take(tx: Connection, row: RowOf[Any]) -> bool:
    """Locks the row, unless another sender does so now, or has claimed it since it was read."""
    same = and_(deliveries.c.id == row.id, deliveries.c.state == row.state, deliveries.c.due == row.due)
    query = select(deliveries.c.id).where(same).with_for_update(skip_locked=True)
    return tx.execute(query).one_or_none() is not None


def _split(tx: Connection, row: Row, outcome: Sent, now: datetime) -> None:
    """Gives the addresses that did not take the message a delivery of their own: to be tried again, or dead."""
    original = tx.execute(select(deliveries).where(deliveries.c.id == row.id)).mappings().one()
    for addresses, state in ((outcome.rest, "pending"), (outcome.refused, "dead")):
        if addresses:
            new = hash_id(row.id, *addresses)
            values = dict(original) | {
                "id": new,
                "change": f"part:{new}",
                "message": messages.encode(replace(row.message, to=addresses)),
                "state": state,
                "tries": STEPS_ASIDE_AFTER,
                "repeat": False,
                "due": now + wait(STEPS_ASIDE_AFTER, 1.0, None),
                "sent": None,
                "problem": outcome.problem,
            }
            insert_missing(tx, deliveries, [values])
