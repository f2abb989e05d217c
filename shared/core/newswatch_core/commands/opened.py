"""Which database a reading command asks: a data folder, or PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from newswatch_core.storage.database import (
    Database,
    DatabaseProblemError,
    open_existing,
    open_existing_url,
    reason_of,
)

DEFAULT_DATA = Path(".newswatch")

DataOption = Annotated[Path, typer.Option(help="The data folder that `newswatch run` was given.")]
NamedDataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Instead of Kafka, the data folder that `newswatch run` was given.", metavar="FOLDER"),
]
PostgresOption = Annotated[
    str,
    typer.Option(
        help="PostgreSQL instead of a data folder: postgresql://USER@HOST:5432/DATABASE.",
        envvar="NEWSWATCH_POSTGRES",
        show_envvar=True,
        show_default=False,
        metavar="URL",
    ),
]


@contextmanager
def opened(data: Path, postgres: str = "") -> Iterator[Database]:
    """The database, to read from it, closed at the end. Raises DatabaseProblemError, for its trouble too."""
    database = open_existing_url(postgres) if postgres else open_existing(data)
    try:
        yield database
    except OperationalError as error:
        raise DatabaseProblemError(f"{database.name}: {reason_of(error)}") from None
    finally:
        database.close()
