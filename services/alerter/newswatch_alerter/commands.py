"""Commands that the alerter adds to `newswatch`: `search` and `rules backtest`."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from newswatch_alerter.archive import Archive, Search, go_through
from newswatch_alerter.backtest import IN_FORCE, compare
from newswatch_alerter.backtestpage import as_json, as_text, quoted
from newswatch_alerter.hits import Hit
from newswatch_alerter.past import backlog_of, stories_of
from newswatch_core import logs
from newswatch_core.accounts import counted, told_time
from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.commands.reached import DeskOption
from newswatch_core.commands.since import SinceOption, moment_of
from newswatch_core.config import ConfigError
from newswatch_core.events import utc_now
from newswatch_judging.desk import judging_of, usable_rules
from newswatch_judging.query import QueryError
from newswatch_judging.reasons import marked
from newswatch_judging.rules import Rule, read_rules, read_rules_file

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
    pass


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
    logs.setup(level="error")
    now = utc_now()
    rule = Rule(id="search", title=query, severity="low", query=query)
    try:
        judging_of(desk, [rule])
    except QueryError as error:
        raise typer.BadParameter(f"QUERY: {error}") from None
    gone = go_through(Archive(data, postgres), Search(desk, (rule,), moment_of(since, now), now))
    hits = list(reversed(gone.hits))
    if format is Form.csv:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(_COLUMNS))
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in _row(hit).items()} for hit in hits[:limit])
    elif format is Form.json:
        json.dump([_row(hit) for hit in hits[:limit]], sys.stdout, ensure_ascii=False, indent=2)
        typer.echo()
    else:
        for hit in hits[:limit]:
            typer.echo(f"{told_time(hit.article.at)}  {hit.article.title or '(no title)'}  ({hit.article.outlet})")
            typer.echo(f"    {hit.article.url}")
            for line in quoted(hit):
                typer.echo(f"    {line}")
        typer.echo(f"{counted(len(hits), 'article')} of {gone.articles} since {told_time(moment_of(since, now))}")
    if len(hits) > limit:
        typer.echo(f"newswatch search: the newest {limit} of {len(hits)} are shown; --limit shows more", err=True)


_COLUMNS = ("at", "article", "outlet", "kind", "country", "language", "title", "url", "closeness", "sentences")


def _row(hit: Hit) -> dict[str, str]:
    article = hit.article
    told = {name: getattr(article, name) for name in ("outlet", "kind", "country", "language", "title", "url")}
    found = {"closeness": hit.closeness, "sentences": " / ".join(map(marked, hit.reasons))}
    return {"at": article.at.isoformat(), "article": article.id, **told, **found}


def _cell(text: str) -> str:
    """Text from outside must not be a formula where a spreadsheet opens the file."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


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
    logs.setup(level="error")
    now = utc_now()
    moment = moment_of(since, now)
    wanted, current = _rules_of(file, desk)
    tried = [*wanted, *_in_force(wanted, current)]
    gone = go_through(Archive(data, postgres), Search(desk, tuple(tried), moment, now))
    ids = [hit.article.id for hit in gone.hits]
    with opened(data, postgres) as database, database.read() as tx:
        found = compare(wanted, current, gone.hits, stories_of(tx, ids), backlog_of(tx, ids))
    if format is Format.json:
        page = {"since": moment.isoformat(), "until": now.isoformat(), "articles": gone.articles}
        json.dump(
            page | {"rules": [as_json(each, samples) for each in found]}, sys.stdout, ensure_ascii=False, indent=2
        )
        typer.echo()
        return
    typer.echo(f"{file}: {counted(gone.articles, 'stored article')}, {told_time(moment)} to {told_time(now)}")
    for each in found:
        typer.echo()
        for line in as_text(each, samples):
            typer.echo(line)


def _rules_of(file: Path, desk: Path) -> tuple[Sequence[Rule], Mapping[str, Rule]]:
    """The rules of the file, and those of the desk. Raises ConfigError."""
    wanted, problems = usable_rules(desk, read_rules_file(file))
    if problems:
        raise ConfigError(problems)
    # One that is broken is not in force.
    return list(wanted.values()), usable_rules(desk, read_rules(desk))[0]


def _in_force(wanted: Sequence[Rule], current: Mapping[str, Rule]) -> Sequence[Rule]:
    """The desk's own rules of these ids that say something else, under names of their own."""
    found = []
    for rule in wanted:
        other = current.get(rule.id)
        if other is not None and other.query != rule.query:
            found.append(Rule(id=IN_FORCE + rule.id, title=other.title, severity=other.severity, query=other.query))
    return found
