"""Reading topics of the broker by kafka-python, outside of any consumer group: nothing is committed."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
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
_AHEAD = 500
"""Records of a partition that wait here for those of another."""


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
    consumer.assign(places)
    ends = consumer.end_offsets(places)
    starts = consumer.offsets_for_times(dict.fromkeys(places, int(since.timestamp() * 1000)))
    for place in places:
        start = starts.get(place)
        consumer.seek(place, ends[place] if start is None else start.offset)
    return _merged(broker, consumer, [_Partition(place, ends[place]) for place in places])


class _Partition:
    """What was read of a partition and waits for its turn. `time`: that of the latest; it never goes back."""

    def __init__(self, place: TopicPartition, end: int) -> None:
        self.place = place
        self.end = end
        self.waiting: deque[tuple[int, Any]] = deque()
        self._time = 0

    def add(self, records: Sequence[Any]) -> None:
        for record in records:
            if record.offset < self.end:
                self._time = max(self._time, record.timestamp)
                self.waiting.append((self._time, record))


def _merged(broker: Broker, consumer: KafkaConsumer, partitions: Sequence[_Partition]) -> Iterator[Past]:
    while True:
        _fill(broker, consumer, partitions)
        ready = [partition for partition in partitions if partition.waiting]
        if not ready:
            return
        # Until one of them has nothing more in hand, the earliest of all is known.
        while all(partition.waiting for partition in ready):
            first = min(ready, key=lambda partition: partition.waiting[0][0])
            time, record = first.waiting.popleft()
            yield _past(record, time)


def _fill(broker: Broker, consumer: KafkaConsumer, partitions: Sequence[_Partition]) -> None:
    """Returns when every partition has a record in hand, or no more to come."""
    deadline = monotonic() + _SILENT_AT_MOST
    while True:
        open_ = [one for one in partitions if consumer.position(one.place) < one.end]
        if all(one.waiting for one in open_):
            return
        # The rest would fill the memory, while one partition lags behind.
        full = [one.place for one in open_ if len(one.waiting) >= _AHEAD]
        consumer.pause(*full)
        found = consumer.poll(1_000)
        consumer.resume(*full)
        for one in partitions:
            one.add(found.get(one.place, ()))
        if found:
            deadline = monotonic() + _SILENT_AT_MOST
        elif monotonic() > deadline:
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
