"""Looking after the broker: topics, lag, and the dead letters there. By kafka-python, which is synchronous.

kafka-python tells failures in several ways (exceptions, error codes in answers, classes); what leaves this module is
AdminError or a plain value.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    NotCoordinatorError,
    TopicAlreadyExistsError,
)
from kafka.structs import TopicPartition

from newswatch_core.kafka_reading import asked
from newswatch_core.logged import Lag
from newswatch_core.runtime.broker import AdminError, Broker
from newswatch_core.services import ORDER
from newswatch_core.topics import TOPICS, dead_letter_topic

DEAD_LETTER_ROOM = 100_000
"""Bytes that a dead letter may be larger than the event it is about."""
DEAD_LETTERS_KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Wanted:
    """A topic as newswatch needs it; `name` as it is called at the broker."""

    name: str
    partitions: int
    replication: int
    retention: timedelta
    max_record: int

    @property
    def configs(self) -> Mapping[str, str]:
        return {
            "retention.ms": str(int(self.retention.total_seconds() * 1000)),
            "max.message.bytes": str(self.max_record),
            "cleanup.policy": "delete",
        }


@dataclass(frozen=True)
class Found:
    """A topic as it is at the broker; `partitions` is 0 if it is not there."""

    wanted: Wanted
    partitions: int
    replication: int
    configs: Mapping[str, str]

    def problems(self) -> Sequence[str]:
        """What is not as it has to be, or not as `create` would make it."""
        if not self.partitions:
            return ["it is not there"]
        problems = []
        if self.partitions < self.wanted.partitions or (self.wanted.partitions == 1 < self.partitions):
            problems.append(f"{self.partitions} partitions, not {self.wanted.partitions}")
        if self.replication < self.wanted.replication:
            problems.append(f"replication {self.replication}, not {self.wanted.replication}")
        for name, value in self.wanted.configs.items():
            if self.configs.get(name) != value:
                problems.append(f"{name} {self.configs.get(name)}, not {value}")
        return problems


def wanted_topics(broker: Broker) -> Sequence[Wanted]:
    """Every topic of a desk, dead letters included."""
    settings = broker.settings
    live = [
        Wanted(broker.named(topic.name), topic.partitions, settings.replication, topic.retention, settings.max_record)
        for topic in TOPICS
    ]
    room = settings.max_record + DEAD_LETTER_ROOM
    dead = [
        Wanted(broker.named(dead_letter_topic(name)), 1, settings.replication, DEAD_LETTERS_KEPT, room)
        for name in ORDER
    ]
    return [*live, *dead]


class Admin:
    """A connection to the broker. Not thread-safe."""

    def __init__(self, broker: Broker, client: KafkaAdminClient) -> None:
        self._broker = broker
        self._client = client

    def create_topics(self) -> Sequence[str]:
        """Makes the topics that are not there; returns their names. Those that are there stay as they are."""
        missing = [found.wanted for found in self.topics() if not found.partitions]
        made = []
        for wanted in missing:
            new = NewTopic(
                wanted.name,
                num_partitions=wanted.partitions,
                replication_factor=wanted.replication,
                topic_configs=dict(wanted.configs),
            )
            try:
                self._client.create_topics([new])
            except TopicAlreadyExistsError:
                continue
            made.append(wanted.name)
        self._client.wait_for_topics(made)
        return made

    def topics(self) -> Sequence[Found]:
        """The wanted topics as they are."""
        wanted = wanted_topics(self._broker)
        described = {
            topic["name"]: topic["partitions"]
            for topic in self._client.describe_topics([one.name for one in wanted])
            if topic["error_code"] == 0
        }
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in described]
        configs = self._client.describe_configs(resources, config_filter="all")["topic"] if resources else {}
        found = []
        for one in wanted:
            partitions = described.get(one.name, [])
            replication = min((len(partition["replica_nodes"]) for partition in partitions), default=0)
            values = {name: entry["value"] for name, entry in configs.get(one.name, {}).items()}
            found.append(Found(one, len(partitions), replication, values))
        return found

    def lag(self) -> Sequence[Lag]:
        """How far each service is behind, by partition."""
        rows: list[Lag] = []
        partitions = {found.wanted.name: found.partitions for found in self.topics()}
        for topic in TOPICS:
            if topic.reader is None:
                continue
            name, group = self._broker.named(topic.name), self._broker.named(topic.reader)
            places = [TopicPartition(name, number) for number in range(partitions[name])]
            # What is read meanwhile must not hide what came meanwhile: the commits first, then the ends.
            committed = self._committed(group) if places else {}
            ends, starts = self._offsets(places, -1), self._offsets(places, -2)
            for place in places:
                offset = getattr(committed.get(place), "offset", None)
                read_to = None if offset is None or offset < 0 else offset
                rows.append(Lag(topic.reader, name, place.partition, read_to, ends[place], starts[place]))
        return rows

    def _committed(self, group: str) -> Mapping[TopicPartition, Any]:
        for pause in (0.2, 0.5, 1.0, 2.0, 4.0):
            try:
                found: Mapping[TopicPartition, Any] = self._client.list_group_offsets({group: None}).get(group, {})
            except (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError):
                # A new broker makes its topic of offsets when it is first asked for one.
                time.sleep(pause)
            else:
                return found
        raise AdminError(f"kafka at {self._broker.servers}: consumer groups cannot be read yet: try again")

    def _offsets(self, places: Sequence[TopicPartition], which: int) -> Mapping[TopicPartition, int]:
        """`which`: -1 for the offset that the next record gets, -2 for that of the oldest one that is kept."""
        found = self._client.list_partition_offsets(dict.fromkeys(places, which)) if places else {}
        return {place: int(getattr(answer, "offset", answer)) for place, answer in found.items()}


@contextmanager
def connected(broker: Broker) -> Iterator[Admin]:
    """An Admin for the block. Raises AdminError, also for what fails in the block."""
    client: Any = None
    try:
        with asked(broker):
            client = KafkaAdminClient(**broker.client(), client_id="newswatch-admin", bootstrap_timeout_ms=5_000)
            yield Admin(broker, client)
    finally:
        if client is not None:
            client.close()
