"""What went wrong with single events: how often they were tried, and the dead letters."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from newswatch_core.storage.schema import dead_letters, retries
from newswatch_core.storage.upsert import upsert


@dataclass(frozen=True)
class DeadLetter:
    """An event that `service` could not process, as it stood at `offset` of `topic`."""

    id: int
    service: str
    topic: str
    offset: int
    key: str
    reason: str
    tries: int
    at: datetime


def count_try(tx: Connection, service: str, topic: str, offset: int) -> int:
    """Notes one more failed try, and says how many there were."""
    where = (retries.c.service == service, retries.c.topic == topic, retries.c.offset == offset)
    tries = int(tx.execute(select(retries.c.tries).where(*where)).scalar() or 0) + 1
    upsert(tx, retries, [{"service": service, "topic": topic, "offset": offset, "tries": tries}])
    return tries


def forget_tries(tx: Connection, service: str, topic: str, before: int) -> None:
    """Drops the notes of events before offset `before`: they are done."""
    where = (retries.c.service == service, retries.c.topic == topic, retries.c.offset < before)
    tx.execute(delete(retries).where(*where))


def put_dead_letter(
    tx: Connection,
    *,
    service: str,
    topic: str,
    offset: int,
    key: str,
    value: bytes,
    reason: str,
    tries: int,
    at: datetime,
) -> None:
    tx.execute(
        insert(dead_letters).values(
            service=service, topic=topic, offset=offset, key=key, value=value, reason=reason, tries=tries, at=at
        )
    )


def list_dead_letters(tx: Connection, limit: int = 100) -> Sequence[DeadLetter]:
    """The latest dead letters, newest first."""
    columns = [column for column in dead_letters.c if column.name != "value"]
    rows = tx.execute(select(*columns).order_by(dead_letters.c.id.desc()).limit(limit))
    return [DeadLetter(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name for it
