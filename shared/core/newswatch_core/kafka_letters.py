"""The dead letters on Kafka: one topic a service, of one partition.

Nothing can be taken out of the middle of a topic. So what was replayed or dropped is marked by a further record, whose
header `done` holds the offset of the letter; letters and marks are kept equally long.
"""

from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from newswatch_core.deadletters import Letter
from newswatch_core.kafka_reading import asked, poll, reading
from newswatch_core.runtime.broker import Broker
from newswatch_core.services import ORDER

_WAIT = 30.0


class KafkaLetters:
    """Reads and marks the dead letters of all services. Raises AdminError."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def letters(self) -> Sequence[Letter]:
        with reading(self._broker) as consumer:
            return sorted((one for name in ORDER for one in self._read(consumer, name)), key=lambda one: one.at)

    def replay(self, letters: Sequence[Letter]) -> None:
        self._send([(letter.topic, _key(letter), letter.value, []) for letter in letters])
        self.drop(letters)

    def drop(self, letters: Sequence[Letter]) -> None:
        marks = []
        for letter in letters:
            offset = letter.id.rpartition("-")[2].encode()
            marks.append((self._broker.dead_letters(letter.service), _key(letter), b"", [("done", offset)]))
        self._send(marks)

    def _send(self, records: Sequence[tuple[str, bytes, bytes, list[tuple[str, bytes]]]]) -> None:
        limit = self._broker.settings.max_record + 1_000_000
        with asked(self._broker):
            producer = KafkaProducer(
                **self._broker.client(), acks="all", max_request_size=limit, bootstrap_timeout_ms=5_000
            )
            try:
                sent = [producer.send(topic, value, key, headers) for topic, key, value, headers in records]
                for one in sent:
                    one.get(_WAIT)
            finally:
                producer.close()

    def _read(self, consumer: KafkaConsumer, service: str) -> Sequence[Letter]:
        topic = self._broker.dead_letters(service)
        if not consumer.partitions_for_topic(topic):
            return []
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        end = consumer.end_offsets([place])[place]
        consumer.seek_to_beginning(place)
        found: dict[int, Letter] = {}
        while consumer.position(place) < end:
            for record in poll(self._broker, consumer, place):
                headers = {name: value.decode("utf-8", "replace") for name, value in record.headers}
                if "done" in headers:
                    found.pop(int(headers["done"]), None)
                else:
                    found[record.offset] = _letter(service, record, headers)
        return list(found.values())


def _key(letter: Letter) -> bytes:
    """The record's own, whatever bytes another system put there."""
    return letter.key.encode("utf-8", "surrogateescape")


def _letter(service: str, record: Any, headers: dict[str, str]) -> Letter:
    return Letter(
        id=f"{service}-{record.offset}",
        service=service,
        topic=headers.get("topic", ""),
        key=(record.key or b"").decode("utf-8", "surrogateescape"),
        reason=headers.get("reason", ""),
        tries=int(headers.get("tries", "0")),
        at=headers.get("at", ""),
        value=record.value or b"",
    )
