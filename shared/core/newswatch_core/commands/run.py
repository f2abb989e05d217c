"""`newswatch run`: the four services in one process."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import structlog
import typer

from newswatch_core import logs
from newswatch_core.commands.check import find_problems
from newswatch_core.commands.opened import DEFAULT_DATA
from newswatch_core.config import ConfigError
from newswatch_core.ports import Context
from newswatch_core.runtime.embedded import EmbeddedRuntime
from newswatch_core.runtime.lock import RunnerLock
from newswatch_core.services import installed_services
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import open_folder


class LogStyle(StrEnum):
    """Form of the log lines."""

    auto = "auto"
    text = "text"
    json = "json"


class LogLevel(StrEnum):
    """The least that is logged."""

    debug = "debug"
    info = "info"
    warning = "warning"


Desk = Annotated[Path, typer.Argument(help="Folder with the desk's configuration.", metavar="DESK")]
Data = Annotated[Path, typer.Option(help="Folder for the database; made if it is not there.")]


def run(
    desk: Desk = Path(),
    *,
    data: Data = DEFAULT_DATA,
    sample: Annotated[
        bool, typer.Option("--sample", help="Also poll the desk's sample articles; tell the console only.")
    ] = False,
    log_style: Annotated[LogStyle, typer.Option(help="text, json, or auto: text on a terminal.")] = LogStyle.auto,
    log_level: Annotated[LogLevel, typer.Option(help="debug, info or warning.")] = LogLevel.info,
) -> None:
    """Watch the news: poll the feeds, judge the rules, tell the receivers, until Ctrl-C."""
    logs.setup(level=log_level.value, style=log_style.value)
    log = structlog.get_logger()
    problems = find_problems(desk)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise ConfigError(errors)
    for warning in problems:
        log.warning("configuration", file=warning.file, line=warning.line, problem=warning.message)
    data.mkdir(parents=True, exist_ok=True)
    with RunnerLock(data):
        database = open_folder(data)
        context = Context(desk=desk, settings=load_settings(desk), database=database, sample=sample)
        log.info("watching", desk=context.settings.desk, data=str(data), hint="Ctrl-C stops")
        try:
            asyncio.run(EmbeddedRuntime(context, installed_services()).run())
        finally:
            database.close()
        log.info("stopped", hint="start again to go on where it was")
