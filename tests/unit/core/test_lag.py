"""How far a service is behind, asked while it works."""

from typing import Any, NamedTuple

from newswatch_core.admin import Admin
from newswatch_core.runtime.broker import broker_of
from newswatch_core.settings import Kafka


class Offset(NamedTuple):
    offset: int


class Busy:
    """A broker on which, between any two questions, ten more events come to every topic and are read there."""

    def __init__(self) -> None:
        self._events = 0

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        partition = {"replica_nodes": [1]}
        return [{"name": name, "error_code": 0, "partitions": [partition]} for name in names]

    def describe_configs(self, resources: list[Any], **_: object) -> dict[str, Any]:
        return {"topic": {}}

    def list_partition_offsets(self, places: dict[Any, int]) -> dict[Any, Offset]:
        self._events += 10
        return {place: Offset(self._events if which == -1 else 0) for place, which in places.items()}

    def list_group_offsets(self, groups: dict[str, None]) -> dict[str, Any]:
        self._events += 10
        return {group: Places(self._events) for group in groups}


class Places:
    """All partitions, read to the same offset."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def get(self, _place: object) -> Offset:
        return Offset(self._offset)


def test_what_is_read_meanwhile_does_not_hide_what_is_still_to_be_read():
    client: Any = Busy()
    rows = Admin(broker_of(Kafka(), "broker:9092"), client).lag()
    assert [row.service for row in rows] == ["deduplicator", "tagger", "alerter"]
    assert all(row.events > 0 for row in rows)
