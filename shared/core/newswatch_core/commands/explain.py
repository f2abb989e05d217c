"""`newswatch explain`: what became of an article, and why each rule fired on it or did not."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import typer

from newswatch_core import logs
from newswatch_core.accounts import Account, Inquiry, InquiryError, Step, told_time
from newswatch_core.commands.dead_letters import letters_of
from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.commands.reached import DeskOption, KafkaOption
from newswatch_core.deadletters import Letter
from newswatch_core.events import Article, utc_now
from newswatch_core.services import installed_services
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import FILE, Database, DatabaseProblemError, open_memory
from newswatch_core.trail import facts_of, steps_of, waiting_of

WIDTH = 110


class Format(StrEnum):
    """How the answer is printed."""

    text = "text"
    json = "json"


def explain(
    asked: Annotated[str, typer.Argument(help="The article's URL, its id, or a sample's name.", metavar="URL|ID")],
    *,
    desk: DeskOption = Path(),
    rule: Annotated[str, typer.Option(help="Only this rule, with every clause.", metavar="ID")] = "",
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Read the page now and judge it. Nothing is kept or sent.")
    ] = False,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    kafka: KafkaOption = "",
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Say what became of an article and why: which rules fired, which clause or guard kept the others from it.

    For one that was never seen: which feeds should have carried it. Exit code 0, or 1 if it is not known.
    """
    logs.setup(level="error")
    with _database(data, postgres) as (database, problem):
        letters = _letters(data, postgres, kafka, desk) if problem is None else ()
        with database.read() as tx:
            inquiry = Inquiry(
                asked=asked, desk=desk, settings=load_settings(desk), tx=tx, now=utc_now(), rule=rule, fetch=fetch
            )
            told = _ask(inquiry)
            article = next((each.article for each in told.values() if each.article), None)
            if article is None and problem is not None:
                raise problem
            stored = any(each.stored for each in told.values())
            waiting = waiting_of(tx, article.id) if article and stored else ()
            trail = steps_of(waiting, letters, article.id) if article else ()
            facts = facts_of(waiting, letters, article.id) if article else {}
    if format is Format.json:
        _print_json(asked, article, told, facts)
    else:
        for line in _page(article, told, trail):
            typer.echo(line)
    if article is None:
        raise typer.Exit(1)


def _ask(inquiry: Inquiry) -> dict[str, Account]:
    """The account of each installed service, in the order of the pipeline."""
    told: dict[str, Account] = {}
    for service in installed_services():
        if service.account is None:
            continue
        try:
            account = told[service.name] = service.account(inquiry)
        except InquiryError as error:
            raise typer.BadParameter(str(error)) from None
        if account.article is not None:
            inquiry = replace(inquiry, article=account.article, stored=account.stored)
    return told


@contextmanager
def _database(data: Path, postgres: str) -> Iterator[tuple[Database, DatabaseProblemError | None]]:
    """The database; an empty one, with what is wrong, where there is no data folder: a sample needs none."""
    if not postgres and not (data / FILE).is_file():
        missing = DatabaseProblemError(
            f"{data / FILE}: no such file: give --data the folder that `newswatch run` was given, or ask with --fetch"
        )
        database = open_memory()
        try:
            yield database, missing
        finally:
            database.close()
        return
    with opened(data, postgres) as database:
        yield database, None


def _letters(data: Path, postgres: str, kafka: str, desk: Path) -> Sequence[Letter]:
    with letters_of(data, postgres, kafka, desk) as found:
        return found.letters()


def _page(article: Article | None, told: dict[str, Account], trail: Sequence[Step]) -> Iterator[str]:
    if article is not None:
        yield article.title or "(no title)"
        yield f"  {article.url}"
        about = ", ".join(part for part in (article.kind, article.language, article.country) if part)
        dated = f"published {told_time(article.published)}" if article.published else "undated"
        yield f"  {article.outlet} ({about}), {dated}"
        yield f"  article {article.id}, revision {article.revision}"
        yield ""
    steps = [step for account in told.values() for step in account.steps]
    label = max((len(step.label) for step in [*steps, *trail]), default=0)
    for step in [*steps, *trail]:
        yield from _wrapped(f"{step.label:<{label}}  {step.text}", label + 2)
    for section in (section for account in told.values() for section in account.sections):
        yield ""
        yield section.title
        for line in section.lines:
            begins = len(line) - len(line.lstrip())
            yield from _wrapped("  " + line, begins + 6)


def _wrapped(line: str, indent: int) -> Sequence[str]:
    """The line cut to the page, each further piece begun with so many blanks."""
    return wrap(line, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _print_json(asked: str, article: Article | None, told: dict[str, Account], trail: Mapping[str, Any]) -> None:
    page = {
        "asked": asked,
        "article": _shown(article) if article else None,
        **{name: account.facts for name, account in told.items()},
        **trail,
    }
    json.dump(page, sys.stdout, ensure_ascii=False, indent=2, default=str)
    typer.echo()


def _shown(article: Article) -> dict[str, Any]:
    names = ("id", "revision", "url", "title", "outlet", "owner", "kind", "country", "language", "feed", "text_from")
    times = {
        name: moment.isoformat() if (moment := getattr(article, name)) else None for name in ("published", "seen", "at")
    }
    return {name: getattr(article, name) for name in names} | times
