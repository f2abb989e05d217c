"""A stage gone through again: its clock, its ticks, its dead letters, and what it remembers."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle, encode
from newswatch_core.past import Past
from newswatch_core.ports import Context, LoadStage, Outcome, Poison, RetryLater, Service, Tx
from newswatch_core.replay import Replay
from newswatch_core.settings import Settings
from newswatch_core.storage.schema import decisions
from tests.support.articles import NOON, fetched

Answer = Callable[[FetchedArticle, datetime], Outcome | None]
SECOND = timedelta(seconds=1)


class Counting:
    """A stage that counts in the database what it has handled: that is the story it gives to an article."""

    def __init__(self, bench: "Bench") -> None:
        self._bench = bench

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        outcomes: list[Outcome] = []
        for event in batch:
            assert isinstance(event, FetchedArticle)
            self._bench.handled.append(now)
            number = tx.execute(select(func.count()).select_from(decisions)).scalar_one()
            row = {"service": "x", "article": event.article.id, "revision": event.article.revision, "value": b""}
            tx.execute(insert(decisions).values(**row, at=now))
            passed = DeduplicatedArticle(article=event.article, copy_of=None, story=str(number))
            outcomes.append(self._bench.answer(event, now) or [passed])
        return outcomes

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        self._bench.ticks.append(now)
        return self._bench.ticked(now)


class Bench:
    def __init__(self, answer: Answer = lambda event, now: None) -> None:
        self.answer = answer
        self.ticked: Callable[[datetime], Sequence[Event]] = lambda now: ()
        self.handled: list[datetime] = []
        self.ticks: list[datetime] = []
        self.loads = 0
        self.tally = (0, 0, 0)

    def _stage(self, context: Context) -> LoadStage:
        def load(_tx: Tx) -> Counting:
            self.loads += 1
            return Counting(self)

        return load

    def run(self, *past: Past, started: datetime = NOON) -> list[dict[str, Any]]:
        service = Service("deduplicator", check=lambda desk: [], stage=self._stage)
        with Replay(service, Path(), Settings(version="1"), started) as replay:
            lines = [json.loads(line) for line in replay.run(past)]
            self.tally = (replay.read, replay.out, replay.dead)
        return lines


def past(number: int, at: datetime = NOON, event: FetchedArticle | Poison | None = None) -> Past:
    event = event or fetched(number)
    value = b"{" if isinstance(event, Poison) else encode(event)
    return Past(at, "articles.fetched", 0, number, f"key {number}", value, event)


def test_events_come_out_as_they_would_stand_on_their_topic_with_state_kept_between():
    bench = Bench()
    lines = bench.run(past(1), past(2))
    assert [(line["type"], line["article"]["title"], line["story"]) for line in lines] == [
        ("deduplicated-article", "Title 1", "0"),
        ("deduplicated-article", "Title 2", "1"),
    ]
    assert bench.tally == (2, 2, 0)
    assert bench.run(past(3))[0]["story"] == "0", "the next run remembers nothing"


def test_the_clock_is_the_time_of_the_record_and_never_goes_back():
    bench, later = Bench(), NOON - timedelta(minutes=5)
    bench.run(past(1, NOON - timedelta(hours=1)), past(2, later), past(3, later - 9 * SECOND))
    assert bench.handled == [NOON - timedelta(hours=1), later, later]


def test_it_ticks_in_the_pauses_and_until_it_was_started():
    bench = Bench()
    begin = NOON - timedelta(minutes=4)
    bench.run(past(1, begin), past(2, begin + SECOND / 2), past(3, begin + 2 * SECOND), past(4, begin + 90 * SECOND))
    assert [(tick - begin).total_seconds() for tick in bench.ticks] == [2, 62, 90, 150, 210, 240]


def test_what_a_tick_leads_to_comes_out_in_its_place():
    bench = Bench()
    bench.ticked = lambda now: [DeduplicatedArticle(article=fetched(9).article, copy_of=None, story="tick")]
    lines = bench.run(past(1, NOON - 3 * SECOND), past(2, NOON))
    assert [line["story"] for line in lines] == ["0", "tick", "1"]


def test_a_tick_that_raises_ends_nothing():
    def raising(now: datetime) -> Sequence[Event]:
        raise ValueError("cannot")

    bench = Bench()
    bench.ticked = raising
    assert len(bench.run(past(1, NOON - 3 * SECOND), past(2, NOON))) == 2


def test_poison_and_what_raises_three_times_are_marked_as_dead_letters():
    def answer(event: FetchedArticle, now: datetime) -> Outcome | None:
        if event.article.title == "Title 3":
            raise ValueError("cannot")
        return Poison("no") if event.article.title == "Title 2" else None

    bench = Bench(answer)
    lines = bench.run(past(1), past(2), past(3), past(4, event=Poison("unreadable event: x")), past(5))
    dead = [line for line in lines if line["type"] == "dead-letter"]
    told = [(one["offset"], one["key"], one["reason"], one["tries"]) for one in dead]
    assert told == [
        (2, "key 2", "no", 1),
        (3, "key 3", "ValueError('cannot')", 3),
        (4, "key 4", "unreadable event: x", 1),
    ]
    assert dead[0]["value"] == encode(fetched(2)).decode()
    assert bench.tally == (5, 2, 3)
    assert lines[-1]["story"] == "2", "what raised left nothing: two were handled before"


def test_an_event_that_has_to_wait_is_tried_again_as_time_goes_on():
    ready = NOON - timedelta(minutes=50)
    bench = Bench(lambda event, now: None if now >= ready else RetryLater("not yet", 300))
    assert len(bench.run(past(1, NOON - timedelta(hours=1)))) == 1
    assert bench.handled[-1] >= ready
    endless = Bench(lambda event, now: RetryLater("never", 1))
    assert endless.run(past(1))[0]["reason"] == "it has to wait: never"


def test_want_of_memory_ends_the_replay_and_buries_nothing():
    def answer(event: FetchedArticle, now: datetime) -> None:
        raise MemoryError

    with pytest.raises(MemoryError):
        Bench(answer).run(past(1))


def test_without_a_record_nothing_happens():
    bench = Bench()
    assert (bench.run(), bench.ticks, bench.loads) == ([], [], 0)
