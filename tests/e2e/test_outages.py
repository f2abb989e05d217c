"""Workers without their broker or their database, at the start and in the midst of work: each says so, and waits.

That what is said is said once a minute is shown with a clock of the test's own in tests/unit/core/test_outages.py.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from newswatch_core.outages import about
from newswatch_core.services import ORDER
from newswatch_core.storage.database import migrate_url
from tests.support.kafka_broker import Broker
from tests.support.kafka_crew import Desk
from tests.support.mailserver import MailServer
from tests.support.newsstand import Newsstand
from tests.support.postgres import Server, start_server
from tests.support.slackserver import Answer, SlackServer
from tests.support.waiting import until
from tests.support.wholepath import News, Workers, judge, logged, write_desk

SEED = 20261126
EVENTS = 16
ARTICLES = 200
PATIENCE = 90.0


Line = dict[str, object]


class Needed(Protocol):
    """A broker or a database."""

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Ground:
    """A broker and a database of the test's own, four workers on them, and what stands before and behind those."""

    def __init__(self, broker: Broker, database: Server, folder: Path, stack: ExitStack) -> None:
        self.needed: dict[str, Needed] = {"kafka": broker, "database": database}
        self.running: list[subprocess.Popen[bytes]] = []
        self._stack = stack
        self._news = News(SEED, articles=ARTICLES, events=EVENTS)
        topics = Desk(broker.address, folder)
        topics.create_topics()
        stand = stack.enter_context(Newsstand())
        self._news.put_on(stand)
        self._mail = stack.enter_context(MailServer())
        self._slack = stack.enter_context(SlackServer())
        # So that there is a message on its way whenever something goes away.
        self._slack.always(Answer(seconds=0.5))
        settings = {"prefix": topics.prefix, "max_record": 400_000}
        self._desk = write_desk(stand, self._mail, self._news.events, folder / "desk", kafka=settings)
        self._workers = Workers(broker.address, database.url(), self._slack, folder)

    def start(self) -> None:
        for name in reversed(ORDER):
            self.running.append(self._stack.enter_context(self._workers.worker(name, self._desk, "one")))

    def lines(self, name: str) -> list[Line]:
        log = self._workers.log(name, "one")
        return logged(log) if log.exists() else []

    def in_the_midst(self) -> bool:
        """Whether every service has begun, and none can be done."""
        return len(self._slack.accepted) > 0 and all(self.lines(name) for name in ORDER)

    def expect_all_to_arrive(self) -> None:
        def verdicts() -> list[tuple[set[str], list[str]]]:
            taken = (self._slack.accepted, self._mail.received)
            return [judge([one.words for one in messages], self._news.events) for messages in taken]

        until(lambda: not any(lost for lost, _ in verdicts()), PATIENCE, every=0.5, told=verdicts)
        assert verdicts() == [(set(), []), (set(), [])]
        assert all(one.poll() is None for one in self.running), "a worker ended instead of waiting"


@pytest.fixture
def ground(own_kafka: Broker, tmp_path: Path) -> Iterator[Ground]:
    database = start_server()
    migrate_url(database.url())
    (tmp_path / "ground").mkdir()
    try:
        with ExitStack() as stack:
            yield Ground(own_kafka, database, tmp_path / "ground", stack)
    finally:
        database.kill()


@pytest.mark.parametrize("what", ["kafka", "database"])
def test_a_worker_says_once_that_it_is_away_and_goes_on_when_it_is_there(ground: Ground, what: str):
    ground.needed[what].kill()
    ground.start()
    expect_one_line(lambda name: [line for line in ground.lines(name) if waits_for(line, what)])
    assert not [line for name in ORDER for line in ground.lines(name) if line["event"] == "library"]
    ground.needed[what].start()
    until(ground.in_the_midst, PATIENCE)
    assert all("no longer waiting" in [line["event"] for line in ground.lines(name)] for name in ORDER)

    ground.needed[what].kill()
    expect_one_line(lambda name: [line for line in ground.lines(name) if about(line) == what])
    ground.needed[what].start()
    ground.expect_all_to_arrive()
    assert not [line for name in ORDER for line in ground.lines(name) if line["event"] in {"restarting", "dead letter"}]


def waits_for(line: Line, what: str) -> bool:
    return line["event"] == "waiting" and line["what"] == what


def expect_one_line(told: Callable[[str], list[Line]]) -> None:
    """That within a minute every service says it, and none twice, however often it tries."""
    began = time.monotonic()
    until(lambda: all(told(name) for name in ORDER), 50, told=lambda: {name: told(name) for name in ORDER})
    time.sleep(6)
    assert {name: len(told(name)) for name in ORDER} == dict.fromkeys(ORDER, 1)
    assert time.monotonic() - began < 60, "too slow a machine to see that nothing is said twice in a minute"
