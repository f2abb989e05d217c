"""The servers that a benchmark needs: a Kafka and a PostgreSQL of the moment.

PostgreSQL syncs what is committed to the disk. Kafka leaves that to the system, here as elsewhere.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newswatch_core.admin import connected
from newswatch_core.runtime.broker import Broker, broker_of
from newswatch_core.settings import Kafka
from tests.support import postgres
from tests.support.kafka_broker import Broker as KafkaServer


@contextmanager
def servers() -> Iterator[str]:
    """Kafka's host:port, while `tests.support.postgres.new_database` makes databases. Raises NoBrokerError."""
    if postgres.NAMED not in os.environ:
        os.environ[postgres.NAMED] = postgres.start_server(durable=True).url()
    with tempfile.TemporaryDirectory(prefix="newswatch-bench-") as folder:
        server = KafkaServer(Path(folder))
        try:
            server.start()
            yield server.address
        finally:
            server.stop()


def made_topics(address: str, prefix: str = "") -> Broker:
    """The broker, with newswatch's topics made."""
    broker = broker_of(Kafka(brokers=address, prefix=prefix))
    with connected(broker) as admin:
        admin.create_topics()
    return broker
