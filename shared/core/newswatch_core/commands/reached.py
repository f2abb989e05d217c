"""Which broker a command asks."""

from pathlib import Path
from typing import Annotated

import typer

from newswatch_core.runtime.broker import Broker, broker_of
from newswatch_core.secrets import MissingSecretError
from newswatch_core.settings import FILE, Kafka, load_settings

KafkaOption = Annotated[
    str,
    typer.Option(
        "--kafka",
        envvar="NEWSWATCH_KAFKA",
        show_envvar=True,
        show_default=False,
        metavar="HOST:PORT",
        help="The broker; what else is to be known of it stands in newswatch.yaml.",
    ),
]
DeskOption = Annotated[Path, typer.Option("--desk", help="Folder with the desk's configuration.")]


def reached(desk: Path, kafka: str, *, instead: str = "") -> Broker:
    """The broker at `kafka`, with what newswatch.yaml says of it, if there is one. Raises ConfigError.

    `instead`: an option that would do without a broker.
    """
    settings = load_settings(desk).kafka if (desk / FILE).exists() else Kafka()
    try:
        broker = broker_of(settings, kafka)
        broker.client()
    except (ValueError, OSError, MissingSecretError) as error:
        hint = f"; or {instead}" if instead and not (kafka or settings.brokers) else ""
        raise typer.BadParameter(f"kafka: {error}{hint}") from None
    return broker
