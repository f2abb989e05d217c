"""The embedded log as `newswatch lag` and `newswatch topics show` tell of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import Column, Connection, func, select

from newswatch_core.services import ORDER
from newswatch_core.settings import Retention
from newswatch_core.storage import log
from newswatch_core.storage.schema import dead_letters
from newswatch_core.storage.schema import log as log_table
from newswatch_core.topics import TOPICS, dead_letter_topic


@dataclass(frozen=True)
class Lag:
    """How far the service is behind in one partition; `committed` is None before its first commit."""

    service: str
    topic: str
    partition: int
    committed: int | None
    end: int
    start: int

    @property
    def events(self) -> int:
        return self.end - (self.start if self.committed is None else max(self.committed, self.start))


def logged_lag(tx: Connection) -> Sequence[Lag]:
    """How far each service is behind on the embedded log, where each topic has one partition."""
    return [
        Lag(
            topic.reader,
            topic.name,
            0,
            log.offset_of(tx, topic.reader, topic.name),
            log.end_of(tx, topic.name),
            log.start_of(tx, topic.name),
        )
        for topic in TOPICS
        if topic.reader is not None
    ]


class LoggedTopic(NamedTuple):
    """A topic of the embedded log: how many events are there, and how long they are kept."""

    name: str
    events: int
    kept: timedelta


def logged_topics(tx: Connection, keep: Retention) -> Sequence[LoggedTopic]:
    """The same topics as on Kafka, dead letters included."""
    events = _counts(tx, log_table.c.topic)
    dead = _counts(tx, dead_letters.c.service)
    live = [LoggedTopic(topic.name, events.get(topic.name, 0), keep.log) for topic in TOPICS]
    return live + [LoggedTopic(dead_letter_topic(name), dead.get(name, 0), keep.articles) for name in ORDER]


def _counts(tx: Connection, column: Column[str]) -> Mapping[str, int]:
    return {name: int(number) for name, number in tx.execute(select(column, func.count()).group_by(column))}
