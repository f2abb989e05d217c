"""`newswatch status`: what a data folder holds; may be asked while newswatch runs."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from newswatch_core.commands.run import DEFAULT_DATA
from newswatch_core.storage.database import open_existing
from newswatch_core.storage.summary import counts, feed_rows, waiting_rows

DataOption = Annotated[Path, typer.Option(help="The data folder that `newswatch run` was given.")]


def status(*, data: DataOption = DEFAULT_DATA) -> None:
    """Show counts, feeds and receivers."""
    database = open_existing(data)
    with database.read() as tx:
        for name, number in counts(tx).items():
            typer.echo(f"{name:<20} {number:>8}")
        for row in waiting_rows(tx):
            problem = f", {row['problem']}" if row["problem"] else ""
            typer.echo(f"receiver {row['receiver']}: {row['number']} waiting, next try {_time(row['due'])}{problem}")
        for feed in feed_rows(tx):
            typer.echo(f"feed {feed['id']}: polled {_time(feed['polled'])}, {feed['problem'] or 'ok'}")
    database.close()


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
