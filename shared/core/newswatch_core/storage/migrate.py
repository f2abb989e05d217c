"""Bringing a database's schema to the version of this code, by Alembic.

On SQLite whoever opens the file does it, on PostgreSQL `newswatch migrate`; of two at once, the second waits.
"""

from datetime import datetime

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from newswatch_core.storage import partitions, postgres

_LOCK = "migrate"


class NewerSchemaError(Exception):
    """The database was written by a later newswatch."""


def schema_version(tx: Connection) -> str | None:
    """The revision the database is at; None if it is empty."""
    return MigrationContext.configure(tx).get_current_revision()


def is_current(tx: Connection) -> bool:
    """Whether the database has the schema of this code."""
    return schema_version(tx) == _scripts(Config()).get_current_head()


def migrate(tx: Connection, now: datetime) -> tuple[str | None, str | None]:
    """Runs the migrations that `tx`'s database lacks, in that transaction. Raises NewerSchemaError.

    Returns the version before and after.
    """
    postgres.take_time(tx)
    postgres.lock_names(tx, [_LOCK])
    config = Config()
    scripts = _scripts(config)
    current = schema_version(tx)
    newest = scripts.get_current_head()
    if current == newest:
        return current, newest
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise NewerSchemaError(f"the database has schema {current}, written by a later newswatch: install that one")
    config.attributes["connection"] = tx
    command.upgrade(config, "head")
    partitions.make_ahead(tx, now)
    return current, newest


def _scripts(config: Config) -> ScriptDirectory:
    config.set_main_option("script_location", "newswatch_core.storage:migrations")
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)
