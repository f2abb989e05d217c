"""The stage runner on a real database, with small stages that misbehave in every way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DatabaseError, OperationalError

from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle
from newswatch_core.ports import Context, Outcome, Poison, RetryLater, Service, Tx
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.settings import Settings
from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_memory
from newswatch_core.storage.failures import list_dead_letters
from tests.support.articles import NOON, fetched

IN, OUT = "articles.fetched", "articles.deduplicated"


class Passing:
    """Passes everything on; `answer` may say otherwise for an article."""

    built = 0

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer or (lambda event: None)
        self.seen: list[str] = []
        type(self).built += 1

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for event in batch:
            assert isinstance(event, FetchedArticle)
            self.seen.append(event.article.title)
            passed = DeduplicatedArticle(article=event.article, copy_of=None, story=str(len(self.seen)))
            outcomes.append(self.answer(event) or [passed])
        return outcomes

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return []


class Bench:
    """A runner over a database in memory, with a clock that the test moves."""

    def __init__(self, answer: Any = None) -> None:
        self.now = NOON
        self.database: Database = open_memory()
        self.answer = answer
        self.service = Service(
            "deduplicator", check=lambda desk: [], stage=lambda context: lambda tx: Passing(self.answer)
        )
        context = Context(None, Settings(version="1"), self.database, clock=lambda: self.now)  # type: ignore[arg-type] # no desk
        self.runner = self.runner_of(self.service, context)

    def runner_of(self, service: Service, context: Context) -> StageRunner:
        return StageRunner(service, context, monotonic=self.seconds)

    def seconds(self) -> float:
        return self.now.timestamp()

    def put(self, *numbers: int) -> None:
        with self.database.write() as tx:
            log.append(tx, IN, [fetched(number) for number in numbers], self.now)

    def run(self, steps: int = 30) -> list[str]:
        """The titles that came out, after some steps of a second each."""
        for _ in range(steps):
            self.runner.step()
            self.now += timedelta(seconds=6)
        with self.database.read() as tx:
            records = log.read(tx, OUT, 0, 1000)
        return [record.event.article.title for record in records if isinstance(record.event, DeduplicatedArticle)]

    def dead(self) -> list[str]:
        with self.database.read() as tx:
            return [f"{letter.reason} after {letter.tries}" for letter in reversed(list_dead_letters(tx))]


def titles(*numbers: int) -> list[str]:
    return [f"Title {number}" for number in numbers]


def test_events_pass_in_order_once():
    bench = Bench()
    bench.put(1, 2, 3)
    assert bench.run() == titles(1, 2, 3)
    bench.put(4)
    assert bench.run() == titles(1, 2, 3, 4)


def test_poison_goes_to_the_dead_letters_and_the_rest_passes():
    bench = Bench(lambda event: Poison("no title") if event.article.title == "Title 2" else None)
    bench.put(1, 2, 3)
    assert bench.run() == titles(1, 3)
    assert bench.dead() == ["no title after 1"]


def test_an_event_that_raises_is_tried_three_times_then_dead_and_its_batch_passes():
    def answer(event: FetchedArticle) -> None:
        if event.article.title == "Title 2":
            raise ValueError("cannot")

    bench = Bench(answer)
    bench.put(1, 2, 3)
    assert bench.run() == titles(1, 3)
    assert bench.dead() == ["ValueError('cannot') after 3"]


def test_an_event_that_raises_once_is_not_lost():
    failures = iter([True])

    def answer(event: FetchedArticle) -> None:
        if event.article.title == "Title 2" and next(failures, False):
            raise ValueError("for now")

    bench = Bench(answer)
    bench.put(1, 2, 3)
    assert bench.run() == titles(1, 2, 3)
    assert bench.dead() == []


def test_a_clock_set_back_delays_nothing():
    bench = Bench()
    bench.runner = StageRunner(bench.service, bench.runner._context)
    bench.put(1)
    bench.runner.step()
    bench.now -= timedelta(hours=1)
    bench.put(2)
    assert bench.run(2) == titles(1, 2)


def test_retry_later_keeps_the_order_and_a_state_that_matches_it():
    ready = NOON + timedelta(seconds=60)
    bench = Bench()
    bench.answer = lambda event: (
        RetryLater("not yet", 1) if event.article.title == "Title 2" and bench.now < ready else None
    )
    bench.put(1, 2, 3)
    assert bench.run(3) == titles(1)
    assert bench.run() == titles(1, 2, 3)


def test_a_stage_whose_transaction_failed_is_built_anew():
    Passing.built = 0
    broken = iter([True])

    def answer(event: FetchedArticle) -> None:
        if next(broken, False):
            raise OperationalError("INSERT", {}, Exception("disk full"))

    bench = Bench(answer)
    bench.put(1, 2)
    assert bench.run() == titles(1, 2)
    assert Passing.built == 2
    assert bench.dead() == [], "the database's trouble is not the event's"


@pytest.mark.parametrize("trouble", [DatabaseError("SELECT", {}, Exception("disk I/O error")), MemoryError()])
def test_trouble_of_the_machine_is_never_an_events(trouble: Exception):
    broken = iter([True] * 10)

    def answer(event: FetchedArticle) -> None:
        if next(broken, False):
            raise trouble

    bench = Bench(answer)
    bench.put(1)
    bench.runner.step()
    assert bench.runner.trouble
    assert bench.run() == titles(1)
    assert (bench.dead(), bench.runner.trouble) == ([], "")


def test_an_unreadable_row_is_a_dead_letter_with_its_bytes():
    bench = Bench()
    bench.put(1, 2)
    with bench.database.write() as tx:
        tx.exec_driver_sql("UPDATE log SET value = x'00ff' WHERE topic = ? AND offset = 0", (IN,))
    assert bench.run() == titles(2)
    assert "unreadable" in bench.dead()[0]


def test_a_stage_that_buries_most_events_stops_and_says_so():
    bench = Bench(lambda event: Poison("misconfigured"))
    bench.put(*range(1, 26))
    bench.run()
    assert "mend the cause" in bench.runner.stopped
    bench.put(99)
    bench.run()
    assert len(bench.dead()) == 25


def test_a_stage_that_cannot_be_built_waits_and_loses_nothing():
    bench = Bench()
    attempts = iter([True] * 10)

    def load(tx: Tx) -> Passing:
        if next(attempts, False):
            raise RuntimeError("not yet")
        return Passing()

    service = Service("deduplicator", check=lambda desk: [], stage=lambda context: load)
    bench.runner = bench.runner_of(service, bench.runner._context)
    bench.put(1, 2)
    assert bench.run() == titles(1, 2)
    assert bench.dead() == []


@pytest.mark.parametrize("count", [1, 450])
def test_more_than_one_batch_passes_whole(count: int):
    bench = Bench()
    bench.put(*range(count))
    assert bench.run() == titles(*range(count))


def test_a_stage_that_is_always_busy_still_ticks():
    ticks = []

    class Ticking(Passing):
        def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
            ticks.append(now)
            return []

    bench = Bench()
    service = Service("deduplicator", check=lambda desk: [], stage=lambda context: lambda tx: Ticking())
    bench.runner = bench.runner_of(service, bench.runner._context)
    bench.put(*range(1000))
    bench.run(5)
    assert len(ticks) == 5


def test_a_batch_is_bounded_by_its_texts():
    sizes = []

    class Sizing(Passing):
        def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
            sizes.append(len(batch))
            return super().handle(batch, tx, now)

    bench = Bench()
    service = Service("deduplicator", check=lambda desk: [], stage=lambda context: lambda tx: Sizing())
    bench.runner = bench.runner_of(service, bench.runner._context)
    with bench.database.write() as tx:
        log.append(tx, IN, [fetched(number, text="long " * 40_000) for number in range(12)], NOON)
    assert bench.run() == titles(*range(12))
    assert sizes == [5, 5, 2]
