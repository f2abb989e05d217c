"""`newswatch alerts`: the latest alerts."""

from typing import Annotated

import typer

from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.storage.summary import alert_rows


def alerts(
    *,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
) -> None:
    """List the latest alerts, newest first."""
    with opened(data, postgres) as database, database.read() as tx:
        rows = alert_rows(tx, limit)
    for row in rows:
        also = f" (+{row['matches'] - 1} more)" if row["matches"] > 1 else ""
        typer.echo(
            f"{row['opened']:%Y-%m-%d %H:%M}  {row['severity']:<8}  {row['rule']}  {row['title'] or row['url']}{also}"
        )
    if not rows:
        typer.echo("no alerts")
