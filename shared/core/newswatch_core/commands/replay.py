"""`newswatch replay`: what a stage would make of its past input, as the desk is now. Nothing is delivered or kept."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from newswatch_core import logs
from newswatch_core.commands.opened import NamedDataOption, opened
from newswatch_core.commands.reached import KafkaOption, reached
from newswatch_core.commands.run import Desk
from newswatch_core.commands.since import SinceOption, moment_of
from newswatch_core.events import utc_now
from newswatch_core.past import Past, logged_past
from newswatch_core.ports import Service
from newswatch_core.replay import Replay
from newswatch_core.services import ORDER, installed_services
from newswatch_core.settings import load_settings
from newswatch_core.topics import TOPICS, read_by


def replay(
    desk: Desk = Path(),
    *,
    stage: Annotated[str, typer.Option(help="The service whose input is gone through again.", metavar="NAME")],
    since: SinceOption,
    to: Annotated[str, typer.Option(help="File for what comes out, as JSON lines; - for standard output.")],
    data: NamedDataOption = None,
    kafka: KafkaOption = "",
) -> None:
    """Run a stage again on what it read since a time, to see what would come out as the desk is now.

    It starts without memory, stops at the end as it is now, and delivers, commits and changes nothing; newswatch may
    be running.
    """
    logs.setup(level="error")
    # What matters of it is raised.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    started = utc_now()
    service, moment = _service(stage), moment_of(since, started)
    settings = load_settings(desk)
    with Replay(service, desk, settings, started) as run, _past(service.name, moment, desk, data, kafka) as past:
        _write(to, run.run(past))
    typer.echo(f"newswatch replay: {run.read} events read, {run.out} events out, {run.dead} dead", err=True)


def _service(name: str) -> Service:
    stages = {service.name: service for service in installed_services() if service.stage is not None}
    if name in stages:
        return stages[name]
    known = ", ".join(stages)
    if name in ORDER and name not in {topic.reader for topic in TOPICS}:
        raise typer.BadParameter(f"the {name} reads no topic: there is nothing to replay; stages: {known}")
    raise typer.BadParameter(f"no stage {name!r}; there are: {known}")


@contextmanager
def _past(name: str, since: datetime, desk: Path, data: Path | None, kafka: str) -> Iterator[Iterator[Past]]:
    """What the service read: in the data folder if one is named, else on Kafka."""
    topic = read_by(name).name
    if data is not None:
        with opened(data) as database:
            yield logged_past(database, topic, since)
        return
    from newswatch_core.kafka_reading import kafka_past, reading  # noqa: PLC0415 - the broker's library

    broker = reached(desk, kafka, instead="--data FOLDER")
    with reading(broker) as consumer:
        yield kafka_past(broker, consumer, broker.named(topic), since)


def _write(to: str, lines: Iterator[bytes]) -> None:
    try:
        with nullcontext(sys.stdout.buffer) if to == "-" else Path(to).open("wb") as out:
            for line in lines:
                out.write(line + b"\n")
            out.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise typer.BadParameter(f"--to {to}: {error.strerror or error}: choose a file that can be written") from None
