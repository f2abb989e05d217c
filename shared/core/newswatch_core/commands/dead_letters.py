"""`newswatch dead-letters`: the events that could not be processed."""

import typer

from newswatch_core.commands.run import DEFAULT_DATA
from newswatch_core.commands.status import DataOption
from newswatch_core.storage.database import open_existing
from newswatch_core.storage.failures import list_dead_letters


def dead_letters(*, data: DataOption = DEFAULT_DATA) -> None:
    """List the latest dead letters, newest first, with their reasons."""
    database = open_existing(data)
    with database.read() as tx:
        letters = list_dead_letters(tx)
    database.close()
    for letter in letters:
        at = f"{letter.at:%Y-%m-%d %H:%M}"
        typer.echo(f"{at}  {letter.service:<12}  article {letter.key}  tries {letter.tries}  {letter.reason}")
    if not letters:
        typer.echo("no dead letters")
