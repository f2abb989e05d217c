"""The broker as the desk's settings describe it: names, and what each client library wants to be told."""

import ssl
from dataclasses import dataclass
from typing import Any

from newswatch_core.settings import Kafka
from newswatch_core.topics import dead_letter_topic, read_by, written_by


class AdminError(Exception):
    """The broker cannot be reached, or refused what a command asked of it."""


class NotReadyError(Exception):
    """Something that is needed is not there; the message says what, and what to do if it stays so."""


@dataclass(frozen=True)
class Broker:
    """Where the topics are. Names in the code have no prefix; those at the broker do."""

    settings: Kafka

    @property
    def servers(self) -> str:
        return self.settings.brokers

    @property
    def session(self) -> float:
        """Seconds."""
        return self.settings.session.total_seconds()

    def named(self, name: str) -> str:
        """A topic or consumer group as it is called at the broker."""
        return self.settings.prefix + name

    def reads(self, service: str) -> str:
        return self.named(read_by(service).name)

    def writes(self, service: str) -> str:
        return self.named(written_by(service).name)

    def dead_letters(self, service: str) -> str:
        return self.named(dead_letter_topic(service))

    def client(self) -> dict[str, Any]:
        """Keyword arguments that aiokafka and kafka-python share. Raises MissingSecretError and OSError."""
        settings = self.settings
        options: dict[str, Any] = {"bootstrap_servers": self.servers, "security_protocol": self._protocol()}
        if settings.tls is not None:
            options["ssl_context"] = self.tls_context()
        if settings.sasl is not None:
            options["sasl_mechanism"] = settings.sasl.mechanism
            options["sasl_plain_username"] = settings.sasl.user
            options["sasl_plain_password"] = settings.sasl.password.reveal()
        return options

    def tls_context(self) -> ssl.SSLContext:
        tls = self.settings.tls
        assert tls is not None, "only asked for where TLS is set"  # noqa: S101
        context = ssl.create_default_context(cafile=tls.ca or None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key or None)
        return context

    def _protocol(self) -> str:
        encrypted = "SSL" if self.settings.tls is not None else "PLAINTEXT"
        return f"SASL_{encrypted}" if self.settings.sasl is not None else encrypted


def broker_of(settings: Kafka, servers: str = "") -> Broker:
    """The broker of the settings, at `servers` (host:port, commas between) if given. Raises ValueError."""
    chosen = Broker(settings.model_copy(update={"brokers": servers or settings.brokers}))
    if not chosen.servers:
        raise ValueError("no broker: give --kafka HOST:PORT, or brokers under kafka: in newswatch.yaml")
    return chosen
