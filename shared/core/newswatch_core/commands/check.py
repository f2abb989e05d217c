"""`newswatch check`: one gate for a desk's whole configuration."""

import json
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from newswatch_core.config import ConfigError, Problem
from newswatch_core.services import installed_services
from newswatch_core.settings import FILE, load_settings


class Format(StrEnum):
    """How problems are printed."""

    text = "text"
    json = "json"
    github = "github"


def find_problems(desk: Path) -> Sequence[Problem]:
    """All problems of the configuration in folder `desk`, by file and line."""
    if not desk.is_dir():
        return [
            Problem(str(desk), 0, "no such folder", "give the folder that holds newswatch.yaml; seeds/ is an example")
        ]
    problems: set[Problem] = set()
    try:
        load_settings(desk)
    except ConfigError as error:
        problems.update(error.problems)
        if not (desk / FILE).exists():
            return sorted(problems)
    for service in installed_services():
        problems.update(service.check(desk))
    return sorted(problems)


def check(
    desk: Annotated[Path, typer.Argument(help="Folder with the desk's configuration.", metavar="DESK")],
    *,
    format: Annotated[Format, typer.Option(help="text, json or github.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Check a desk's configuration.

    Feeds, entities, keywords, rules with their fixtures, receivers and routes. Exit code 0, or 2 if there is an error.
    """
    problems = find_problems(desk)
    errors = sum(problem.severity == "error" for problem in problems)
    if format is Format.json:
        typer.echo(json.dumps([vars(problem) for problem in problems], ensure_ascii=False, indent=2))
    elif format is Format.github:
        for problem in problems:
            typer.echo(_github(problem, desk))
    else:
        for problem in problems:
            typer.echo(str(problem))
        warnings = len(problems) - errors
        typer.echo(f"{desk}: {_count(errors, 'error')}, {_count(warnings, 'warning')}")
    if errors:
        raise typer.Exit(2)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"


def _github(problem: Problem, desk: Path) -> str:
    """A workflow command, so that the problem shows at its line in a pull request."""
    message = problem.message + (f" ({problem.hint})" if problem.hint else "")
    for character, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A")):
        message = message.replace(character, code)
    column = f",col={problem.column}" if problem.column else ""
    return f"::{problem.severity} file={desk / problem.file},line={max(problem.line, 1)}{column}::{message}"
