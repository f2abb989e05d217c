"""The database: one SQLite file (or one in memory), opened for reading or for writing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DatabaseError

from newswatch_core.storage.migrate import NewerSchemaError, is_current, migrate

FILE = "newswatch.db"


class DatabaseProblemError(Exception):
    """The database is missing, damaged or of another version; the message names the file and says what to do."""


class Database:
    """Transactions on one database. Writers take turns; readers see the last committed state and never wait.

    A transaction belongs to the thread that opened it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._turn = Lock()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end of the block, rolled back if it raises."""
        with self._turn, self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    def migrate(self) -> None:
        """Brings the schema to this version. Raises NewerSchemaError if the file is of a later one."""
        with self.write() as tx:
            migrate(tx)

    def close(self) -> None:
        self._engine.dispose()


def open_folder(data: Path) -> Database:
    """The database in folder `data`, made and migrated as needed. Raises DatabaseProblemError."""
    database = open_file(data / FILE)
    try:
        database.migrate()
    except (DatabaseError, NewerSchemaError) as error:
        database.close()
        raise DatabaseProblemError(f"{data / FILE}: {_reason(error)}") from None
    return database


def open_existing(data: Path) -> Database:
    """The database in folder `data`, to read what `newswatch run` wrote. Raises DatabaseProblemError."""
    path = data / FILE
    if not path.is_file():
        raise DatabaseProblemError(f"{path}: no such file: give --data the folder that `newswatch run` was given")
    database = open_file(path)
    try:
        with database.read() as tx:
            if not is_current(tx):
                raise DatabaseProblemError(f"{path}: of another version: start `newswatch run` once to upgrade it")
    except DatabaseError as error:
        database.close()
        raise DatabaseProblemError(f"{path}: {_reason(error)}") from None
    return database


def open_file(path: Path) -> Database:
    """The database in SQLite file `path`, which is made if it is not there."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30.0, "check_same_thread": False})
    _configure(engine, durable=True)
    return Database(engine)


def _reason(error: DatabaseError | NewerSchemaError) -> str:
    return str(error.orig) if isinstance(error, DatabaseError) else str(error)


def open_memory() -> Database:
    """A database that is gone with the process: for `newswatch pipe` and for tests."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _configure(engine, durable=False)
    database = Database(engine)
    database.migrate()
    return database


def _configure(engine: Engine, *, durable: bool) -> None:
    # sqlite3 would otherwise open transactions by itself, and only before some statements.
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        if durable:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
