"""`newswatch alerts`: the latest alerts."""

from typing import Annotated

import typer

from newswatch_core.commands.run import DEFAULT_DATA
from newswatch_core.commands.status import DataOption
from newswatch_core.storage.database import open_existing
from newswatch_core.storage.summary import alert_rows


def alerts(
    *,
    data: DataOption = DEFAULT_DATA,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
) -> None:
    """List the latest alerts, newest first."""
    database = open_existing(data)
    with database.read() as tx:
        rows = alert_rows(tx, limit)
    database.close()
    for row in rows:
        also = f" (+{row['matches'] - 1} more)" if row["matches"] > 1 else ""
        typer.echo(
            f"{row['opened']:%Y-%m-%d %H:%M}  {row['severity']:<8}  {row['rule']}  {row['title'] or row['url']}{also}"
        )
    if not rows:
        typer.echo("no alerts")
