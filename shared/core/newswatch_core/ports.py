"""The three kinds of work a service does, and the parts it is given to do it with.

A service implements `Source` (it brings events in), `Stage` (it turns events into events) or `Sender` (it empties
the outbox), and knows nothing of the runtime that drives it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Connection

from newswatch_core.accounts import Account, Inquiry
from newswatch_core.config import Problem
from newswatch_core.events import Event, utc_now
from newswatch_core.live import Live
from newswatch_core.settings import Settings
from newswatch_core.storage.database import Database

Tx = Connection
"""An open transaction. Whoever opened it commits it; a stage only reads and writes in it."""

Clock = Callable[[], datetime]
Emit = Callable[[Sequence[Event]], Awaitable[None]]
"""Returns once the events are durable; raises if they may not be."""


@dataclass(frozen=True)
class Poison:
    """The event can never be processed: it goes to the dead letters with this reason."""

    reason: str


@dataclass(frozen=True)
class RetryLater:
    """The event cannot be processed now: it, and what follows it, waits for `seconds`."""

    reason: str
    seconds: float = 1.0


Outcome = Sequence[Event] | Poison | RetryLater


class Source(Protocol):
    async def run(self, emit: Emit) -> None:
        """Brings events in until cancelled."""


class Stage(Protocol):
    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        """One outcome for each event, in their order. State is written in `tx` only."""

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        """Called about once a second for what needs a clock rather than an event."""


class Sender(Protocol):
    async def run(self) -> None:
        """Empties the outbox until cancelled."""


@dataclass(frozen=True)
class Context:
    """What a service is built from. `desk` is the folder with the desk's configuration.

    `sole`: no other process works on the database. Where one may, what is taken in hand is leased. `replica`: the name
    of this process among those of its service, the same after a restart; it then takes its own leases back at once.
    `lives`: what its stages make anew while they run; they add it when they are built, and the runtime watches it.
    """

    desk: Path
    settings: Settings
    database: Database
    clock: Clock = utc_now
    sample: bool = False
    sole: bool = True
    replica: str = ""
    lives: list[Live[Any]] = field(default_factory=list)


Line = dict[str, Any]


class Filter(Protocol):
    """A stage as `newswatch pipe` runs it: on one article at a time, with no deliveries."""

    def process(self, event: Event, line: Line) -> Sequence[tuple[Event, Line]]:
        """The events that follow from `event`, each with the line to print for it. `line` is the one it came with."""


LoadStage = Callable[[Tx], Stage]
"""Loads what a stage remembers. It reads no configuration: the last good one is kept beside, in `Context.lives`."""


@dataclass(frozen=True)
class Service:
    """How core finds and builds a service: the object behind its entry point in `newswatch.services`.

    `check` names what is wrong with a desk. `source`, `stage`, `sender` and `account`, which says what became of an
    article, read its configuration; they raise ConfigError. `fixed_files`: those in the desk's
    folder that are read at the start only.
    """

    name: str
    check: Callable[[Path], Sequence[Problem]]
    fixed_files: Sequence[str] = ()
    source: Callable[[Context], Source] | None = None
    stage: Callable[[Context], LoadStage] | None = None
    sender: Callable[[Context], Sender] | None = None
    filter: Callable[[Context, Tx], Filter] | None = None
    account: Callable[[Inquiry], Account] | None = None
