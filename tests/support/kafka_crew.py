"""Workers of the test service as processes, and a client that puts records on topics and reads them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from kafka import KafkaConsumer, KafkaProducer
from kafka.structs import TopicPartition

from newswatch_core.admin import Admin, connected
from newswatch_core.events import DeduplicatedArticle, Event, decode, encode, key_of
from newswatch_core.runtime.broker import Broker, broker_of
from newswatch_core.runtime.delivery import Outgoing
from newswatch_core.settings import Kafka
from tests.support.crew import NAME
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
IN, OUT, DEAD = "articles.fetched", "articles.deduplicated", f"dead-letters.{NAME}"


class Read(NamedTuple):
    """A record of a topic. `at`: seconds, when it was sent."""

    partition: int
    key: bytes
    value: bytes
    headers: dict[str, str]
    at: float


class Desk:
    """Topics of their own on a broker, and a folder for what workers keep."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        self.prefix = f"t{uuid4().hex[:8]}."
        self.folder = folder
        self.state: Path | str = folder / "state"
        (folder / "state").mkdir()

    @property
    def broker(self) -> Broker:
        return broker_of(Kafka(brokers=self.address, prefix=self.prefix, max_record=400_000))

    def create_topics(self) -> None:
        with connected(self.broker) as admin:
            admin.create_topics()

    def put(self, events: Sequence[Event | bytes], topic: str = IN) -> None:
        """Bytes are put as they are, with the key "bytes"."""
        with self._producer() as producer:
            for event in events:
                key, value = (b"bytes", event) if isinstance(event, bytes) else (key_of(event).encode(), encode(event))
                producer.send(self.prefix + topic, value, key)

    def put_records(self, records: Iterable[Outgoing]) -> None:
        with self._producer() as producer:
            for record in records:
                producer.send(record.topic, record.value, record.key, list(record.headers))

    @contextmanager
    def _producer(self) -> Iterator[KafkaProducer]:
        # Short-lived: one that sees its broker go forgets to close its sockets.
        producer = KafkaProducer(bootstrap_servers=self.address, max_request_size=500_000)
        try:
            yield producer
            producer.flush()
        finally:
            producer.close()

    def read(self, topic: str = OUT) -> list[Read]:
        """All that stands on the topic."""
        consumer = KafkaConsumer(bootstrap_servers=self.address, enable_auto_commit=False)
        try:
            name = self.prefix + topic
            places = [TopicPartition(name, number) for number in sorted(consumer.partitions_for_topic(name) or ())]
            consumer.assign(places)
            ends = consumer.end_offsets(places)
            consumer.seek_to_beginning(*places)
            found: list[Read] = []
            while any(consumer.position(place) < ends[place] for place in places):
                for place, records in consumer.poll(500).items():
                    found += [_read(place.partition, one) for one in records]
            return found
        finally:
            consumer.close()

    def passed(self) -> list[DeduplicatedArticle]:
        """What the stage sent, in order within each partition."""
        events = [decode(record.value) for record in self.read()]
        return [event for event in events if isinstance(event, DeduplicatedArticle)]

    def lag(self) -> int:
        with connected(self.broker) as admin:
            return lag_of(admin)

    def worker(self, replica: str = "one", *, session: str = "45s", **environ: str) -> "WorkerProcess":
        """`environ` is for tests.support.crew: TLS, USER and the like."""
        return WorkerProcess(self, replica, session, environ)


def _read(partition: int, record: Any) -> Read:
    headers = {name: value.decode() for name, value in record.headers}
    return Read(partition, record.key, record.value, headers, record.timestamp / 1000)


def lag_of(admin: Admin) -> int:
    return sum(row.events for row in admin.lag() if row.service == NAME)


class WorkerProcess:
    """One worker of the test service."""

    _made = 0

    def __init__(self, desk: Desk, replica: str, session: str, environ: dict[str, str]) -> None:
        WorkerProcess._made += 1
        self._log = desk.folder / f"worker-{replica}-{self._made}.log"
        address = environ.pop("address", desk.address)
        if "CREW_HEALTH" in environ:
            self.health = environ["CREW_HEALTH"] = f"127.0.0.1:{free_port()}"
        self._command = [sys.executable, "-m", "tests.support.crew", address, desk.prefix]
        self._command += [str(desk.folder), str(desk.state), replica, session]
        self._environ = os.environ | {"PYTHONPATH": "."} | environ
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log, cwd=ROOT, env=self._environ)

    def ready(self) -> tuple[int, dict[str, str]]:
        """Status and troubles of /readyz; asked for by the environment CREW_HEALTH."""
        connection = HTTPConnection(self.health, timeout=10)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())["troubles"]
        finally:
            connection.close()

    def restart(self) -> None:
        self.process = self._start()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self, seconds: float = 60) -> int:
        """Asks it to stop; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.wait(seconds)

    def wait(self, seconds: float = 60) -> int:
        return self.process.wait(seconds)

    def end(self) -> None:
        """Whatever state it is in."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_for(self, words: str, seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while words not in self.log:
            assert time.monotonic() < deadline, self.log[-4000:]
            time.sleep(0.05)
