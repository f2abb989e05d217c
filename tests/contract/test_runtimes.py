"""What every runtime does with the events of a stage: one set of tests, inherited by each of them."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from newswatch_core.events import DeduplicatedArticle, FetchedArticle, decode, encode
from newswatch_core.ports import Context
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.settings import Settings
from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_folder
from newswatch_core.storage.schema import dead_letters
from tests.support.articles import NOON, fetched
from tests.support.crew import SERVICE
from tests.support.kafka_crew import DEAD, IN, OUT, Desk, WorkerProcess


class Letter(NamedTuple):
    """A dead letter."""

    reason: str
    tries: int
    value: bytes


class Bench(ABC):
    """A runtime with the stage of tests.support.crew."""

    folder: Path

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @abstractmethod
    def put(self, *events: FetchedArticle) -> None: ...

    @abstractmethod
    def passed(self) -> Sequence[DeduplicatedArticle]: ...

    @abstractmethod
    def dead(self) -> Sequence[Letter]: ...

    def step(self) -> None:
        time.sleep(0.1)

    def wait_for(self, *, passed: int = 0, dead: int = 0, seconds: float = 90) -> Sequence[DeduplicatedArticle]:
        deadline = time.monotonic() + seconds
        while len(found := self.passed()) < passed or len(self.dead()) < dead:
            assert time.monotonic() < deadline, (len(found), self.dead())
            self.step()
        return found


class RuntimeContract:
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        raise NotImplementedError

    def test_events_of_one_article_keep_their_order(self, bench: Bench):
        bench.start()
        for revision in range(30):
            bench.put(*(fetched(number, title=f"Title {number} {revision}") for number in range(10)))
        found = bench.wait_for(passed=300)
        for number in range(10):
            titles = [event.article.title for event in found if event.article.id == fetched(number).article.id]
            assert titles == [f"Title {number} {revision}" for revision in range(30)]

    def test_a_replayed_event_leads_to_the_same_as_before(self, bench: Bench):
        bench.put(fetched(1), fetched(2), fetched(1), fetched(3), fetched(2))
        bench.start()
        found = bench.wait_for(passed=5)
        stories = {event.article.title: {one.story for one in found if one.article == event.article} for event in found}
        assert sorted(stories) == ["Title 1", "Title 2", "Title 3"]
        assert all(len(story) == 1 for story in stories.values())

    def test_a_changed_revision_is_judged_anew(self, bench: Bench):
        bench.put(fetched(1, text="As first published."), fetched(1, text="As corrected."))
        bench.start()
        first, second = bench.wait_for(passed=2)
        assert first.article.id == second.article.id
        assert first.story != second.story
        assert second.article.text == "As corrected."

    def test_poison_is_a_dead_letter_with_its_bytes_and_the_rest_passes(self, bench: Bench):
        bad = fetched(2, title="Poison it is")
        bench.put(fetched(1), bad, fetched(3))
        bench.start()
        assert len(bench.wait_for(passed=2, dead=1)) == 2
        assert bench.dead() == [Letter("asked for", 1, encode(bad))]

    def test_an_event_that_raises_three_times_is_a_dead_letter_and_its_batch_passes(self, bench: Bench):
        bad = fetched(50, title="Raises always")
        bench.put(*map(fetched, range(50)), bad, *map(fetched, range(51, 100)))
        bench.start()
        assert len(bench.wait_for(passed=99, dead=1)) == 99
        assert bench.dead() == [Letter("ValueError('asked for')", 3, encode(bad))]

    def test_an_event_that_cannot_be_processed_yet_waits_and_is_not_overtaken(self, bench: Bench):
        same = fetched(2).article.url
        bench.put(fetched(1), fetched(2, title="Later"), fetched(2, url=same, title="After it"))
        bench.start()
        bench.wait_for(passed=1)
        for _ in range(5):
            bench.step()
        assert len(bench.passed()) == 1
        (bench.folder / "ready").touch()
        found = bench.wait_for(passed=3)
        ours = [event.article.title for event in found if event.article.url == same]
        assert ours == ["Later", "After it"]
        assert bench.dead() == []

    def test_what_is_stopped_goes_on_where_it_was(self, bench: Bench):
        bench.put(*map(fetched, range(20)))
        bench.start()
        bench.wait_for(passed=20)
        bench.stop()
        bench.put(*map(fetched, range(20, 40)))
        bench.start()
        found = bench.wait_for(passed=40)
        assert len(found) == 40, "a clean stop repeats nothing"


class Embedded(Bench):
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._now = NOON
        self.database: Database = open_folder(folder)
        self._runner: StageRunner | None = None

    def start(self) -> None:
        self._runner = StageRunner(SERVICE, Context(self.folder, Settings(version="1"), self.database))

    def stop(self) -> None:
        self._runner = None

    def put(self, *events: FetchedArticle) -> None:
        with self.database.write() as tx:
            log.append(tx, IN, events, NOON)

    def passed(self) -> Sequence[DeduplicatedArticle]:
        with self.database.read() as tx:
            events = [record.event for record in log.read(tx, OUT, 0, 1000)]
        return [event for event in events if isinstance(event, DeduplicatedArticle)]

    def dead(self) -> Sequence[Letter]:
        with self.database.read() as tx:
            return [Letter(row.reason, row.tries, row.value) for row in tx.execute(dead_letters.select())]

    def step(self) -> None:
        assert self._runner is not None
        if not self._runner.step():
            time.sleep(0.02)


class OnKafka(Bench):
    def __init__(self, desk: Desk) -> None:
        self.folder = desk.folder
        self._desk = desk
        self._worker: WorkerProcess | None = None
        open_folder(desk.folder / "state").close()

    def start(self) -> None:
        self._worker = self._desk.worker()

    def stop(self) -> None:
        assert self._worker is not None
        assert self._worker.stop() == 0, self._worker.log[-4000:]

    def put(self, *events: FetchedArticle) -> None:
        self._desk.put(events)

    def passed(self) -> Sequence[DeduplicatedArticle]:
        return self._desk.passed()

    def dead(self) -> Sequence[Letter]:
        records = self._desk.read(DEAD)
        return [Letter(one.headers["reason"], int(one.headers["tries"]), one.value) for one in records]

    def end(self) -> None:
        if self._worker is not None:
            self._worker.end()


class TestEmbedded(RuntimeContract):
    @pytest.fixture
    def bench(self, tmp_path: Path) -> Iterator[Bench]:
        bench = Embedded(tmp_path)
        yield bench
        bench.database.close()


class TestKafka(RuntimeContract):
    @pytest.fixture
    def bench(self, kafka_desk: Desk) -> Iterator[Bench]:
        bench = OnKafka(kafka_desk)
        yield bench
        bench.end()

    def test_a_result_that_is_too_large_for_the_topic_is_a_dead_letter(self, bench: Bench):
        big = fetched(2, title="Big one")
        bench.put(fetched(1), big, fetched(3))
        bench.start()
        assert len(bench.wait_for(passed=2, dead=1)) == 2
        (letter,) = bench.dead()
        assert "bytes" in letter.reason
        assert decode(letter.value) == big
