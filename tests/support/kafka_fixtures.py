"""Fixtures of a real Kafka broker; a test that asks for one is skipped by name where none can be had."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kafka_broker import NAMED, Broker, NoBrokerError, description
from tests.support.kafka_crew import Desk
from tests.support.missing import missing


def pytest_report_header() -> str:
    return description()


def start(folder: Path, *, secured: bool = False) -> Broker:
    try:
        broker = Broker(folder, secured=secured)
    except NoBrokerError as error:
        missing(str(error))
    broker.start()
    return broker


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """host:port of a broker that all tests share: each has topics of its own on it."""
    if named := os.environ.get(NAMED):
        yield named
        return
    broker = start(tmp_path_factory.mktemp("kafka"))
    yield broker.address
    broker.stop()


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Broker]:
    """A broker that the test may stop, kill and freeze."""
    broker = start(tmp_path / "kafka")
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def secured_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker that can also be reached with SCRAM, with TLS, and with both."""
    broker = start(tmp_path_factory.mktemp("secured-kafka"), secured=True)
    yield broker
    broker.stop()


@pytest.fixture
def kafka_desk(kafka: str, tmp_path: Path) -> Desk:
    """Fresh topics, and a state of its own."""
    desk = Desk(kafka, tmp_path)
    desk.create_topics()
    return desk
