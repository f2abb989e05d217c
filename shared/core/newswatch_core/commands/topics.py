"""`newswatch topics create|check|show` and `newswatch lag`: the broker's side of a desk."""

from pathlib import Path

import typer

from newswatch_core.commands.reached import DeskOption, KafkaOption, reached

topics = typer.Typer(help="Make, check and show the topics of a desk on Kafka.", no_args_is_help=True)


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
def show(*, kafka: KafkaOption = "", desk: DeskOption = Path()) -> None:
    """Show each topic with its partitions, replication and limits."""
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    with connected(reached(desk, kafka)) as admin:
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


def lag(*, kafka: KafkaOption = "", desk: DeskOption = Path()) -> None:
    """Show how many events each service has still to read."""
    from newswatch_core.admin import connected  # noqa: PLC0415 - the broker's library: not for every command

    with connected(reached(desk, kafka)) as admin:
        rows = admin.lag()
    for service in dict.fromkeys(row.service for row in rows):
        ours = [row for row in rows if row.service == service]
        slowest = max(ours, key=lambda row: row.events)
        typer.echo(
            f"{service:<14} {sum(row.events for row in ours):>8} events   {ours[0].topic}, "
            f"{len(ours)} partitions, most in {slowest.partition}: {slowest.events}"
        )
    if not rows:
        typer.echo("no topics: run `newswatch topics create`")
