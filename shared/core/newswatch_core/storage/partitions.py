"""The days of table `articles` on PostgreSQL: a partition each, made ahead, and dropped whole when it is old.

SQLite keeps one table; there is nothing to do. An article whose day has no partition yet goes to `articles_other`, so
that none is ever refused; when its day is made, it moves there.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

AHEAD = timedelta(days=3)
OTHER = "articles_other"
_PREFIX = "articles_d"
_LOCK_SECONDS = 2
_NAMES = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
    " WHERE inhparent = to_regclass('articles') ORDER BY 1"
)


def is_partition(table: str) -> bool:
    """Whether `table` is a part of articles, and so no table of the schema."""
    return table == OTHER or table.startswith(_PREFIX)


def days(tx: Connection) -> Sequence[date]:
    """The days that have a partition, oldest first; none on SQLite."""
    if tx.dialect.name != "postgresql":
        return ()
    names = tx.execute(_NAMES).scalars()
    return [date.fromisoformat(name.removeprefix(_PREFIX)) for name in names if name.startswith(_PREFIX)]


def make_ahead(tx: Connection, now: datetime) -> None:
    """Makes the partitions of yesterday, today and the days to come."""
    if tx.dialect.name != "postgresql":
        return
    there = set(days(tx))
    today = now.astimezone(UTC).date()
    for number in range(-1, AHEAD.days + 1):
        day = today + timedelta(days=number)
        if day not in there and not _quickly(tx, _making(day)):
            return


def drop_before(tx: Connection, until: datetime) -> int:
    """Drops the days that ended before `until`, uncounted; deletes and counts what is as old and in no day."""
    last = until.astimezone(UTC).date()
    for day in days(tx):
        if day < last and not _quickly(tx, [f"DROP TABLE {_name(day)}"]):
            break
    return tx.execute(text(f"DELETE FROM {OTHER} WHERE seen < :until"), {"until": until}).rowcount  # noqa: S608 - a constant


def _name(day: date) -> str:
    return f"{_PREFIX}{day:%Y%m%d}"


def _making(day: date) -> Sequence[str]:
    """Made beside the table and then attached: that keeps nobody from reading and writing other days."""
    start = datetime.combine(day, time(), UTC)
    bounds = f"'{start.isoformat()}'", f"'{(start + timedelta(days=1)).isoformat()}'"
    name = _name(day)
    moved = f"DELETE FROM {OTHER} WHERE seen >= {bounds[0]} AND seen < {bounds[1]} RETURNING *"  # noqa: S608 - dates
    return (
        f"CREATE TABLE {name} (LIKE articles INCLUDING ALL)",
        f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved",  # noqa: S608 - dates
        f"ALTER TABLE articles ATTACH PARTITION {name} FOR VALUES FROM ({bounds[0]}) TO ({bounds[1]})",
    )


def _quickly(tx: Connection, statements: Sequence[str]) -> bool:
    """Runs the statements unless a lock keeps them waiting: others would queue behind, and the next hour will do."""
    try:
        with tx.begin_nested():
            tx.execute(text(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'"))
            for statement in statements:
                tx.execute(text(statement))
    except OperationalError as error:
        if tx.invalidated:
            raise
        structlog.get_logger().warning("partition problem", problem=str(error.orig).strip(), retry_in="1h")
        return False
    return True
