"""`newswatch status`: what a data folder or PostgreSQL holds; may be asked while newswatch runs."""

from datetime import datetime

import typer

from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.storage.summary import counts, feed_rows, waiting_rows


def status(*, data: DataOption = DEFAULT_DATA, postgres: PostgresOption = "") -> None:
    """Show counts, feeds and receivers."""
    with opened(data, postgres) as database, database.read() as tx:
        for name, number in counts(tx).items():
            typer.echo(f"{name:<20} {number:>8}")
        for row in waiting_rows(tx):
            problem = f", {row['problem']}" if row["problem"] else ""
            typer.echo(f"receiver {row['receiver']}: {row['number']} waiting, next try {_time(row['due'])}{problem}")
        for feed in feed_rows(tx):
            typer.echo(f"feed {feed['id']}: polled {_time(feed['polled'])}, {feed['problem'] or 'ok'}")


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
