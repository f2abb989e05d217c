"""A run, from the first article to the verdict.

    round:  publish its slot --> wait until the target works --> strike --> a pause
    end:    wait until all is at rest --> stop the workers --> judge

Everything that a later life of this script must know is in the folder: `run.json`, `journal.jsonl`, `messages.jsonl`.
"""

import json
import random
import time
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.crash import journal as journals
from tests.crash.crew import Crew, Worker, wait_until
from tests.crash.ground import RECEIVERS, Ground, feed_id, prepared
from tests.crash.journal import Journal, now
from tests.crash.machine import shares, spent
from tests.crash.news import News, Wire
from tests.crash.plan import Draft, Fault, Scale, draw_faults, draw_outages
from tests.crash.report import Report
from tests.crash.rest import Rest
from tests.crash.verdict import judge
from tests.support.standserver import Trouble

_READY_WITHIN = 12.0
_WORK_WITHIN = 4.0
_START_WITHIN = 60.0
_LATE_FEEDS = (5, 170)
"""Seconds: so the first polls of most feeds are spread, as those of a desk are that has run for long."""


@dataclass(frozen=True)
class Run:
    """What a run is; a resumed one is the same. `rest_within`: seconds that it has to come to rest."""

    seed: int
    kills: int
    outages: bool = False
    longest: float = 120.0
    rest_within: float = 900.0

    @property
    def scale(self) -> Scale:
        if self.outages:
            return Scale(self.kills, feeds=200, events=4 * self.kills, stand=15, wire=150)
        if not self.is_long:
            return Scale(self.kills, feeds=30 * self.kills, events=3 * self.kills, stand=0, wire=150)
        return Scale(self.kills, feeds=400, events=int(1.2 * self.kills), stand=15, wire=150)

    @property
    def is_long(self) -> bool:
        """Long enough that feeds are polled several times; else each round's articles stand in feeds of their own."""
        return self.outages or self.kills >= 40

    @property
    def faults(self) -> list[Fault]:
        if self.outages:
            return list(draw_outages(self.seed, self.kills, longest=self.longest))
        return list(draw_faults(self.seed, self.kills))


class Suite:
    """Carries a run out in `folder`, from where it is."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run = run
        self._folder = folder
        self._draft = Draft(run.seed, run.scale)
        self._past = journals.read(folder / "journal.jsonl")
        self._journal = Journal(folder / "journal.jsonl")
        self._sinks = Journal(folder / "messages.jsonl")
        self._sent: list[Future[None]] = []

    def carry_out(self) -> Report:
        before = spent()
        try:
            report = self._carry_out()
        finally:
            ours, others = shares(before, spent())
            self._journal.write("spent", ours=ours, others=others)
            self._sinks.close()
            self._journal.close()
        return replace(report, lines=journals.read(self._folder / "journal.jsonl"))

    def _carry_out(self) -> Report:
        with ExitStack() as stack:
            ground = stack.enter_context(prepared(self._folder, self._draft, self._journal, self._sinks))
            wire = Wire(ground.kafka)
            wire.start()
            stack.callback(wire.stop)
            rest = Rest(ground)
            stack.callback(rest.close)
            news = News(self._draft, ground, wire)
            self._publish_past(news)
            if not self._past and self._run.is_long:
                self._delay_feeds(ground)
            crew = Crew(ground, self._journal)
            with crew.at_work():
                self._journal.write("started")
                self._strike_all(crew, ground, news)
                unfinished = self._come_to_rest(crew, rest, news)
            return self._report(rest, unfinished)

    # Publishing

    def _publish_past(self, news: News) -> None:
        """What an earlier life of the script put on the stand, and what it may not have sent whole."""
        sent = {line["slot"] for line in self._past if line["what"] == "sent"}
        for line in self._past:
            if line["what"] == "slot":
                at = datetime.fromisoformat(line["published"])
                news.put_on_stand(line["slot"], at)
                if line["slot"] not in sent:
                    self._send(news, line["slot"], at)
        if not self._past:
            self._publish(news, 0)

    def _publish(self, news: News, slot: int) -> None:
        at = now()
        self._journal.write("slot", slot=slot, published=at.isoformat())
        news.put_on_stand(slot, at)
        self._send(news, slot, at)

    def _send(self, news: News, slot: int, at: datetime) -> None:
        sending = news.send(slot, at)
        sending.add_done_callback(lambda done: done.exception() or self._journal.write("sent", slot=slot))
        self._sent.append(sending)

    def _delay_feeds(self, ground: Ground) -> None:
        dice = random.Random(f"{self._run.seed} delays")
        for number in range(self._draft.scale.feeds // 4, self._draft.scale.feeds):
            wait = {"Retry-After": str(dice.randint(*_LATE_FEEDS))}
            ground.stand.order(ground.stand.feed_url(feed_id(number)), Trouble("status", 503, headers=wait))

    # Striking

    def _strike_all(self, crew: Crew, ground: Ground, news: News) -> None:
        dice = random.Random(f"{self._run.seed} pauses")
        done = {line["fault"] for line in self._past if line["what"] == "struck"}
        published = {line["slot"] for line in self._past if line["what"] == "slot"}
        if not wait_until(lambda: all(worker.is_up for worker in crew.workers), _START_WITHIN):
            self._journal.write("slow start", workers=[one.name for one in crew.workers if not one.is_up])
        for fault in self._run.faults:
            pause = dice.uniform(3, 8) if self._run.outages else dice.uniform(0.2, 2.2)
            if fault.number in done:
                continue
            if fault.number + 1 not in published:
                self._publish(news, fault.number + 1)
            self._strike(crew, ground, fault)
            _check(crew)
            time.sleep(pause)

    def _strike(self, crew: Crew, ground: Ground, fault: Fault) -> None:
        told: dict[str, Any] = {"fault": fault.number, "target": fault.target, "how": fault.how}
        if fault.target in ground.servers:
            server = ground.servers[fault.target]
            wait_until(lambda: server.is_up, 180)
            wait_until(lambda: any(worker.life.in_hand for worker in crew.workers), _WORK_WITHIN)
            in_hand = " ".join(worker.name for worker in crew.workers if worker.life.in_hand)
            server.kill(fault.seconds)
            if self._run.outages:
                wait_until(lambda: server.is_up, 60 + fault.seconds)
        else:
            worker = self._ready(crew, fault)
            told["worker"] = worker.name
            wait_until(lambda: bool(worker.life.in_hand), _WORK_WITHIN, every=0.005)
            in_hand = crew.strike(worker, fault)
        self._journal.write("struck", in_hand=in_hand, **told)

    def _ready(self, crew: Crew, fault: Fault) -> Worker:
        """The worker to strike: one that is back from its last fault, if that does not take too long."""
        wait_until(lambda: crew.has_ready(fault), _READY_WITHIN)
        worker = crew.choose(fault)
        while worker is None:
            time.sleep(0.1)
            worker = crew.choose(fault)
        return worker

    # The end

    def _come_to_rest(self, crew: Crew, rest: Rest, news: News) -> str:
        self._journal.write("resting", on_stand=news.on_stand)
        deadline = now() + timedelta(seconds=self._run.rest_within)
        while True:
            _check(crew)
            unsent = sum(not sending.done() for sending in self._sent)
            missing = f"{unsent} slots to send" if unsent else rest.missing(news.on_stand)
            if not missing:
                self._journal.write("at rest")
                # What should not come any more would come now.
                time.sleep(2)
                return ""
            if now() > deadline:
                self._journal.write("no rest", missing=missing)
                return missing
            time.sleep(0.5)

    def _report(self, rest: Rest, unfinished: str) -> Report:
        messages = journals.read(self._folder / "messages.jsonl", "message")
        arrived = {
            name: judge([line["words"] for line in messages if line["receiver"] == name], self._draft.events)
            for name in RECEIVERS
        }
        letters = [f"{letter.id}: {letter.reason}" for letter in rest.dead_letters()]
        return Report(
            run=asdict(self._run),
            events=len(self._draft.events),
            arrived=arrived,
            unfinished=unfinished,
            dead_letters=letters,
            dead_deliveries=rest.dead_deliveries(),
            lines=(),
        )


def _check(crew: Crew) -> None:
    if crew.problem is not None:
        raise crew.problem


def load(folder: Path) -> Run:
    """The run that was begun in the folder."""
    return Run(**json.loads((folder / "run.json").read_text()))


def begin(run: Run, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps(asdict(run)))
