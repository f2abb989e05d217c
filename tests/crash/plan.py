"""What is published and what is struck, all drawn from a seed. Pure: a second run draws the same.

A run goes in rounds. Each publishes its slot of the news, then strikes one process. Reports of events go by the
newsstand or straight to the topic, and so do their copies, a few rounds later.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from newswatch_core.services import ORDER
from tests.support.press import Piece, Press

REPLICAS = 2
DEDUPLICATOR = "deduplicator"
BROKER, DATABASE = "broker", "database"
How = Literal["KILL", "TERM", "STOP"]

_SHARE_SERVERS = 0.05
_SHARE_STOP = 0.1
_SHARE_TERM = 0.3
_COPY_AFTER = 4
"""Rounds, at most, until the copy of a report follows."""


@dataclass(frozen=True)
class Fault:
    """One strike. `target`: a service, or one of the servers.

    `replica` counts from 0; for the deduplicator 0 stands for the replica that works at that time. `seconds`: how long
    a frozen process stays so beyond its session, or a killed server stays away.
    """

    number: int
    target: str
    replica: int
    how: How
    seconds: float


@dataclass(frozen=True)
class Slot:
    """The news of one round: `stand` are (feed, piece), `wire` goes to the topic in one go."""

    stand: Sequence[tuple[int, Piece]]
    wire: Sequence[Piece]


def draw_faults(seed: int, kills: int) -> Sequence[Fault]:
    """`kills` faults, each service equally often; some of every kind however few there are."""
    dice = random.Random(f"{seed} faults")
    servers = max(1, round(kills * _SHARE_SERVERS))
    targets = [*[BROKER] * servers, *[DATABASE] * servers]
    services = kills - len(targets)
    targets += [ORDER[number % len(ORDER)] for number in range(services)]
    stops = max(1, round(services * _SHARE_STOP))
    terms = max(1, round(services * _SHARE_TERM))
    hows: list[How] = [*["STOP"] * stops, *["TERM"] * terms, *["KILL"] * (services - stops - terms)]  # type: ignore[list-item]
    dice.shuffle(targets)
    dice.shuffle(hows)
    faults = []
    for number, target in enumerate(targets):
        if target in {BROKER, DATABASE}:
            faults.append(Fault(number, target, 0, "KILL", dice.uniform(0, 8)))
            continue
        replica = int(dice.random() < 0.2) if target == DEDUPLICATOR else dice.randrange(REPLICAS)
        faults.append(Fault(number, target, replica, hows.pop(), dice.uniform(2, 4)))
    return faults


def draw_outages(seed: int, kills: int, *, longest: float) -> Sequence[Fault]:
    """`kills` faults of the broker alone; in the middle of them it stays away for `longest` seconds."""
    dice = random.Random(f"{seed} outages")
    away = [longest if number == kills // 2 else dice.uniform(0, 10) for number in range(kills)]
    return [Fault(number, BROKER, 0, "KILL", seconds) for number, seconds in enumerate(away)]


@dataclass(frozen=True)
class Scale:
    """How much news there is. `stand` and `wire`: articles a round, noise included; `events`: of all rounds together.

    With `stand` 0 all that goes by the newsstand is there from the start, one article a feed: for runs so short that
    no feed is polled a second time.
    """

    rounds: int
    feeds: int
    events: int
    stand: int
    wire: int


class Draft:
    """All the news of a run."""

    def __init__(self, seed: int, scale: Scale) -> None:
        self._seed = seed
        self.scale = scale
        press = Press(seed)
        self.events = [press.event() for _ in range(scale.events)]
        copies = [press.copy_of(event) for event in self.events]
        dice = random.Random(f"{seed} routes")
        self._stand: dict[int, list[Piece]] = {}
        self._wire: dict[int, list[Piece]] = {}
        for place, (event, copy) in enumerate(zip(self.events, copies, strict=True)):
            slot = 1 + place * scale.rounds // scale.events
            self._route(dice, slot, event)
            self._route(dice, min(slot + dice.randint(0, _COPY_AFTER), scale.rounds), copy)

    def _route(self, dice: random.Random, slot: int, piece: Piece) -> None:
        if dice.random() < 0.5:
            self._wire.setdefault(slot, []).append(piece)
        else:
            self._stand.setdefault(slot if self.scale.stand else 0, []).append(piece)

    def slot(self, number: int) -> Slot:
        """That of round `number` (from 1); 0 is what stands in the feeds at the start, one article each."""
        dice = random.Random(f"{self._seed} slot {number}")
        press = Press(dice.getrandbits(60))
        stand, wire = list(self._stand.get(number, ())), list(self._wire.get(number, ()))
        if number == 0:
            stand += [press.noise() for _ in range(self.scale.feeds - len(stand))]
            dice.shuffle(stand)
            return Slot(list(enumerate(stand)), [])
        stand += [press.noise() for _ in range(self.scale.stand - len(stand))]
        wire += [press.noise() for _ in range(self.scale.wire - len(wire))]
        dice.shuffle(wire)
        return Slot([(dice.randrange(self.scale.feeds), piece) for piece in stand], wire)


def by_land(events: Sequence[Piece]) -> Mapping[str, Piece]:
    return {event.land: event for event in events}
