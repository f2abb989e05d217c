"""Insert or update, in the dialect of the database."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]


def upsert(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts `rows`, all with the same columns; where the primary key is there already, sets the others."""
    _insert(tx, table, rows, update=True)


def insert_missing(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Inserts those of `rows` whose primary key (or unique columns) is not there yet."""
    _insert(tx, table, rows, update=False)


def _insert(tx: Connection, table: Table, rows: Sequence[Row], *, update: bool) -> None:
    if rows:
        tx.execute(_statement(tx.dialect.name, table, tuple(rows[0]), update), list(rows))


@lru_cache(maxsize=200)
def _statement(dialect: str, table: Table, columns: Sequence[str], update: bool) -> Executable:  # noqa: FBT001
    """Built once: that takes longer than inserting a row."""
    build = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = build(table)
    keys = [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in columns if name not in keys}
    if update and others:
        return statement.on_conflict_do_update(index_elements=keys, set_=others)
    return statement.on_conflict_do_nothing()
