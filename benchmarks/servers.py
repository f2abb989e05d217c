"""The servers that a benchmark needs: a Kafka and a PostgreSQL of the moment, which sync to disk as real ones do."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newswatch_core.admin import connected
from newswatch_core.runtime.broker import Broker, broker_of
from newswatch_core.settings import Kafka
from tests.support.kafka_broker import Broker as KafkaServer


@contextmanager
def kafka_server() -> Iterator[str]:
    """host:port. Raises NoBrokerError."""
    with tempfile.TemporaryDirectory(prefix="newswatch-bench-") as folder:
        server = KafkaServer(Path(folder))
        try:
            server.start()
            yield server.address
        finally:
            server.stop()


def made_topics(servers: str, prefix: str = "") -> Broker:
    """The broker, with newswatch's topics made."""
    broker = broker_of(Kafka(brokers=servers, prefix=prefix))
    with connected(broker) as admin:
        admin.create_topics()
    return broker
