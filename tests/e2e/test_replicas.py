"""Two replicas of every service, on Kafka and PostgreSQL, give the alerts of the one process with its one file.

Both read one newsstand through the fetcher and send to a server that answers like Slack and to a real SMTP server.
`make twins` does it with 2,000 articles.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from newswatch_core.admin import connected
from newswatch_core.events import Event, decode, key_of
from newswatch_core.ports import Context
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.services import installed_services
from newswatch_core.settings import Settings
from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_file, open_memory, open_url
from newswatch_core.topics import ALERTS, ARTICLES_DEDUPLICATED, ARTICLES_FETCHED, Topic
from tests.support.kafka_crew import Desk
from tests.support.mailserver import MailServer
from tests.support.newsstand import Newsstand
from tests.support.slackserver import SlackServer
from tests.support.twins import Outcome, decided_in, outcome_of
from tests.support.waiting import until
from tests.support.wholepath import (
    News,
    Workers,
    arrived,
    embedded_rests,
    logged,
    nothing_waits,
    process,
    rules_of,
    write_desk,
)

ARTICLES = int(os.environ.get("NEWSWATCH_TEST_ARTICLES", "400"))
EVENTS = ARTICLES // 20
SEED = 20261125
REPLICAS = ("one", "two")
SHARES = {"deduplicator": [0, 1], "tagger": [4, 4], "alerter": [4, 4]}
"""By stage: how many partitions its replicas hold."""


@pytest.fixture(scope="module")
def news() -> News:
    return News(SEED, articles=ARTICLES, events=EVENTS)


@pytest.fixture(scope="module")
def stand(news: News) -> Iterator[Newsstand]:
    with Newsstand() as stand:
        news.put_on(stand)
        yield stand


def wait_for_rest(at_rest: Callable[[], bool], running: list[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + 120 + ARTICLES / 2
    while not at_rest():
        assert time.monotonic() < deadline, "articles or deliveries are still on their way"
        assert all(one.poll() is None for one in running), "a process ended by itself: see its log"
        time.sleep(0.5)


def run_embedded(stand: Newsstand, news: News, folder: Path) -> Outcome:
    data = folder / "data"
    with MailServer() as mail, SlackServer() as slack:
        desk = write_desk(stand, mail, news.events, folder / "desk")
        arguments: list[str | Path] = ["run", desk, "--data", data]
        with process(arguments, folder / "log", NEWSWATCH_TEST_WEBHOOK=slack.url) as running:
            wait_for_rest(lambda: embedded_rests(data / "newswatch.db", ARTICLES), [running])
        messages = arrived(slack, mail)
    database = open_file(data / "newswatch.db")
    try:
        deduplicated, alerted = (_logged(database, topic) for topic in (ARTICLES_DEDUPLICATED, ALERTS))
        return outcome_of(database, deduplicated=deduplicated, alerted=alerted, messages=messages, rules=news.rules)
    finally:
        database.close()


def _logged(database: Database, topic: Topic) -> list[Event]:
    with database.read() as tx:
        records = log.read(tx, topic.name, 0, 10 * ARTICLES)
    return [record.event for record in records if record.event is not None]


class Crew:
    """Two workers of every service; after `run`, what they said."""

    def __init__(self, topics: Desk, postgres: str, folder: Path) -> None:
        self._topics = topics
        self._postgres = postgres
        self._folder = folder
        self.fetched: list[Event] = []
        """What the fetchers brought, in its order."""

    def run(self, stand: Newsstand, news: News) -> Outcome:
        settings = {"prefix": self._topics.prefix, "max_record": 400_000}
        with MailServer() as mail, SlackServer() as slack:
            desk = write_desk(stand, mail, news.events, self._folder / "desk", kafka=settings)
            workers = Workers(self._topics.address, self._postgres, slack, self._folder)
            with ExitStack() as stack:

                def start(name: str) -> list[subprocess.Popen[bytes]]:
                    return [stack.enter_context(workers.worker(name, desk, replica)) for replica in REPLICAS]

                running = [one for name in SHARES for one in start(name)]
                # Before there is work: what is there at once, one replica would do before the other has begun.
                until(lambda: {name: sorted(self.held(name)) for name in SHARES} == SHARES, 120)
                running += start("fetcher")
                database = open_url(self._postgres)
                stack.callback(database.close)
                wait_for_rest(lambda: self._rests(database), running)
                messages = arrived(slack, mail)
                self.fetched = self._read(ARTICLES_FETCHED)
                deduplicated, alerted = self._read(ARTICLES_DEDUPLICATED), self._read(ALERTS)
                return outcome_of(
                    database, deduplicated=deduplicated, alerted=alerted, messages=messages, rules=news.rules
                )

    def _rests(self, database: Database) -> bool:
        # In the order of the path: what one look finds done, the next finds further on. An article stands in the
        # database before its event is sent, and an event may be sent twice.
        if len({key_of(event) for event in self._read(ARTICLES_FETCHED)}) < ARTICLES or self._lag():
            return False
        with database.read() as tx:
            return nothing_waits(tx, ARTICLES)

    def _lag(self) -> int:
        with connected(self._topics.broker) as admin:
            return sum(row.events for row in admin.lag())

    def _read(self, topic: Topic) -> list[Event]:
        return [decode(record.value) for record in self._topics.read(topic.name)]

    def held(self, name: str) -> list[int]:
        """How many partitions each replica of a stage said last that it holds; -1 before it has joined."""
        told = [[-1, *(line["partitions"] for line in self.lines(name, replica, "assigned"))] for replica in REPLICAS]
        return [int(str(counts[-1])) for counts in told]

    def lines(self, name: str, replica: str, event: str) -> list[dict[str, object]]:
        """What the worker logged as `event`."""
        return [line for line in logged(self._folder / f"{name}-{replica}.log") if line["event"] == event]


def test_two_replicas_of_every_service_give_the_alerts_of_one_process(
    news: News, stand: Newsstand, kafka: str, postgres_url: str, tmp_path: Path
):
    for name in ("embedded", "kafka"):
        (tmp_path / name).mkdir()
    topics = Desk(kafka, tmp_path / "kafka")
    topics.create_topics()
    crew = Crew(topics, postgres_url, tmp_path / "kafka")
    alone = run_embedded(stand, news, tmp_path / "embedded")
    shared = crew.run(stand, news)

    assert shared.alerts == alone.alerts
    assert shared.emitted == alone.emitted
    assert shared.told == alone.told
    for outcome in (alone, shared):
        expect_all_events_once(outcome, news)
    # Which noise looks alike depends on the order in which it came: so that of the replicas, but one after the other.
    assert shared.decided == decisions_of(crew.fetched)
    expect_all_at_work(crew, news)


def expect_all_events_once(outcome: Outcome, news: News) -> None:
    """Against what the stand has, so that both runs cannot be wrong alike."""
    stories = {event.land: frozenset(news.urls[event.land]) for event in news.events}
    assert outcome.stories >= set(stories.values())
    assert outcome.alerts == {
        (rule, stories[event.land], len(stories[event.land])): 1 for event in news.events for rule in rules_of(event)
    }
    told = {rules_of(event): 1 for event in news.events}
    assert outcome.told == {"slack": told, "mail": told}


def decisions_of(fetched: list[Event]) -> dict[str, tuple[str | None, str]]:
    """What one deduplicator makes of the events in their order."""
    database = open_memory()
    context = Context(Path(), Settings(version="1"), database)
    (service,) = (one for one in installed_services() if one.name == "deduplicator")
    with database.write() as tx:
        log.append(tx, ARTICLES_FETCHED.name, fetched, context.clock())
    runner = StageRunner(service, context)
    while runner.step():
        pass
    try:
        return decided_in(_logged(database, ARTICLES_DEDUPLICATED))
    finally:
        database.close()


def expect_all_at_work(crew: Crew, news: News) -> None:
    """That the work was shared, and not all of it done by one replica."""
    polled = [[str(line["feed"]) for line in crew.lines("fetcher", replica, "poll")] for replica in REPLICAS]
    # Who is first takes what is due: two fetchers share the work only while it lasts (test_replicas.py of the fetcher).
    assert len({feed for feeds in polled for feed in feeds}) == news.feeds
    assert {name: sorted(crew.held(name)) for name in SHARES} == SHARES
    opened = [crew.lines("alerter", replica, "alert") for replica in REPLICAS]
    assert all(opened), "both alerters opened alerts"
