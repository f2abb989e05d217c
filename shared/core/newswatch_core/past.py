"""What a service was given to read, from a moment on: for those who want to go through it again."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from newswatch_core.events import Event
from newswatch_core.ports import Poison
from newswatch_core.storage import log
from newswatch_core.storage.database import Database

_AT_ONCE = 200


class Past(NamedTuple):
    """A record of a topic, which came there at `at`; `value` are its bytes, as another system would have sent them."""

    at: datetime
    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    event: Event | Poison


def logged_past(database: Database, topic: str, since: datetime) -> Iterator[Past]:
    """The records of `topic` in the embedded log, from `since` to its end as it is now. It is only read."""
    with database.read() as tx:
        offset, end = log.start_of(tx, topic, since), log.end_of(tx, topic)
    while offset < end:
        with database.read() as tx:
            records = log.read(tx, topic, offset, min(_AT_ONCE, end - offset))
        if not records:
            return
        for one in records:
            event = one.event or Poison(one.problem)
            yield Past(one.written, topic, 0, one.offset, one.key, one.original, event)
        offset = records[-1].offset + 1
