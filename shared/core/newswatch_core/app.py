"""The command line: `newswatch COMMAND`. Services add their own commands through `newswatch.commands`."""

import os
import signal
import sys
from importlib.metadata import entry_points, version

import typer

from newswatch_core.cli import INTERRUPTED
from newswatch_core.commands.alerts import alerts
from newswatch_core.commands.check import check
from newswatch_core.commands.dead_letters import dead_letters
from newswatch_core.commands.explain import explain
from newswatch_core.commands.migrate import migrate
from newswatch_core.commands.near_misses import near_misses
from newswatch_core.commands.pipe import pipe
from newswatch_core.commands.replay import replay
from newswatch_core.commands.run import run
from newswatch_core.commands.schemas import schemas
from newswatch_core.commands.status import status
from newswatch_core.commands.topics import lag, topics
from newswatch_core.commands.worker import worker
from newswatch_core.config import ConfigError
from newswatch_core.runtime.broker import AdminError
from newswatch_core.runtime.lock import DataFolderError
from newswatch_core.storage.database import DatabaseProblemError

app = typer.Typer(
    name="newswatch",
    help="Watches the news for people who must not miss an event.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"newswatch {version('newswatch-core')}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),  # noqa: FBT001, FBT003
) -> None:
    pass


for _command in (run, worker, check, pipe, explain, replay, status, alerts, near_misses, lag, migrate, schemas):
    app.command()(_command)
app.add_typer(dead_letters, name="dead-letters")
app.add_typer(topics, name="topics")
for _point in sorted(entry_points(group="newswatch.commands"), key=lambda point: point.name):
    _added = _point.load()
    if isinstance(_added, typer.Typer):
        app.add_typer(_added, name=_point.name)
    else:
        app.command(_point.name)(_added)


def run_command() -> None:
    """Runs a command. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 130 interrupted."""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        app()
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(f"newswatch: {problem}", err=True)
        sys.exit(2)
    except (DataFolderError, DatabaseProblemError, AdminError) as error:
        typer.echo(f"newswatch: {error}", err=True)
        sys.exit(2)
    except BrokenPipeError:
        # The reader (head, say) has had enough. Python would complain once more when it closes standard output.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
