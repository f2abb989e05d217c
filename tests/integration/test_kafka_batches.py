"""Records read and sent in batches, over several partitions of a real broker."""

import asyncio
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from newswatch_core.admin import connected
from newswatch_core.events import DeduplicatedArticle, TaggedArticle, decode, hash_id
from newswatch_core.runtime.broker import Broker, broker_of
from newswatch_core.runtime.delivery import Deliverer, Outgoing
from newswatch_core.runtime.exits import Exit
from newswatch_core.runtime.pulse import Pulse
from newswatch_core.settings import Kafka
from tests.support.articles import article
from tests.support.command import NEWSWATCH, SEEDS
from tests.support.kafka_crew import Desk, Read

READS, WRITES = "articles.deduplicated", "articles.tagged"


def deliver(desk: Desk, records: Sequence[Outgoing], limits: Sequence[int] = (400_000,)) -> None:
    async def run() -> None:
        deliverer = Deliverer(desk.broker, Pulse(60), limits=limits)
        await deliverer.start()
        await deliverer.deliver(records)
        await deliverer.stop()

    asyncio.run(run())


def records(desk: Desk, numbers: range, *, size: int = 10) -> list[Outgoing]:
    """Ten keys in turn."""
    return [
        Outgoing(desk.prefix + WRITES, b"key %d" % (number % 10), b"%d " % number + b"x" * size, (("n", b"1"),))
        for number in numbers
    ]


def numbers_by_key(found: Sequence[Read]) -> dict[bytes, list[int]]:
    by_key: dict[bytes, list[int]] = {}
    for one in found:
        by_key.setdefault(one.key, []).append(int(one.value.split()[0]))
    return by_key


@pytest.mark.parametrize("size", [10, 30_000])
def test_many_records_keep_the_order_of_each_key(kafka_desk: Desk, size: int):
    deliver(kafka_desk, records(kafka_desk, range(300), size=size))
    found = kafka_desk.read(WRITES)
    assert numbers_by_key(found) == {b"key %d" % key: list(range(key, 300, 10)) for key in range(10)}
    assert len({one.partition for one in found}) > 1
    assert all(one.headers == {"n": "1"} for one in found)


def test_a_key_has_the_same_partition_whoever_sends_it_and_with_how_many(kafka_desk: Desk):
    deliver(kafka_desk, records(kafka_desk, range(300)))
    deliver(kafka_desk, records(kafka_desk, range(10)))
    with kafka_desk._producer() as another:
        for record in records(kafka_desk, range(10)):
            another.send(record.topic, record.value, record.key, list(record.headers))
    partitions: dict[bytes, set[int]] = {}
    for one in kafka_desk.read(WRITES):
        partitions.setdefault(one.key, set()).add(one.partition)
    assert len(partitions) == 10
    assert all(len(of_it) == 1 for of_it in partitions.values()), partitions


def test_a_record_that_fills_a_topics_limit_is_sent_among_others(kafka_desk: Desk):
    small = records(kafka_desk, range(100))
    roomy = small[50]._replace(value=b"50 " + b"x" * (400_000 - 1_500))
    deliver(kafka_desk, [*small[:50], roomy, *small[51:]])
    assert numbers_by_key(kafka_desk.read(WRITES))[roomy.key] == list(range(0, 100, 10))


def test_a_batch_fits_the_smallest_of_the_topics(kafka: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(_code: Exit, why: str) -> None:
        raise AssertionError(why)

    # In earnest it ends the process, which is that of the test here.
    monkeypatch.setattr("newswatch_core.runtime.delivery.end_now", refused)

    class Small(Desk):
        """Topics as somebody made them by hand."""

        @property
        def broker(self) -> Broker:
            return broker_of(Kafka(brokers=self.address, prefix=self.prefix, max_record=100_000))

    desk = Small(kafka, tmp_path)
    desk.create_topics()
    deliver(desk, records(desk, range(300), size=3_000), limits=(100_000, 4_000_000))
    assert len(desk.read(WRITES)) == 300


@contextmanager
def tagger(desk: Desk, postgres_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    settings = {"version": "1", "kafka": {"prefix": desk.prefix, "max_record": "400000", "session": "6s"}}
    folder = desk.folder / "tagger"
    shutil.copytree(SEEDS, folder, dirs_exist_ok=True)
    (folder / "newswatch.yaml").write_text(yaml.safe_dump(settings))
    options = ["--kafka", desk.address, "--postgres", postgres_url, "--replica", desk.prefix]
    with (desk.folder / "tagger.log").open("ab") as log:
        process = subprocess.Popen([NEWSWATCH, "worker", "tagger", folder, *options], stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def tagged(desk: Desk) -> list[str]:
    events = [decode(record.value) for record in desk.read(WRITES)]
    return [event.article.title for event in events if isinstance(event, TaggedArticle)]


def lag(desk: Desk) -> int:
    with connected(desk.broker) as admin:
        return sum(row.events for row in admin.lag() if row.service == "tagger")


def test_a_worker_killed_while_eight_partitions_flow_loses_none_and_commits_all(kafka_desk: Desk, postgres_url: str):
    text = "The council met on Monday, and nothing came of it. " * 40
    events = [
        DeduplicatedArticle(article=article(number, text=f"{number} {text}"), copy_of=None, story=hash_id(str(number)))
        for number in range(4_000)
    ]
    kafka_desk.put(events, READS)
    with tagger(kafka_desk, postgres_url) as process:
        wait_for(kafka_desk, process, 1)
        process.kill()
    before = len(tagged(kafka_desk))
    with tagger(kafka_desk, postgres_url) as process:
        wait_for(kafka_desk, process, len(events))
        process.send_signal(signal.SIGTERM)
        assert process.wait(25) == 0
    repeated = len(tagged(kafka_desk)) - len(events)
    assert repeated <= before, "only what the first life had sent is repeated"
    assert lag(kafka_desk) == 0
    print(f"killed after {before} of {len(events)}, {repeated} repeated")


def wait_for(desk: Desk, process: "subprocess.Popen[bytes]", wanted: int) -> None:
    deadline = time.monotonic() + 90
    while len(set(tagged(desk))) < wanted:
        log = (desk.folder / "tagger.log").read_text()[-3_000:]
        assert process.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.05)
