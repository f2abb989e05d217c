"""`newswatch status`: what a data folder or PostgreSQL holds; may be asked while newswatch runs."""

import typer

from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.storage.summary import counts, feed_rows


def status(*, data: DataOption = DEFAULT_DATA, postgres: PostgresOption = "") -> None:
    """Show counts of articles, stories, alerts and deliveries, and the state of every feed."""
    with opened(data, postgres) as database, database.read() as tx:
        for name, number in counts(tx).items():
            typer.echo(f"{name:<20} {number:>8}")
        for feed in feed_rows(tx):
            polled = f"{feed['polled']:%Y-%m-%d %H:%M}" if feed["polled"] else "never"
            typer.echo(f"{feed['id']:<40} polled {polled:<16} {feed['problem'] or 'well'}")
