"""Every topic: who writes it, who reads it, and how it is kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Topic:
    """`partitions` is how many the topic has on Kafka; the embedded log has one of each."""

    name: str
    writer: str
    reader: str | None
    partitions: int
    retention: timedelta = timedelta(days=7)


ARTICLES_FETCHED = Topic("articles.fetched", "fetcher", "deduplicator", partitions=1)
ARTICLES_DEDUPLICATED = Topic("articles.deduplicated", "deduplicator", "tagger", partitions=8)
ARTICLES_TAGGED = Topic("articles.tagged", "tagger", "alerter", partitions=8)
ALERTS = Topic("alerts", "alerter", None, partitions=1, retention=timedelta(days=30))

TOPICS = (ARTICLES_FETCHED, ARTICLES_DEDUPLICATED, ARTICLES_TAGGED, ALERTS)


def dead_letter_topic(service: str) -> str:
    """Where events go that `service` could not process in three tries."""
    return f"dead-letters.{service}"


def written_by(service: str) -> Topic:
    return next(topic for topic in TOPICS if topic.writer == service)


def read_by(service: str) -> Topic:
    return next(topic for topic in TOPICS if topic.reader == service)
