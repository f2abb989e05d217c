"""Commands that the alerter adds to `newswatch`: `search` and `rules backtest`.

What they do is imported when they are called: no other command should pay for the parser and the evaluator.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from newswatch_core import logs
from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption
from newswatch_core.commands.reached import DeskOption
from newswatch_core.commands.since import SinceOption, moment_of
from newswatch_core.events import utc_now

rules = typer.Typer(help="Try rules on the past.", no_args_is_help=True)


class Form(StrEnum):
    """How a list of articles is printed."""

    text = "text"
    csv = "csv"
    json = "json"


class Format(StrEnum):
    """How a report is printed."""

    text = "text"
    json = "json"


@rules.callback()
def _rules() -> None:
    """Keeps `backtest` a command of the group although it is the only one."""


def search(
    query: Annotated[str, typer.Argument(help="In the language of rules; quote it for the shell.", metavar="QUERY")],
    *,
    desk: DeskOption = Path(),
    since: SinceOption = "7d",
    limit: Annotated[int, typer.Option(min=1, help="How many articles at most, the newest.")] = 50,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    format: Annotated[Form, typer.Option(help="text, csv or json.")] = Form.text,  # noqa: A002 - the option's name
) -> None:
    """List the stored articles of which a query is true, newest first, by the evaluator of the rules."""
    from newswatch_alerter import searching  # noqa: PLC0415 - see above
    from newswatch_alerter.archive import Archive  # noqa: PLC0415 - see above
    from newswatch_judging.queryerrors import QueryError  # noqa: PLC0415 - see above

    logs.setup(level="error")
    now = utc_now()
    try:
        found = searching.search(query, desk, Archive(data, postgres), moment_of(since, now), now)
    except QueryError as error:
        raise typer.BadParameter(f"QUERY: {error}") from None
    if format is Form.csv:
        searching.write_csv(found, limit, sys.stdout)
    elif format is Form.json:
        searching.write_json(found, limit, sys.stdout)
    else:
        for line in searching.lines(found, limit):
            typer.echo(line)
    if len(found.hits) > limit:
        typer.echo(f"newswatch search: the newest {limit} of {len(found.hits)} are shown; --limit shows more", err=True)


@rules.command()
def backtest(
    file: Annotated[Path, typer.Argument(help="A file as in the desk's folder rules/.", metavar="FILE")],
    *,
    desk: DeskOption = Path(),
    since: SinceOption = "30d",
    samples: Annotated[int, typer.Option(min=0, help="How many articles of each kind are shown.")] = 3,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Say how often the rules of a file would have fired on the stored articles, by day and by story.

    With what would fire newly and what no longer, beside the desk's rule of the same id. Nothing is sent or changed.
    """
    from newswatch_alerter import backtestpage, trial  # noqa: PLC0415 - see above
    from newswatch_alerter.archive import Archive  # noqa: PLC0415 - see above

    logs.setup(level="error")
    now = utc_now()
    tried = trial.try_rules(file, desk, Archive(data, postgres), moment_of(since, now), now)
    if format is Format.json:
        backtestpage.write_json(tried, samples, sys.stdout)
    else:
        for line in backtestpage.lines(str(file), tried, samples):
            typer.echo(line)
