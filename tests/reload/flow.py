"""The runtimes under test, with articles that flow through them: processes as a user starts them, and what came out."""

import http.client
import re
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from kafka import KafkaProducer

from newswatch_core.events import (
    Article,
    DeduplicatedArticle,
    Event,
    FetchedArticle,
    TaggedArticle,
    decode,
    encode,
    key_of,
    utc_now,
)
from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_folder, open_url
from newswatch_core.topics import ARTICLES_DEDUPLICATED, ARTICLES_FETCHED, ARTICLES_TAGGED
from tests.reload.desk import How, MountedDesk
from tests.reload.versions import Version, first, text
from tests.support.articles import article
from tests.support.kafka_crew import Desk as Topics
from tests.support.ports import free_ports
from tests.support.waiting import until
from tests.support.wholepath import process

_SAMPLE = re.compile(r"^(newswatch_[a-z_]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_PAGE = 500


class Watched:
    """A process that watches a desk of its own."""

    def __init__(self, running: "subprocess.Popen[bytes]", desk: MountedDesk, port: int, log: Path) -> None:
        self.running = running
        self.desk = desk
        self.log = log
        self._port = port

    def metric(self, name: str, **labels: str) -> float:
        """The sum of the samples of this name with these labels."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request("GET", "/metrics")
            page = connection.getresponse().read().decode()
        finally:
            connection.close()
        found = [one for one in _SAMPLE.findall(page) if one[0] == f"newswatch_{name}"]
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        return sum(float(value) for _, given, value in found if wanted <= set(given.split(",")))

    def is_up(self) -> bool:
        assert self.running.poll() is None, self.log.read_text(encoding="utf-8")[-3000:]
        try:
            return self.metric("config_reload_success") > 0
        except OSError:
            return False

    def hang_up(self) -> None:
        self.running.send_signal(signal.SIGHUP)


class Flow(ABC):
    """One runtime. `watched`: its processes, the one with the alerter last."""

    watched: Sequence[Watched]
    database: Database

    @abstractmethod
    def put(self, number: int) -> None:
        """An article of this number arrives."""

    @abstractmethod
    def tagged(self) -> Sequence[TaggedArticle]:
        """All that the tagger sent."""

    @property
    def alerter(self) -> Watched:
        return self.watched[-1]

    def change(self, version: Version, how: How) -> None:
        for one in self.watched:
            one.desk.put(version, how)


@contextmanager
def embedded(folder: Path) -> Iterator[Flow]:
    """`newswatch run`: deduplicator, tagger and alerter in one process."""
    (port,) = free_ports(1)
    desk = MountedDesk(folder / "desk", _settings(port), first())
    (folder / "data").mkdir()
    database = open_folder(folder / "data")
    try:
        with process(["run", desk.folder, "--data", folder / "data"], folder / "run.log") as running:
            watched = Watched(running, desk, port, folder / "run.log")
            until(watched.is_up)
            yield _Embedded(watched, database)
    finally:
        database.close()


class _Embedded(Flow):
    def __init__(self, watched: Watched, database: Database) -> None:
        self.watched = (watched,)
        self.database = database

    def put(self, number: int) -> None:
        with self.database.write() as tx:
            log.append(tx, ARTICLES_FETCHED.name, [FetchedArticle(article=_article(number))], utc_now())

    def tagged(self) -> Sequence[TaggedArticle]:
        found: list[Event | None] = []
        with self.database.read() as tx:
            while page := log.read(tx, ARTICLES_TAGGED.name, len(found), _PAGE):
                found += [record.event for record in page]
        return [event for event in found if isinstance(event, TaggedArticle)]


@contextmanager
def on_kafka(folder: Path, kafka: str, postgres: str) -> Iterator[Flow]:
    """`newswatch worker tagger` and `newswatch worker alerter`, each with a desk of its own."""
    topics = Topics(kafka, folder)
    topics.create_topics()
    ports = free_ports(2)
    database = open_url(postgres)
    environ = {"NEWSWATCH_KAFKA": kafka, "NEWSWATCH_POSTGRES": postgres}
    producer = KafkaProducer(bootstrap_servers=kafka)
    try:
        with ExitStack() as stack:
            watched = []
            for name, port in zip(("tagger", "alerter"), ports, strict=True):
                settings = _settings(port) + f"kafka: {{prefix: {topics.prefix}}}\n"
                desk = MountedDesk(folder / f"desk-{name}", settings, first())
                place = folder / f"{name}.log"
                running = stack.enter_context(process(["worker", name, desk.folder], place, **environ))
                watched.append(Watched(running, desk, port, place))
            for one in watched:
                until(one.is_up)
            yield _OnKafka(watched, database, topics, producer)
    finally:
        producer.close()
        database.close()


class _OnKafka(Flow):
    def __init__(self, watched: Sequence[Watched], database: Database, topics: Topics, producer: KafkaProducer) -> None:
        self.watched = watched
        self.database = database
        self._topics = topics
        self._producer = producer

    def put(self, number: int) -> None:
        one = _article(number)
        event = DeduplicatedArticle(article=one, copy_of=None, story=one.id)
        topic = self._topics.prefix + ARTICLES_DEDUPLICATED.name
        self._producer.send(topic, encode(event), key_of(event).encode()).get(60)

    def tagged(self) -> Sequence[TaggedArticle]:
        events = [decode(record.value) for record in self._topics.read(ARTICLES_TAGGED.name)]
        return [event for event in events if isinstance(event, TaggedArticle)]


def _article(number: int) -> Article:
    return article(number, title=f"Bulletin {number}", text=text(), seen=utc_now())


def _settings(port: int) -> str:
    return f"version: 1\ndesk: Reloads\nhealth: {{listen: '127.0.0.1:{port}'}}\n"
