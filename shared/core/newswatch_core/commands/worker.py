"""`newswatch worker NAME`: one service as a process of its own, on Kafka and PostgreSQL."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer

from newswatch_core import logs
from newswatch_core.commands.check import find_problems
from newswatch_core.commands.opened import PostgresOption
from newswatch_core.commands.reached import KafkaOption, reached
from newswatch_core.commands.run import Desk, LogLevel, LogStyle
from newswatch_core.config import ConfigError
from newswatch_core.events import hash_id
from newswatch_core.ports import Context, Service
from newswatch_core.runtime.lock import DataFolderError, RunnerLock
from newswatch_core.services import ORDER, installed_services
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import open_url


def worker(
    name: Annotated[str, typer.Argument(help=f"{', '.join(ORDER)}.", metavar="NAME")],
    desk: Desk = Path(),
    *,
    postgres: PostgresOption = "",
    kafka: KafkaOption = "",
    replica: Annotated[
        str,
        typer.Option(
            envvar="NEWSWATCH_REPLICA", help="An identity that no other worker of this service has; default: the host."
        ),
    ] = "",
    sample: Annotated[
        bool, typer.Option("--sample", help="Also poll the desk's sample articles, told on the console.")
    ] = False,
    log_style: Annotated[LogStyle, typer.Option(help="text, json, or auto: text on a terminal.")] = LogStyle.auto,
    log_level: Annotated[LogLevel, typer.Option(help="debug, info or warning.")] = LogLevel.info,
) -> None:
    """Run one service on Kafka and PostgreSQL, until SIGTERM. Ends with a code of its own if it must not go on."""
    # The broker's libraries take half a second to import: not for every command.
    from newswatch_core.runtime.worker import Place, run_worker  # noqa: PLC0415

    logs.setup(level=log_level.value, style=log_style.value)
    service = _service(name)
    _check(desk)
    settings = load_settings(desk)
    broker = reached(desk, kafka)
    if not postgres:
        raise typer.BadParameter("give --postgres URL, or set NEWSWATCH_POSTGRES", param_hint="--postgres")
    database = open_url(postgres)
    identity = replica or socket.gethostname()
    context = Context(
        desk=desk, settings=settings, database=database, sample=sample, sole=False, replica=f"{name}-{identity}"
    )
    with _alone(name, identity, broker.servers + broker.named(name)) as folder:
        run_worker(service, context, Place(broker, folder, replica=identity), loop=event_loops())
    database.close()
    structlog.get_logger().info("stopped", service=name)


@contextmanager
def _alone(name: str, identity: str, where: str) -> Iterator[Path]:
    """A folder that no other worker of this identity has on this machine. Raises BadParameter if one runs.

    Two of one identity would take each other's leases; the broker notices it of stages only, and late.
    """
    folder = Path(tempfile.gettempdir()) / f"newswatch-{name}-{hash_id(identity, where, str(os.getuid()))}"
    folder.mkdir(mode=0o700, exist_ok=True)
    try:
        with RunnerLock(folder):
            yield folder
    except DataFolderError:
        message = f"another {name} runs as {identity!r} on this machine: give each a --replica of its own"
        raise typer.BadParameter(message) from None


def _service(name: str) -> Service:
    services = {service.name: service for service in installed_services()}
    if name not in services:
        raise typer.BadParameter(f"no service {name!r}; installed here: {', '.join(services)}")
    return services[name]


def _check(desk: Path) -> None:
    """The same gate as that of `newswatch run`. Raises ConfigError."""
    problems = find_problems(desk)
    if errors := [problem for problem in problems if problem.severity == "error"]:
        raise ConfigError(errors)
    for warning in problems:
        structlog.get_logger().warning("configuration", file=warning.file, line=warning.line, problem=warning.message)


def event_loops() -> Callable[[], asyncio.AbstractEventLoop]:
    if sys.platform == "win32" or os.environ.get("NEWSWATCH_LOOP") == "asyncio":
        return asyncio.new_event_loop
    import uvloop  # noqa: PLC0415 - not on Windows

    return uvloop.new_event_loop
