"""What is measured in a process of its own: `python -m benchmarks.kafka_contenders NAME JSON` prints one JSON line.

All of them read the same topics, which hold more than is counted: caches are full at both ends of the measurement.
"""

import asyncio
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from newswatch_core import logs
from newswatch_core.commands.worker import event_loops
from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle, decode, encode, key_of
from newswatch_core.ports import Context, LoadStage, Outcome, Service, Stage, Tx
from newswatch_core.runtime.broker import Broker
from newswatch_core.runtime.kafka import TAKE
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.runtime.worker import Place, run_worker
from newswatch_core.services import installed_services
from newswatch_core.settings import Kafka, load_settings
from newswatch_core.storage import log
from newswatch_core.storage.database import open_folder, open_url
from newswatch_core.topics import ARTICLES_FETCHED, read_by, written_by

SINK = "out."
PLAIN, ADAPTER, EMBEDDED = "aiokafka", "adapter", "embedded"
STAGES = ("tagger", "alerter", "deduplicator")
NAMES = (PLAIN, ADAPTER, *STAGES, EMBEDDED)


@dataclass(frozen=True)
class Task:
    """What to measure: articles number `skip` to `until` of what stands on `servers`, as consumer group `run`."""

    servers: str
    postgres: str
    desk: str
    folder: str
    run: str
    skip: int
    until: int


@dataclass(frozen=True)
class Measured:
    """`wall` and `cpu` (of the process, all threads) in seconds; `memory` in bytes, at the most."""

    articles: int
    wall: float
    cpu: float
    memory: int


class Meter:
    """Looks at the clocks when the first article that counts is about to be handled, and after the last one.

    Whoever works in batches tells it before each one; so the batches, deliveries and commits between are counted whole.
    """

    def __init__(self, task: Task, done: Callable[[], object]) -> None:
        self._task = task
        self._done = done
        self._seen = 0
        self._start: tuple[int, float, float] | None = None
        self._over = False

    def before(self, articles: int) -> None:
        now = self._seen, time.perf_counter(), time.process_time()
        if self._start is None and self._seen >= self._task.skip:
            self._start = now
        elif self._start is not None and not self._over and self._seen >= self._task.until:
            self._over = True
            seen, wall, cpu = (after - before for after, before in zip(now, self._start, strict=True))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            print(json.dumps(asdict(Measured(int(seen), wall, cpu, memory))), flush=True)
            self._done()
        self._seen += articles


class Apart(Broker):
    """The topics that all runs read; a consumer group of this run's own, and topics to write to that nobody reads."""

    def __init__(self, task: Task) -> None:
        super().__init__(Kafka(brokers=task.servers, prefix=f"{task.run}."))

    def reads(self, service: str) -> str:
        return read_by(service).name

    def writes(self, service: str) -> str:
        return SINK + written_by(service).name

    def dead_letters(self, service: str) -> str:
        return f"{SINK}dead-letters.{service}"


class PassOn:
    """A stage that decides nothing."""

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        return [passed(event) for event in batch]

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return ()


def passed(event: Event) -> Sequence[Event]:
    assert isinstance(event, FetchedArticle)
    return [DeduplicatedArticle(article=event.article, copy_of=None, story=event.article.id)]


class _Metered:
    def __init__(self, stage: Stage, meter: Meter) -> None:
        self._stage = stage
        self._meter = meter

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        self._meter.before(len(batch))
        return self._stage.handle(batch, tx, now)

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return self._stage.tick(now, tx)


def metered(service: Service, meter: Meter) -> Service:
    """The service's stage alone: what sends messages has a pace of its own."""
    build = service.stage
    assert build is not None

    def stage(context: Context) -> LoadStage:
        load = build(context)
        return lambda tx: _Metered(load(tx), meter)

    return replace(service, stage=stage, source=None, sender=None)


def service_of(name: str) -> Service:
    if name == ADAPTER:
        return Service("deduplicator", check=lambda desk: [], stage=lambda context: lambda tx: PassOn())
    return next(one for one in installed_services() if one.name == name)


def measure_worker(name: str, task: Task) -> None:
    """newswatch's worker, as `newswatch worker` runs it."""
    meter = Meter(task, lambda: os.kill(os.getpid(), signal.SIGTERM))
    desk = Path(task.desk)
    database = open_url(task.postgres)
    context = Context(desk, load_settings(desk), database, sole=False, replica=task.run)
    place = Place(Apart(task), Path(task.folder), replica="one")
    run_worker(metered(service_of(name), meter), context, place, loop=event_loops())
    database.close()


async def measure_plain(task: Task) -> None:
    """The same without newswatch and Faust: as fast as Python can go while nothing may be lost."""
    broker, done = Apart(task), asyncio.Event()
    meter = Meter(task, done.set)
    client: dict[str, Any] = {"bootstrap_servers": task.servers}
    consumer = AIOKafkaConsumer(
        broker.reads("deduplicator"),
        **client,
        group_id=task.run,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=4 << 20,
    )
    producer = AIOKafkaProducer(**client, acks="all", enable_idempotence=True, max_batch_size=1 << 19)
    await producer.start()
    await consumer.start()
    sink = broker.writes("deduplicator")
    while not done.is_set():
        for partition, records in (await consumer.getmany(timeout_ms=100, max_records=TAKE)).items():
            meter.before(len(records))
            events = [event for record in records for event in passed(decode(record.value))]
            sent = [await producer.send(sink, encode(event), key_of(event).encode()) for event in events]
            await asyncio.gather(*sent)
            await consumer.commit({TopicPartition(*partition): records[-1].offset + 1})
    await consumer.stop()
    await producer.stop()


async def read_events(task: Task) -> list[Event]:
    """What is to be deduplicated, as far as it is measured."""
    consumer = AIOKafkaConsumer(bootstrap_servers=task.servers, auto_offset_reset="earliest")
    place = TopicPartition(ARTICLES_FETCHED.name, 0)
    await consumer.start()
    consumer.assign([place])
    found: list[Event] = []
    while len(found) < task.until:
        for records in (await consumer.getmany(timeout_ms=1000)).values():
            found += [decode(record.value) for record in records]
    await consumer.stop()
    return found[: task.until]


def measure_embedded(task: Task) -> None:
    """Deduplicator, tagger and alerter in turn on one SQLite file, as `newswatch run` turns them, until all is done."""
    events = asyncio.run(read_events(task))
    desk = Path(task.desk)
    database = open_folder(Path(task.folder))
    context = Context(desk, load_settings(desk), database)
    runners = [
        StageRunner(replace(service_of(name), sender=None), context) for name in ("deduplicator", "tagger", "alerter")
    ]
    with database.write() as tx:
        log.append(tx, ARTICLES_FETCHED.name, events, context.clock())
    start, cpu = time.perf_counter(), time.process_time()
    busy = [True]
    while any(busy):
        busy = [runner.step() for runner in runners]
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(asdict(Measured(len(events), wall, cpu, memory))), flush=True)
    database.close()


def main(name: str, task: Task) -> None:
    logs.setup(level="warning", style="json")
    if name == PLAIN:
        with asyncio.Runner(loop_factory=event_loops()) as runner:
            runner.run(measure_plain(task))
    elif name == EMBEDDED:
        measure_embedded(task)
    else:
        measure_worker(name, task)


if __name__ == "__main__":
    main(sys.argv[1], Task(**json.loads(sys.argv[2])))
