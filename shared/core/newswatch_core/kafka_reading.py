"""Reading topics of the broker by kafka-python, outside of any consumer group: nothing is committed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from heapq import merge
from operator import itemgetter
from time import monotonic
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from newswatch_core.past import Past
from newswatch_core.runtime.broker import AdminError, Broker
from newswatch_core.runtime.handling import read

_SILENT_AT_MOST = 60.0
"""Seconds without a record where there must be more: the broker went away."""


@contextmanager
def asked(broker: Broker) -> Iterator[None]:
    """Within it, what the broker or kafka-python complains of is raised as AdminError."""
    try:
        yield
    except KafkaError as error:
        raise AdminError(f"kafka at {broker.servers}: {error or type(error).__name__}") from None


@contextmanager
def reading(broker: Broker) -> Iterator[KafkaConsumer]:
    """A consumer of no group. Raises AdminError, also for what fails in the block."""
    with asked(broker):
        consumer = KafkaConsumer(
            **broker.client(), enable_auto_commit=False, auto_offset_reset="earliest", bootstrap_timeout_ms=5_000
        )
        try:
            yield consumer
        finally:
            consumer.close()


def kafka_past(broker: Broker, consumer: KafkaConsumer, topic: str, since: datetime) -> Iterator[Past]:
    """The records of `topic` (as it is called at the broker) from `since` to its ends as they are now.

    In the order of their time, as far as that keeps the order within each partition. To be used, and read to its end,
    within `reading`. Raises AdminError.
    """
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        raise AdminError(f"kafka at {broker.servers}: no topic {topic}: run `newswatch topics create`")
    places = [TopicPartition(topic, number) for number in sorted(numbers)]
    ends = consumer.end_offsets(places)
    found = consumer.offsets_for_times(dict.fromkeys(places, int(since.timestamp() * 1000)))
    starts = {place: ends[place] if found.get(place) is None else found[place].offset for place in places}
    read_in_order = [_partition(broker, consumer, place, starts[place], ends[place]) for place in places]
    return (_past(record, time) for time, record in merge(*read_in_order, key=itemgetter(0)))


def _partition(
    broker: Broker, consumer: KafkaConsumer, place: TopicPartition, start: int, end: int
) -> Iterator[tuple[int, Any]]:
    """The records of a partition, each with the time of the latest so far: that never goes back."""
    time, position = 0, start
    while position < end:
        # One after the other: where partitions are paused and resumed, kafka-python 3.0.12 may forget one for ever.
        if consumer.assignment() != {place}:
            consumer.assign([place])
            consumer.seek(place, position)
        records = poll(broker, consumer, place)
        position = consumer.position(place)
        for record in records:
            if record.offset >= end:
                return
            time = max(time, record.timestamp)
            yield time, record


def poll(broker: Broker, consumer: KafkaConsumer, place: TopicPartition) -> Sequence[Any]:
    """The next records of a partition that has more; none where only marks of the broker stood there.

    Raises AdminError if the broker does not answer any more.
    """
    deadline, before = monotonic() + _SILENT_AT_MOST, consumer.position(place)
    while monotonic() < deadline:
        records: Sequence[Any] = consumer.poll(1_000).get(place, ())
        if records or consumer.position(place) > before:
            return records
    raise AdminError(f"kafka at {broker.servers}: no answer for {_SILENT_AT_MOST:.0f} s: try again")


def _past(record: Any, time: int) -> Past:
    return Past(
        datetime.fromtimestamp(time / 1000, UTC),
        record.topic,
        record.partition,
        record.offset,
        (record.key or b"").decode("utf-8", "replace"),
        record.value or b"",
        read(record.value or b""),
    )
