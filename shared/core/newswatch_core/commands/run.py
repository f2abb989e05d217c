"""`newswatch run`: the four services in one process."""

import asyncio
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import structlog
import typer

from newswatch_core import logs
from newswatch_core.commands.check import find_problems
from newswatch_core.config import ConfigError
from newswatch_core.ports import Context
from newswatch_core.runtime.embedded import EmbeddedRuntime
from newswatch_core.runtime.lock import RunnerLock
from newswatch_core.services import installed_services
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import DatabaseProblemError, open_folder
from newswatch_core.storage.summary import counts

_THREADS = 64
DEFAULT_DATA = Path(".newswatch")


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
        bool, typer.Option("--sample", help="Also poll the desk's sample articles, told on the console.")
    ] = False,
    log_style: Annotated[LogStyle, typer.Option(help="text, json, or auto: text on a terminal.")] = LogStyle.auto,
    log_level: Annotated[LogLevel, typer.Option(help="debug, info or warning.")] = LogLevel.info,
) -> None:
    """Watch the news until Ctrl-C."""
    logs.setup(level=log_level.value, style=log_style.value)
    log = structlog.get_logger()
    problems = find_problems(desk)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise ConfigError(errors)
    for warning in problems:
        log.warning("configuration", file=warning.file, line=warning.line, problem=warning.message)
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseProblemError(f"--data {data}: {error.strerror}: choose a folder that can be written") from None
    with RunnerLock(data):
        database = open_folder(data)
        context = Context(desk=desk, settings=load_settings(desk), database=database, sample=sample)
        with database.read() as tx:
            known = counts(tx)
        runtime = EmbeddedRuntime(context, installed_services())
        held = {"articles": known["articles"], "alerts": known["alerts"]}
        log.info("watching", desk=context.settings.desk, data=str(data), **held, hint="Ctrl-C stops")
        loop = asyncio.new_event_loop()
        # Look-ups of names may hang by the dozen: the database's work must find a thread all the same.
        loop.set_default_executor(ThreadPoolExecutor(_THREADS))
        loop.run_until_complete(runtime.run())
        database.close()
        log.info("stopped", hint="start again to go on where it was")
        with suppress(OSError):
            sys.stdout.flush()
        # Not by the usual way out: that would wait for threads that look up names, which may take half a minute.
        os._exit(0)
