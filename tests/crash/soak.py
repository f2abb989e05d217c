"""`python -m tests.crash.soak`: a steady flow for half an hour, something restarted every minute, and what it came to.

    articles.fetched <-- RATE articles a second: mostly new, some copies, some events
    newsstand        <-- 20 a second, which the fetchers bring in
    every minute: one worker or server is struck
    every 10 seconds: memory and CPU of each process, lag of each service

When the flow ends, the time is taken until nothing is left to do. Exit code 1 if anything was lost or repeated.
"""

import argparse
import logging
import random
import sys
import time
from collections import deque
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from newswatch_core.runtime.broker import AdminError
from newswatch_core.services import ORDER
from tests.crash import journal as journals
from tests.crash.crew import Crew
from tests.crash.ground import RECEIVERS, Ground, NoGroundError, feed_id, prepared
from tests.crash.journal import Journal, now
from tests.crash.machine import cpu_seconds, family, memory, shares, spent
from tests.crash.news import Wire, wire_article
from tests.crash.plan import BROKER, DATABASE, DEDUPLICATOR, Draft, Fault, Scale
from tests.crash.rest import Rest
from tests.crash.soakreport import SoakReport
from tests.crash.verdict import judge
from tests.support.kafka_broker import NoBrokerError
from tests.support.newsstand import StandArticle
from tests.support.press import Piece, Press

_FEEDS = 400
_ON_STAND = 20
"""Articles a second that go by the newsstand."""
_WINDOW = 60
"""Entries that a feed lists: those of ten minutes and more."""
_EVENT_EVERY = 5.0
_COPY_SHARE = 0.1
_PARAGRAPHS = 9
"""Of an article: about 3 kB."""
_TICKS = 10
"""In which a second's articles are sent."""
_SAMPLE_EVERY = 10.0
_STRIKE_EVERY = 60.0
_REST_WITHIN = 1_800.0


@dataclass(frozen=True)
class Soak:
    """What a soak is. `rate`: articles a second that go straight to the topic."""

    seed: int
    minutes: float
    rate: int

    @property
    def seconds(self) -> float:
        return self.minutes * 60


class Flow:
    """The articles of a soak, second by second. Events are told half by the newsstand, half by the wire."""

    def __init__(self, soak: Soak, draft: Draft) -> None:
        self._soak = soak
        self._dice = random.Random(f"{soak.seed} flow")
        self._press = Press(soak.seed + 1)
        self._events = deque([*draft.events])
        self._copies: deque[tuple[float, Piece]] = deque()
        self._recent: deque[Piece] = deque(maxlen=500)

    def second(self, number: int) -> tuple[list[Piece], list[Piece]]:
        """What goes by the wire and by the newsstand in that second."""
        wire = [self._piece() for _ in range(self._soak.rate)]
        stand = [self._noise() for _ in range(_ON_STAND)]
        if self._events and number % _EVENT_EVERY == 0:
            event = self._events.popleft()
            self._copies.append((number + self._dice.uniform(5, 60), self._press.copy_of(event)))
            self._dice.choice((wire, stand)).append(event)
        while self._copies and (self._copies[0][0] <= number or number >= self._soak.seconds - 1):
            self._dice.choice((wire, stand)).append(self._copies.popleft()[1])
        return wire, stand

    def _piece(self) -> Piece:
        if self._recent and self._dice.random() < _COPY_SHARE:
            return self._press.copy_of(self._dice.choice(self._recent))
        piece = self._noise()
        if self._dice.random() < _COPY_SHARE:
            self._recent.append(piece)
        return piece

    def _noise(self) -> Piece:
        # A press of its own for each: one that never gives a name twice would run out of names.
        press = Press(self._dice.getrandbits(60))
        return Piece(press.sentence().split(" after ")[0], press.paragraphs(_PARAGRAPHS))


class Soaking:
    """Carries a soak out in `folder`."""

    def __init__(self, soak: Soak, folder: Path) -> None:
        self._soak = soak
        self._folder = folder
        events = int(soak.seconds / _EVENT_EVERY)
        self._draft = Draft(soak.seed, Scale(rounds=1, feeds=_FEEDS, events=events, stand=1, wire=1))
        self._journal = Journal(folder / "journal.jsonl")
        self._sinks = Journal(folder / "messages.jsonl")
        self._dice = random.Random(f"{soak.seed} strikes")
        self._sent: list[Future[None]] = []
        self._on_stand = 0

    def carry_out(self) -> SoakReport:
        before = spent()
        try:
            report = self._carry_out()
        finally:
            ours, others = shares(before, spent())
            self._journal.write("spent", ours=ours, others=others)
            self._sinks.close()
            self._journal.close()
        return replace(report, lines=journals.read(self._folder / "journal.jsonl"))

    def _carry_out(self) -> SoakReport:
        with ExitStack() as stack:
            ground = stack.enter_context(
                prepared(self._folder, self._draft, self._journal, self._sinks, window=_WINDOW)
            )
            wire = Wire(ground.kafka)
            wire.start()
            stack.callback(wire.stop)
            rest = Rest(ground)
            stack.callback(rest.close)
            crew = Crew(ground, self._journal)
            with crew.at_work():
                self._flow(crew, ground, wire, rest)
                unfinished = self._drain(crew, ground, rest)
            messages = journals.read(self._folder / "messages.jsonl", "message")
            arrived = {
                name: judge([line["words"] for line in messages if line["receiver"] == name], self._draft.events)
                for name in RECEIVERS
            }
            letters = [f"{letter.id}: {letter.reason}" for letter in rest.dead_letters()]
            return SoakReport(self._soak.minutes, self._soak.rate, arrived, unfinished, letters, rest.dead_deliveries())

    def _flow(self, crew: Crew, ground: Ground, wire: Wire, rest: Rest) -> None:
        flow = Flow(self._soak, self._draft)
        began = time.monotonic()
        self._journal.write("flow")
        sample_at, strike_at = 0.0, _STRIKE_EVERY
        for number in range(int(self._soak.seconds)):
            pieces, stand = flow.second(number)
            for piece in stand:
                self._put_on_stand(ground, piece)
            for tick in range(_TICKS):
                _sleep_until(began + number + tick / _TICKS)
                at = now()
                events = [
                    wire_article(piece, f"{number}-{tick}-{place}", at)
                    for place, piece in enumerate(pieces[tick::_TICKS])
                ]
                self._sent.append(wire.send(events))
            if number >= sample_at:
                self._sample(crew, ground, rest, time.monotonic() - began)
                sample_at += _SAMPLE_EVERY
            if number >= strike_at:
                self._strike(crew, ground, int(strike_at // _STRIKE_EVERY))
                strike_at += _STRIKE_EVERY
            if crew.problem is not None:
                raise crew.problem
        unsent = sum(not sending.done() for sending in self._sent)
        self._journal.write("flow ends", seconds=round(time.monotonic() - began, 1), unsent=unsent)

    def _put_on_stand(self, ground: Ground, piece: Piece) -> None:
        article = StandArticle(title=piece.title, text=piece.text, path=f"/news/{self._on_stand:06}.html")
        ground.stand.add_article(feed_id(self._dice.randrange(_FEEDS)), article)
        self._on_stand += 1

    def _strike(self, crew: Crew, ground: Ground, minute: int) -> None:
        """The first replica of a service is left alone, so that its memory can be watched; but not the deduplicator."""
        targets = [*ORDER, BROKER, *ORDER, DATABASE]
        target = targets[(minute - 1) % len(targets)]
        how = self._dice.choice(("KILL", "TERM"))
        if target in ground.servers:
            ground.servers[target].kill(self._dice.uniform(0, 5))
            self._journal.write("struck", target=target, how="KILL", in_hand="?")
            return
        fault = Fault(minute, target, 0 if target == DEDUPLICATOR else 1, how, 0.0)
        worker = crew.choose(fault)
        if worker is not None:
            in_hand = crew.strike(worker, fault)
            self._journal.write("struck", target=target, how=how, worker=worker.name, in_hand=in_hand)

    def _sample(self, crew: Crew, ground: Ground, rest: Rest, second: float) -> None:
        pids = {worker.name: worker.process.pid for worker in crew.workers if worker.process is not None}
        pids |= {name: server.pid for name, server in ground.servers.items() if server.is_up}
        for name, pid in pids.items():
            found, cpu = memory(pid), sum(cpu_seconds(one) for one in family(pid))
            figures = {"pid": pid, "rss": found.rss, "pss": found.pss, "cpu": round(cpu, 2)}
            self._journal.write("sample", second=round(second, 1), process=name, **figures)
        if all(server.is_up for server in ground.servers.values()):
            try:
                self._journal.write("lag", second=round(second, 1), **rest.lag())
            except AdminError as error:
                self._journal.write("no lag", problem=str(error))

    def _drain(self, crew: Crew, ground: Ground, rest: Rest) -> str:
        began, sample_at = time.monotonic(), 0.0
        read = False
        while True:
            passed = time.monotonic() - began
            unsent = sum(not sending.done() for sending in self._sent)
            if passed >= sample_at:
                self._sample(crew, ground, rest, self._soak.seconds + passed)
                sample_at += _SAMPLE_EVERY
            missing = f"{unsent} to send" if unsent else rest.missing(self._on_stand)
            if not read and not unsent and "events before" not in missing:
                read = True
                self._journal.write("lag is 0", after=round(passed, 1))
            if not missing:
                self._journal.write("at rest", after=round(passed, 1))
                time.sleep(2)
                return ""
            if passed > _REST_WITHIN:
                return missing
            if crew.problem is not None:
                raise crew.problem
            time.sleep(1)


def _sleep_until(moment: float) -> None:
    time.sleep(max(0.0, moment - time.monotonic()))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.crash.soak", description="A steady flow, with something restarted.")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=int, default=200, help="articles a second straight to articles.fetched")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="a new folder for all that it keeps; in .crash if not given")
    given = parser.parse_args(arguments)
    folder = given.folder or Path(".crash") / f"soak-{datetime.now().astimezone():%m%d-%H%M%S}"
    folder.mkdir(parents=True)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    print(f"{given.minutes:g} minutes at {given.rate} articles a second, in {folder}", flush=True)
    try:
        report = Soaking(Soak(given.seed, given.minutes, given.rate), folder.resolve()).carry_out()
    except (NoGroundError, NoBrokerError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    report.save(folder)
    print(report.text())
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
