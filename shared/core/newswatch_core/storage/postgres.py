"""PostgreSQL: how it is reached, and which of its errors are its own trouble.

Connections wait for nothing without end: each of the limits below turns a hang into an error, and whoever meets one
tries again. A row or a table that is locked too long is trouble of the database too.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFreeError

from newswatch_core.secrets import hide

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30
LOCK_SECONDS = 10
IDLE_SECONDS = 60
"""Longest pause within a transaction: a frozen process must not hold its locks for ever."""
_POOL = 5
_POOL_OVERFLOW = 15
_RECYCLE_SECONDS = 1_800

_ASK = {
    "connect_timeout": CONNECT_SECONDS,
    # A host that is gone without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "application_name": "newswatch",
}
_SETTINGS = {
    "statement_timeout": f"{STATEMENT_SECONDS}s",
    "lock_timeout": f"{LOCK_SECONDS}s",
    "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
    "timezone": "UTC",
}
_TROUBLE_CLASSES = frozenset(("08", "25", "28", "3D", "40", "53", "55", "57", "58", "XX"))
"""SQLSTATE classes: connection, transaction state (a standby is read-only), access, rollback, resources, operators."""
_TROUBLE_STATES = frozenset(("42P01", "42703", "42501"))
"""A table or column that is not there, a right that is missing: the database was not migrated, or not by us."""


def parse_url(url: str) -> URL:
    """`url` for SQLAlchemy; from now on logs blot its password out. Raises ValueError, with no part of the URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise ValueError(_FORM) from None
    if parsed.drivername not in {"postgresql", "postgres", "postgresql+psycopg"} or not parsed.database:
        raise ValueError(_FORM)
    if parsed.password:
        hide(str(parsed.password))
    return parsed.set(drivername="postgresql+psycopg")


_FORM = (
    "give PostgreSQL's address as postgresql://USER@HOST:5432/DATABASE;"
    " the password may stand in it, in PGPASSWORD or in ~/.pgpass"
)


def make_engine(url: URL) -> Engine:
    """Connections to `url`. Nothing is connected yet."""
    engine = create_engine(
        url,
        connect_args={name: value for name, value in _ASK.items() if name not in url.query},
        pool_size=_POOL,
        max_overflow=_POOL_OVERFLOW,
        pool_timeout=CONNECT_SECONDS,
        pool_recycle=_RECYCLE_SECONDS,
        pool_pre_ping=True,
        pool_use_lifo=True,
        # Whoever waited for another's lock must then see what that one wrote.
        isolation_level="READ COMMITTED",
        # Values are articles and messages; they do not belong in an error's text.
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        # Not as start-up options: connection poolers refuse those.
        connection.autocommit = True
        for name, value in _SETTINGS.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.autocommit = False

    return engine


@contextmanager
def told_as_trouble() -> Iterator[None]:
    """Within it, whatever is the database's trouble is raised as OperationalError, as with SQLite."""
    try:
        yield
    except OperationalError:
        raise
    except NoConnectionFreeError as error:
        raise OperationalError(None, None, error) from error
    except DBAPIError as error:
        if not _is_trouble(error):
            raise
        raise OperationalError(error.statement, None, _cause(error), hide_parameters=True) from error


def _is_trouble(error: DBAPIError) -> bool:
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state[:2] in _TROUBLE_CLASSES or state in _TROUBLE_STATES


def _cause(error: DBAPIError) -> BaseException:
    return error.orig or error


def take_time(tx: Connection) -> None:
    """Lets the rest of the transaction take as long as it needs, for work that is known to be long."""
    if tx.dialect.name == "postgresql":
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            tx.execute(text("SELECT set_config(:name, '0', true)"), {"name": name})


def not_ahead(tx: Connection, now: datetime) -> datetime:
    """`now`, but no later than the server's time: of many processes one may have a clock that is ahead."""
    if tx.dialect.name != "postgresql":
        return now
    servers: datetime = tx.execute(text("SELECT now()")).scalar_one()
    return min(now, servers)


def lock_names(tx: Connection, names: Iterable[str]) -> None:
    """Makes other transactions that lock one of `names` wait for the end of this one. With SQLite writers wait anyway.

    Names are locked in one order everywhere, so that two transactions never wait for each other here.
    """
    keys = sorted({_key(name) for name in names})
    if keys and tx.dialect.name == "postgresql":
        tx.execute(_LOCK_KEYS, {"keys": keys})


_LOCK_KEYS = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def wait_for_name(tx: Connection, name: str) -> None:
    """Returns when no other transaction holds `name`, and locks nothing. With SQLite it never waits."""
    if tx.dialect.name == "postgresql":
        savepoint = tx.begin_nested()
        lock_names(tx, [name])
        savepoint.rollback()


def try_lock_name(tx: Connection, name: str) -> bool:
    """Locks `name` until the end of the transaction unless another holds it. Always true with SQLite."""
    if tx.dialect.name != "postgresql":
        return True
    return bool(tx.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": _key(name)}).scalar())


def _key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8, person=b"newswatch").digest(), "big", signed=True)
