"""Replicas of this version and of the one before it, side by side under load: an upgrade loses nothing.

NEWSWATCH_TEST_EARLIER names a checkout of the version before, in which `make setup` was done. Without it both are this
version, and only the events are of a later one: every second has fields that no version knows yet.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from newswatch_core.admin import connected
from newswatch_core.events import DeduplicatedArticle, decode, encode, hash_id, key_of, utc_now
from newswatch_core.runtime.delivery import Outgoing
from newswatch_core.storage.database import open_url
from newswatch_core.storage.schema import alerts
from newswatch_core.topics import ARTICLES_DEDUPLICATED, ARTICLES_TAGGED, dead_letter_topic
from tests.support.articles import article
from tests.support.command import NEWSWATCH
from tests.support.kafka_crew import Desk
from tests.support.mailserver import MailServer
from tests.support.newsstand import Newsstand
from tests.support.press import Piece
from tests.support.slackserver import SlackServer
from tests.support.versions import earlier_command, with_later_fields
from tests.support.waiting import until
from tests.support.wholepath import News, Workers, judge, logged, rules_of, write_desk

SEED = 20261127
ARTICLES = 600
EVENTS = 30
STAGES = ("tagger", "alerter")


def deduplicated(number: int, piece: Piece) -> DeduplicatedArticle:
    """An article of the story of its event, or of its own."""
    made = article(number, title=piece.title, text=piece.text, seen=utc_now())
    return DeduplicatedArticle(article=made, copy_of=None, story=hash_id(piece.land) if piece.land else made.id)


def records(topics: Desk, events: Sequence[DeduplicatedArticle]) -> list[Outgoing]:
    """Every second of them as a later version writes it."""
    name = topics.broker.named(ARTICLES_DEDUPLICATED.name)
    values = [encode(event) for event in events]
    values[::2] = [json.dumps(with_later_fields(json.loads(value))).encode() for value in values[::2]]
    return [Outgoing(name, key_of(event).encode(), value) for event, value in zip(events, values, strict=True)]


class Upgrade:
    """Two replicas of the tagger and of the alerter, each of one version or the other."""

    def __init__(self, workers: Workers, desk: Path) -> None:
        self._workers = workers
        self._desk = desk
        self._running: dict[tuple[str, str], ExitStack] = {}

    def run(self, replica: str, command: Path) -> None:
        """Both services as `replica` by this command; what ran under that name is asked to stop first.

        Returns when they have their share of the partitions.
        """
        before = {stage: self._assigned(stage, replica) for stage in STAGES}
        for stage in STAGES:
            self._running.pop((stage, replica), ExitStack()).close()
            stack = self._running[stage, replica] = ExitStack()
            stack.enter_context(self._workers.worker(stage, self._desk, replica, command=command))
        until(lambda: all(self._assigned(stage, replica) > before[stage] for stage in STAGES), 90)

    def _assigned(self, stage: str, replica: str) -> int:
        log = self._workers.log(stage, replica)
        return sum(line["event"] == "assigned" for line in logged(log)) if log.exists() else 0

    def end(self) -> None:
        with ExitStack() as stack:
            for running in self._running.values():
                stack.push(running.pop_all().__exit__)


def test_replicas_of_two_versions_share_the_work_and_lose_nothing(kafka_desk: Desk, postgres_url: str, tmp_path: Path):
    news = News(SEED, articles=ARTICLES, events=EVENTS)
    given = [deduplicated(number, piece) for number, piece in enumerate(news.pieces)]
    third = ARTICLES // 3
    with Newsstand() as stand, MailServer() as mail, SlackServer() as slack:
        news.put_on(stand)
        settings = {"prefix": kafka_desk.prefix, "max_record": 400_000}
        desk = write_desk(stand, mail, news.events, tmp_path / "desk", kafka=settings)
        upgrade = Upgrade(Workers(kafka_desk.address, postgres_url, slack, tmp_path), desk)
        try:
            upgrade.run("one", earlier_command())
            upgrade.run("two", earlier_command())
            for turn, replica in enumerate(("", "one", "two")):
                kafka_desk.put_records(records(kafka_desk, given[turn * third : (turn + 1) * third]))
                until(lambda turn=turn: len(kafka_desk.read(ARTICLES_TAGGED.name)) > turn * third, 60, every=0.5)
                if replica:
                    upgrade.run(replica, NEWSWATCH)
            until(lambda: behind(kafka_desk) == 0, 120, every=0.5)
            until(lambda: len(slack.accepted) >= EVENTS and len(mail.received) >= EVENTS, 60)
        finally:
            upgrade.end()
        verdicts = [judge([one.words for one in taken], news.events) for taken in (slack.accepted, mail.received)]
    assert verdicts == [(set(), []), (set(), [])]
    tagged = {key_of(decode(record.value)) for record in kafka_desk.read(ARTICLES_TAGGED.name)}
    assert tagged == {event.article.id for event in given}
    assert [kafka_desk.read(dead_letter_topic(stage)) for stage in STAGES] == [[], []]
    assert sorted(fired(postgres_url)) == sorted(rule for event in news.events for rule in rules_of(event))


def behind(topics: Desk) -> int:
    with connected(topics.broker) as admin:
        return sum(row.events for row in admin.lag())


def fired(postgres: str) -> list[str]:
    """The rules of all alerts."""
    database = open_url(postgres)
    try:
        with database.read() as tx:
            return list(tx.execute(alerts.select().with_only_columns(alerts.c.rule)).scalars())
    finally:
        database.close()
