"""`newswatch topics create|check|show` and `newswatch lag`: the topics of a desk, and who is behind."""

from collections.abc import Sequence
from pathlib import Path

import typer

from newswatch_core.commands.opened import NamedDataOption, opened
from newswatch_core.commands.reached import DeskOption, KafkaOption, reached
from newswatch_core.logged import Lag, logged_lag, logged_topics
from newswatch_core.settings import FILE, Retention, load_settings

_INSTEAD = "--data FOLDER"

topics = typer.Typer(help="Make, check and show the topics of a desk.", no_args_is_help=True)


@topics.command()
def create(*, kafka: KafkaOption = "", desk: DeskOption = Path()) -> None:
    """Make the topics that are not there. Those that are stay as they are."""
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    with connected(reached(desk, kafka)) as admin:
        made = admin.create_topics()
    for name in made:
        typer.echo(f"made {name}")
    typer.echo(f"{len(made)} topics made" if made else "all topics are there")


@topics.command()
def check(*, kafka: KafkaOption = "", desk: DeskOption = Path()) -> None:
    """Say what is not as it should be. Exit code 0 or 1."""
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    with connected(reached(desk, kafka)) as admin:
        problems = [f"{found.wanted.name}: {problem}" for found in admin.topics() for problem in found.problems()]
    for problem in problems:
        typer.echo(problem)
    if problems:
        raise typer.Exit(1)
    typer.echo("all topics are as they should be")


@topics.command()
def show(*, data: NamedDataOption = None, kafka: KafkaOption = "", desk: DeskOption = Path()) -> None:
    """Show each topic with its partitions, replication and limits: those on Kafka, or in a data folder."""
    if data is not None:
        keep = load_settings(desk).retention if (desk / FILE).exists() else Retention()
        with opened(data) as database, database.read() as tx:
            for name, events, kept in logged_topics(tx, keep):
                hours = kept.total_seconds() / 3_600
                typer.echo(f"{name:<32} partitions 1   kept {hours:.0f}h  {events} events")
        return
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    with connected(reached(desk, kafka, instead=_INSTEAD)) as admin:
        found = admin.topics()
    for one in found:
        if not one.partitions:
            typer.echo(f"{one.wanted.name:<32} not there")
            continue
        hours = int(one.configs["retention.ms"]) / 3_600_000
        limit = int(one.configs["max.message.bytes"]) / 1_000_000
        typer.echo(
            f"{one.wanted.name:<32} partitions {one.partitions:<3} replication {one.replication:<2} "
            f"kept {hours:.0f}h  records up to {limit:.1f} MB"
        )


def lag(*, data: NamedDataOption = None, kafka: KafkaOption = "", desk: DeskOption = Path()) -> None:
    """Show how many events each service has still to read: on Kafka, or in a data folder."""
    rows = _lag(data, kafka, desk)
    for service in dict.fromkeys(row.service for row in rows):
        ours = [row for row in rows if row.service == service]
        slowest = max(ours, key=lambda row: row.events)
        typer.echo(
            f"{service:<14} {sum(row.events for row in ours):>8} events   {ours[0].topic}, "
            f"{len(ours)} partitions, most in {slowest.partition}: {slowest.events}"
        )
    if not rows:
        typer.echo("no topics: run `newswatch topics create`")


def _lag(data: Path | None, kafka: str, desk: Path) -> Sequence[Lag]:
    if data is not None:
        with opened(data) as database, database.read() as tx:
            return logged_lag(tx)
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    with connected(reached(desk, kafka, instead=_INSTEAD)) as admin:
        return admin.lag()
