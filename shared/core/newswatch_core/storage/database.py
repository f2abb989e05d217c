"""The database, opened for reading or for writing: a SQLite file, one in memory, or PostgreSQL.

Trouble of the database (not reachable, full, locked too long, a transaction that it took back) is always raised as
SQLAlchemy's OperationalError. It says nothing against the event in hand: whoever meets it tries again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import DatabaseError

from newswatch_core.events import utc_now
from newswatch_core.logs import redact_url
from newswatch_core.secrets import blot_out
from newswatch_core.storage import postgres
from newswatch_core.storage.migrate import NewerSchemaError, is_current, migrate

FILE = "newswatch.db"


class DatabaseProblemError(Exception):
    """The database is missing, damaged or of another version; the message names the file and says what to do."""


class Database:
    """Transactions on one database. A transaction belongs to the thread that opened it.

    On SQLite writers take turns. PostgreSQL is `shared`: other processes write at the same time, so what a transaction
    read may be out of date when it writes, unless it locked it. Readers see one committed state and never wait.
    """

    def __init__(self, engine: Engine, *, name: str) -> None:
        """`name` is what messages call the database; it holds no secret."""
        self.name = name
        self._engine = engine
        self._turn = Lock()
        self._reader = engine
        if self.shared:
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @property
    def dialect(self) -> str:
        """sqlite or postgresql."""
        return self._engine.dialect.name

    @property
    def shared(self) -> bool:
        """Whether other processes may write to it at the same time."""
        return self.dialect == "postgresql"

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end of the block, rolled back if it raises."""
        if self.shared:
            with postgres.told_as_trouble(), self._engine.begin() as connection:
                yield connection
            return
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
        if self.shared:
            with postgres.told_as_trouble(), self._reader.connect() as connection:
                yield connection
            return
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    def check(self) -> None:
        """Raises OperationalError if it cannot be reached, DatabaseProblemError if it is of another version."""
        with self.read() as tx:
            if not is_current(tx):
                how = "newswatch migrate --postgres URL" if self.shared else "newswatch run"
                raise DatabaseProblemError(f"{self.name}: of another version: `{how}` upgrades it")

    def migrate(self) -> tuple[str | None, str | None]:
        """Brings the schema to this version; returns the one before and this one. Raises NewerSchemaError."""
        with self.write() as tx:
            return migrate(tx, utc_now())

    def close(self) -> None:
        self._engine.dispose()


def open_folder(data: Path) -> Database:
    """The database in folder `data`, made and migrated as needed. Raises DatabaseProblemError."""
    database = open_file(data / FILE)
    try:
        database.migrate()
    except (DatabaseError, NewerSchemaError) as error:
        database.close()
        raise DatabaseProblemError(f"{data / FILE}: {reason_of(error)}") from None
    return database


def open_existing(data: Path) -> Database:
    """The database in folder `data`, to read what `newswatch run` wrote. Raises DatabaseProblemError."""
    path = data / FILE
    if not path.is_file():
        raise DatabaseProblemError(f"{path}: no such file: give --data the folder that `newswatch run` was given")
    return _checked(open_file(path))


def open_existing_url(url: str) -> Database:
    """The PostgreSQL database at `url`, reachable and of this version. Raises DatabaseProblemError."""
    return _checked(open_url(url))


def _checked(database: Database) -> Database:
    try:
        database.check()
    except (DatabaseError, DatabaseProblemError) as error:
        database.close()
        if isinstance(error, DatabaseProblemError):
            raise
        raise DatabaseProblemError(f"{database.name}: {reason_of(error)}") from None
    return database


def migrate_url(url: str) -> str:
    """Brings the PostgreSQL database at `url` to this version, and says so. Raises DatabaseProblemError."""
    database = open_url(url)
    try:
        before, after = database.migrate()
    except (DatabaseError, NewerSchemaError) as error:
        raise DatabaseProblemError(f"{database.name}: {reason_of(error)}") from None
    finally:
        database.close()
    return f"{database.name}: " + (f"up to date ({after})" if before == after else f"{before or 'empty'} -> {after}")


def open_url(url: str) -> Database:
    """The PostgreSQL database at `url`, not connected yet. Raises DatabaseProblemError if that is no such address."""
    try:
        parsed = postgres.parse_url(url)
    except ValueError as error:
        raise DatabaseProblemError(str(error)) from None
    return Database(
        postgres.make_engine(parsed), name=redact_url(parsed.set(drivername="postgresql").render_as_string())
    )


def open_file(path: Path) -> Database:
    """The database in SQLite file `path`, which is made if it is not there."""
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30.0, "check_same_thread": False})
    _configure(engine, durable=True)
    return Database(engine, name=str(path))


def reason_of(error: DatabaseError | NewerSchemaError) -> str:
    """What is wrong, in one line without secrets."""
    text = str(error.orig) if isinstance(error, DatabaseError) else str(error)
    return blot_out(" ".join(text.split()))


def open_memory() -> Database:
    """A database that is gone with the process: for `newswatch pipe` and for tests."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _configure(engine, durable=False)
    database = Database(engine, name="memory")
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
