"""`newswatch status`: what a data folder holds; may be asked while newswatch runs."""

from pathlib import Path
from typing import Annotated

import typer

from newswatch_core.commands.run import DEFAULT_DATA
from newswatch_core.storage.database import open_existing
from newswatch_core.storage.summary import counts, feed_rows

DataOption = Annotated[Path, typer.Option(help="The data folder that `newswatch run` was given.")]


def status(*, data: DataOption = DEFAULT_DATA) -> None:
    """Show counts of articles, stories, alerts and deliveries, and the state of every feed."""
    database = open_existing(data)
    with database.read() as tx:
        for name, number in counts(tx).items():
            typer.echo(f"{name:<20} {number:>8}")
        for feed in feed_rows(tx):
            polled = f"{feed['polled']:%Y-%m-%d %H:%M}" if feed["polled"] else "never"
            typer.echo(f"{feed['id']:<40} polled {polled:<16} {feed['problem'] or 'well'}")
    database.close()
