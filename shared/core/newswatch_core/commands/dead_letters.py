"""`newswatch dead-letters list|show|replay|drop`: the events that could not be processed."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from newswatch_core.commands.opened import DEFAULT_DATA, DataOption, PostgresOption, opened
from newswatch_core.commands.reached import DeskOption, KafkaOption, reached
from newswatch_core.deadletters import DeadLetters, Letter, LoggedLetters, title_of
from newswatch_core.events import utc_now

Ids = Annotated[list[str] | None, typer.Argument(help="As `list` shows them.", metavar="ID...", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
ServiceOption = Annotated[str, typer.Option("--service", help="Only those of this service.")]

dead_letters = typer.Typer(help="List, show, replay and drop events that could not be processed.")


@dead_letters.callback(invoke_without_command=True)
def plain(
    context: typer.Context,
    *,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    kafka: KafkaOption = "",
    desk: DeskOption = Path(),
) -> None:
    """List, show, replay and drop events that could not be processed: those in the data folder, or on Kafka."""
    if context.invoked_subcommand is None:
        list_(data=data, postgres=postgres, kafka=kafka, desk=desk)


@dead_letters.command("list")
def list_(
    *,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    kafka: KafkaOption = "",
    desk: DeskOption = Path(),
    service: ServiceOption = "",
) -> None:
    """List the dead letters, oldest first, with their reasons."""
    with letters_of(data, postgres, kafka, desk) as kept:
        letters = [letter for letter in kept.letters() if service in {"", letter.service}]
    for letter in letters:
        at = letter.at[:16].replace("T", " ")
        about = f"{letter.service:<12}  article {letter.key}  tries {letter.tries}  {letter.reason}"
        typer.echo(_printable(f"{letter.id:<6}  {at}  {about}"))
    if not letters:
        typer.echo("no dead letters")


@dead_letters.command()
def show(
    id: Annotated[str, typer.Argument(help="As `list` shows it.", metavar="ID")],  # noqa: A002 - the word of the command line
    *,
    data: DataOption = DEFAULT_DATA,
    postgres: PostgresOption = "",
    kafka: KafkaOption = "",
    desk: DeskOption = Path(),
) -> None:
    """Show one with all that is known of it, and its bytes."""
    with letters_of(data, postgres, kafka, desk) as kept:
        (letter,) = _chosen(kept, [id])
    for name in ("id", "service", "topic", "key", "at", "tries", "reason"):
        typer.echo(_printable(f"{name:<8} {json.dumps(getattr(letter, name), ensure_ascii=False)}"))
    typer.echo(f"{'title':<8} {json.dumps(title_of(letter), ensure_ascii=False)}")
    typer.echo(letter.value.decode("utf-8", "backslashreplace"))


def _settle(name: str, help_: str, done: str, settle: Callable[[DeadLetters, Sequence[Letter]], None]) -> None:
    """Adds the command `name`, which does away with letters by `settle`."""

    @dead_letters.command(name, help=help_)
    def command(
        ids: Ids = None,
        *,
        every: All = False,
        service: ServiceOption = "",
        data: DataOption = DEFAULT_DATA,
        postgres: PostgresOption = "",
        kafka: KafkaOption = "",
        desk: DeskOption = Path(),
    ) -> None:
        with letters_of(data, postgres, kafka, desk) as kept:
            letters = _chosen(kept, ids or [], every=every, service=service)
            settle(kept, letters)
        typer.echo(f"{len(letters)} {done}")


_settle(
    "replay",
    "Put them back on the topic they came from, to be processed again, once the cause is mended.",
    "replayed",
    lambda kept, letters: kept.replay(letters),
)
_settle("drop", "Forget them.", "dropped", lambda kept, letters: kept.drop(letters))


def _printable(line: str) -> str:
    """A key of another system may be no text."""
    return line.encode("utf-8", "backslashreplace").decode()


@contextmanager
def letters_of(data: Path, postgres: str, kafka: str, desk: Path) -> Iterator[DeadLetters]:
    """On Kafka if a broker is named, else in the database."""
    if kafka:
        from newswatch_core.kafka_letters import KafkaLetters  # noqa: PLC0415 - the broker's library

        yield KafkaLetters(reached(desk, kafka))
        return
    with opened(data, postgres) as database:
        yield LoggedLetters(database, utc_now)


def _chosen(kept: DeadLetters, ids: Sequence[str], *, every: bool = False, service: str = "") -> Sequence[Letter]:
    letters = {letter.id: letter for letter in kept.letters() if service in {"", letter.service}}
    if every:
        return list(letters.values())
    if not ids:
        raise typer.BadParameter("name dead letters by their ID, or say --all")
    if unknown := [one for one in ids if one not in letters]:
        raise typer.BadParameter(f"no dead letter {unknown[0]}: `newswatch dead-letters list` shows them")
    return [letters[one] for one in ids]
