"""`newswatch run`: the four services in one process; with --kafka, each in its own."""

import asyncio
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import structlog
import typer

from newswatch_core import logs
from newswatch_core.commands.check import find_problems
from newswatch_core.commands.opened import DEFAULT_DATA, PostgresOption
from newswatch_core.commands.reached import KafkaOption, reached
from newswatch_core.config import ConfigError
from newswatch_core.ports import Context
from newswatch_core.runtime.embedded import EmbeddedRuntime
from newswatch_core.runtime.lock import RunnerLock
from newswatch_core.runtime.processes import Processes
from newswatch_core.services import installed_services
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import DatabaseProblemError, migrate_url, open_folder
from newswatch_core.storage.summary import counts

_THREADS = 64


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
    kafka: KafkaOption = "",
    postgres: PostgresOption = "",
    log_style: Annotated[LogStyle, typer.Option(help="text, json, or auto: text on a terminal.")] = LogStyle.auto,
    log_level: Annotated[LogLevel, typer.Option(help="debug, info or warning.")] = LogLevel.info,
) -> None:
    """Watch the news until Ctrl-C.

    In one process with one file; with --kafka and --postgres each service in a process of its own, for a first try.
    """
    logs.setup(level=log_level.value, style=log_style.value)
    log = structlog.get_logger()
    problems = find_problems(desk)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise ConfigError(errors)
    for warning in problems:
        log.warning("configuration", file=warning.file, line=warning.line, problem=warning.message)
    if kafka:
        options = ["--log-style", log_style.value, "--log-level", log_level.value, *(["--sample"] if sample else [])]
        raise typer.Exit(_run_processes(desk, kafka, postgres, options))
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


def _run_processes(desk: Path, kafka: str, postgres: str, options: Sequence[str]) -> int:
    """Makes topics and tables if need be, then runs a worker of each service. Their exit code."""
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    log = structlog.get_logger()
    if not postgres:
        raise typer.BadParameter("--kafka needs a database that processes can share", param_hint="--postgres")
    with connected(reached(desk, kafka)) as admin:
        made = admin.create_topics()
    log.info("prepared", topics_made=len(made), database=migrate_url(postgres))
    environ = {"NEWSWATCH_KAFKA": kafka, "NEWSWATCH_POSTGRES": postgres}
    names = [service.name for service in installed_services()]
    log.info("watching", desk=load_settings(desk).desk, kafka=kafka, processes=names, hint="Ctrl-C stops")
    code = Processes(names, [desk, *options], environ).run()
    log.info("stopped", hint="start again to go on where it was")
    return code
