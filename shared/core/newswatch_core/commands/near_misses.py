"""`newswatch near-misses`: rules that would have fired but for one clause."""

import json
import sys
from enum import StrEnum
from typing import Annotated

import typer

from newswatch_core.accounts import told_time
from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.commands.since import SinceOption, moment_of
from newswatch_core.events import utc_now
from newswatch_core.storage.summary import near_miss_rows


class Format(StrEnum):
    """How they are printed."""

    text = "text"
    json = "json"


def near_misses(
    *,
    since: SinceOption = "1d",
    rule: Annotated[str, typer.Option(help="Only those of this rule.", metavar="ID")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """List the latest near misses, newest first: articles on which a rule would have fired but for one clause."""
    moment = moment_of(since, utc_now())
    with opened(data, postgres) as database, database.read() as tx:
        rows = near_miss_rows(tx, moment, rule, limit)
    if format is Format.json:
        json.dump([dict(row) for row in rows], sys.stdout, ensure_ascii=False, indent=2, default=str)
        typer.echo()
        return
    for row in rows:
        typer.echo(f"{told_time(row['at'])}  {row['rule']}  {row['title'] or row['article']}")
        typer.echo(f"    {row['kind']}: {row['clause']}: {row['why']}")
        if row["url"]:
            typer.echo(f"    {row['url']}")
    if not rows:
        typer.echo("no near misses")
    elif len(rows) == limit:
        typer.echo(f"(the newest {limit}; --limit shows more)")
