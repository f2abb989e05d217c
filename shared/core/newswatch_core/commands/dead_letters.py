"""`newswatch dead-letters`: the events that could not be processed."""

import typer

from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.storage.failures import list_dead_letters


def dead_letters(*, data: DataOption = DEFAULT_DATA, postgres: PostgresOption = "") -> None:
    """List the latest dead letters, newest first, with their reasons."""
    with opened(data, postgres) as database, database.read() as tx:
        letters = list_dead_letters(tx)
    for letter in letters:
        at = f"{letter.at:%Y-%m-%d %H:%M}"
        typer.echo(f"{at}  {letter.service:<12}  article {letter.key}  tries {letter.tries}  {letter.reason}")
    if not letters:
        typer.echo("no dead letters")
