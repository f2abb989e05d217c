"""`newswatch migrate`: brings a PostgreSQL database to the version of this newswatch."""

import typer

from newswatch_core.commands.opened import PostgresOption
from newswatch_core.storage.database import migrate_url


def migrate(*, postgres: PostgresOption = "") -> None:
    """Make or upgrade the tables in PostgreSQL. Data folders are upgraded by `newswatch run` itself."""
    if not postgres:
        raise typer.BadParameter("give --postgres URL, or set NEWSWATCH_POSTGRES", param_hint="--postgres")
    typer.echo(migrate_url(postgres))
