"""A stage's batches on Kafka, without Kafka: what comes of records, and what is waited for."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle, decode, encode
from newswatch_core.ports import Context, LoadStage, Outcome, Poison, RetryLater, Service, Tx
from newswatch_core.runtime import batches as module
from newswatch_core.runtime.batches import Batches, Incoming, StoppingError
from newswatch_core.runtime.broker import broker_of
from newswatch_core.runtime.delivery import Outgoing
from newswatch_core.settings import Kafka, Settings
from newswatch_core.storage.database import open_memory
from tests.support.articles import NOON, fetched

BROKER = broker_of(Kafka(), "broker:9092")
Answer = Callable[[FetchedArticle], Outcome | None]


class Passing:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.seen = 0

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for event in batch:
            assert isinstance(event, FetchedArticle)
            self.seen += 1
            passed = DeduplicatedArticle(article=event.article, copy_of=None, story=str(self.seen))
            outcomes.append(self._answer(event) or [passed])
        return outcomes

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return [DeduplicatedArticle(article=fetched(7).article, copy_of=None, story="ticked")]


class Bench:
    """Batches over a database in memory; `loads` counts the stages that were built."""

    def __init__(self, answer: Answer = lambda event: None, *, limit: int = 100_000) -> None:
        self.loads = 0
        self.stopping = threading.Event()

        def load(tx: Tx) -> Passing:
            self.loads += 1
            return Passing(answer)

        service = Service("deduplicator", check=lambda desk: [], stage=lambda context: load)
        context = Context(Path(), Settings(version="1"), open_memory(), clock=lambda: NOON)
        self.batches = Batches(service, context, BROKER, limits=(limit, limit), stopping=self.stopping)

    def run(self, *events: FetchedArticle | bytes) -> list[Outgoing]:
        batch = [
            Incoming("articles.fetched", 0, offset, b"key", event if isinstance(event, bytes) else encode(event))
            for offset, event in enumerate(events)
        ]
        outgoing: list[Outgoing] = []
        while batch:
            led_to, done = self.batches.handle(batch)
            assert done > 0
            outgoing += led_to
            batch = batch[done:]
        return outgoing


def shown(records: Sequence[Outgoing]) -> list[str]:
    """The title of what passed, the reason of what did not."""
    words = []
    for record in records:
        if record.topic == "dead-letters.deduplicator":
            words.append(dict(record.headers)["reason"].decode())
        else:
            event = decode(record.value)
            assert isinstance(event, DeduplicatedArticle)
            words.append(event.article.title)
    return words


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch):
    for pause in ("_DATABASE_PAUSE", "_LOAD_PAUSE", "_TRY_PAUSE"):
        monkeypatch.setattr(module, pause, 0.0)


def test_what_passes_keeps_its_order_and_poison_stands_in_its_place():
    bench = Bench(lambda event: Poison("no") if event.article.title == "Title 2" else None)
    assert shown(bench.run(fetched(1), fetched(2), b"{", fetched(3)))[:2] == ["Title 1", "no"]
    assert bench.loads == 1


def test_the_one_event_of_a_large_batch_that_raises_is_dead_after_three_tries():
    def answer(event: FetchedArticle) -> None:
        if event.article.title == "Title 250":
            raise ValueError("cannot")

    bench = Bench(answer)
    outgoing = bench.run(*map(fetched, range(500)))
    expected = [f"Title {number}" for number in range(500)]
    expected[250] = "ValueError('cannot')"
    assert shown(outgoing) == expected
    assert dict(outgoing[250].headers)["tries"] == b"3"


def test_texts_bound_a_portion_as_well():
    batch = [Incoming("t", 0, number, b"k", encode(fetched(number, text="x" * 400_000))) for number in range(6)]
    done = Bench().batches.handle(batch)[1]
    assert done == 2
    large = Incoming("t", 0, 0, b"k", encode(fetched(1, text="x" * 2_000_000)))
    assert Bench().batches.handle([large, large])[1] == 1


def test_configuration_is_read_once_however_often_the_stage_is_loaded():
    read = 0

    def stage(context: Context) -> LoadStage:
        nonlocal read
        read += 1
        return lambda tx: Passing(lambda event: None)

    context = Context(Path(), Settings(version="1"), open_memory(), clock=lambda: NOON)
    service = Service("deduplicator", check=lambda desk: [], stage=stage)
    batches = Batches(service, context, BROKER, limits=(100_000, 100_000), stopping=threading.Event())
    for number in range(3):
        batches.forget()
        batches.handle([Incoming("t", 0, number, b"k", encode(fetched(number)))])
    assert read == 1


def test_want_of_memory_is_waited_out_and_buries_nothing():
    troubles = iter([True] * 5)

    def answer(event: FetchedArticle) -> None:
        if next(troubles, False):
            raise MemoryError

    assert shown(Bench(answer).run(fetched(1), fetched(2))) == ["Title 1", "Title 2"]


def test_trouble_of_the_database_is_waited_out_and_buries_nothing():
    troubles = iter([True] * 5)

    def answer(event: FetchedArticle) -> None:
        if next(troubles, False):
            raise OperationalError("INSERT", {}, Exception("the server is starting up"))

    bench = Bench(answer)
    assert shown(bench.run(fetched(1), fetched(2))) == ["Title 1", "Title 2"]
    assert bench.loads == 6, "a stage whose transaction failed is not used again"


def test_what_comes_before_an_event_that_waits_is_handed_out_first():
    asked = iter([True] * 3)
    bench = Bench(
        lambda event: RetryLater("wait", 0) if event.article.title == "Title 2" and next(asked, False) else None
    )
    batch = [Incoming("t", 0, number, b"k", encode(fetched(number))) for number in (1, 2, 3)]
    outgoing, done = bench.batches.handle(batch)
    assert (shown(outgoing), done) == (["Title 1"], 1)
    outgoing, done = bench.batches.handle(batch[1:])
    assert (shown(outgoing), done) == (["Title 2", "Title 3"], 2)


def test_a_stop_while_waiting_acknowledges_nothing():
    bench = Bench(lambda event: RetryLater("wait", 60))
    bench.stopping.set()
    with pytest.raises(StoppingError):
        bench.run(fetched(1))


def test_a_result_too_large_for_its_topic_is_a_dead_letter_with_the_input():
    bench = Bench(limit=2_500)
    large = fetched(2, text="x" * 2_000)
    outgoing = bench.run(fetched(1), large)
    assert shown(outgoing)[0] == "Title 1"
    assert "articles.deduplicated takes 2500" in shown(outgoing)[1]


def test_a_stage_is_loaded_anew_when_others_may_have_written():
    bench = Bench()
    bench.run(fetched(1))
    bench.run(fetched(2))
    assert bench.loads == 1
    bench.batches.forget()
    bench.run(fetched(3))
    assert bench.loads == 2


def test_a_stage_that_buries_most_events_hands_them_out_and_then_has_stopped():
    bench = Bench(lambda event: Poison("misconfigured"))
    assert not bench.batches.stopped
    assert len(bench.run(*map(fetched, range(30)))) == 30
    assert "mend the cause" in bench.batches.stopped


def test_what_a_tick_leads_to_is_delivered_before_it_is_committed():
    bench = Bench()
    delivered: list[Outgoing] = []
    bench.batches.tick(delivered.extend)
    assert shown(delivered) == ["Title 7"]

    def away(records: Sequence[Outgoing]) -> None:
        raise RuntimeError("not delivered")

    bench.batches.tick(away)
    assert bench.loads == 1
    bench.batches.tick(delivered.extend)
    assert bench.loads == 2, "the tick that was not delivered never happened"
