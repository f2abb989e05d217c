"""How fast the stages are on Kafka, each as a worker process, against plain aiokafka in the same run.

    python -m benchmarks.kafka_stage [--articles N] [--rounds N] [--quick] [--only NAME ...] [--latency]

It starts a Kafka and a PostgreSQL itself. Articles have about 3 kB. Rates are medians over rounds, in which the
contenders take turns; per CPU second means that of the measured process, all threads, without broker and database.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from aiokafka import AIOKafkaProducer

from benchmarks import kafka_latency
from benchmarks.kafka_contenders import ADAPTER, NAMES, PLAIN, SINK, Measured, Task
from benchmarks.news import Newsroom, Told
from benchmarks.servers import made_topics, servers
from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle, TaggedArticle, encode, key_of
from newswatch_core.topics import ARTICLES_DEDUPLICATED, ARTICLES_FETCHED, ARTICLES_TAGGED
from newswatch_judging.desk import Judging
from tests.support.articles import NOON
from tests.support.command import ROOT, SEEDS
from tests.support.postgres import new_database

APART = timedelta(seconds=0.5)
SKIP = 2_000
"""Articles before the measurement, and after it: nothing is measured with empty buffers."""
TARGETS = {ADAPTER: 6_000, "tagger": 2_500, "alerter": 2_500, "deduplicator": 1_000}
TARGET_RATIO = 0.4


@dataclass(frozen=True)
class Row:
    """Medians over the rounds: articles a second, articles a CPU second, bytes."""

    name: str
    rate: float
    per_cpu: float
    memory: float


async def preload(kafka: str, told: Sequence[Told], names: Sequence[str]) -> None:
    """Puts the articles on the topics that the contenders `names` read."""
    topics: dict[str, list[Event]] = {ARTICLES_FETCHED.name: [FetchedArticle(article=one.article) for one in told]}
    if "tagger" in names:
        topics[ARTICLES_DEDUPLICATED.name] = [
            DeduplicatedArticle(article=one.article, copy_of=one.copy_of, story=one.story) for one in told
        ]
    if "alerter" in names:
        judging = Judging.load(SEEDS)
        topics[ARTICLES_TAGGED.name] = [
            TaggedArticle(
                article=one.article,
                copy_of=one.copy_of,
                story=one.story,
                mentions=judging.tag(one.article),
                entities=judging.entities_hash,
            )
            for one in told
        ]
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all", enable_idempotence=True)
    await producer.start()
    for topic, events in topics.items():
        sent = [await producer.send(topic, encode(event), key_of(event).encode()) for event in events]
        await asyncio.gather(*sent)
    await producer.stop()


def measure(name: str, task: Task) -> Measured:
    command = [sys.executable, "-m", "benchmarks.kafka_contenders", name, json.dumps(asdict(task))]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=600)
    return Measured(**json.loads(done.stdout.splitlines()[0]))


def rounds(kafka: str, names: Sequence[str], count: int, until: int) -> list[Row]:
    found: dict[str, list[Measured]] = {name: [] for name in names}
    for number in range(count):
        for name in names:
            with new_database() as postgres, tempfile.TemporaryDirectory(prefix="newswatch-bench-") as folder:
                task = Task(kafka, postgres, str(SEEDS), folder, f"{name}{number}", SKIP, until)
                measured = measure(name, task)
            print(f"  round {number + 1}  {name:<13} {measured.articles / measured.wall:8,.0f}/s", file=sys.stderr)
            found[name].append(measured)
    return [
        Row(
            name,
            statistics.median(one.articles / one.wall for one in all_),
            statistics.median(one.articles / one.cpu for one in all_),
            max(one.memory for one in all_),
        )
        for name, all_ in found.items()
    ]


def show(rows: Sequence[Row], size: float) -> None:
    plain = next((row for row in rows if row.name == PLAIN), None)
    print(f"\narticles of {size:,.0f} bytes\n")
    print(f"{'':<14}{'articles/s':>11}{'per CPU s':>11}{'ms CPU':>8}{'of aiokafka':>13}{'MB':>6}   target")
    for row in rows:
        ratio = f"{row.rate / plain.rate:13.2f}" if plain else " " * 13
        target = f"{TARGETS[row.name]:,}/s" if row.name in TARGETS else ""
        target += f" and {TARGET_RATIO} of aiokafka" if row.name == ADAPTER else ""
        numbers = f"{row.rate:11,.0f}{row.per_cpu:11,.0f}{1000 / row.per_cpu:8.2f}{ratio}{row.memory / 2**20:6.0f}"
        print(f"{row.name:<14}{numbers}   {target}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=10_000, help="measured in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--only", action="append", choices=NAMES, help="may be given several times")
    parser.add_argument("--latency", action="store_true", help="instead: text complete -> sent, at a steady rate")
    parser.add_argument("--rate", type=int, default=50, help="articles a second, for --latency")
    parser.add_argument("--seconds", type=int, default=60, help="for --latency")
    given = parser.parse_args()
    if given.latency:
        kafka_latency.main(given.rate, given.seconds)
        return
    articles, count = (3_000, 1) if given.quick else (given.articles, given.rounds)
    names = [name for name in NAMES if not given.only or name in given.only]
    told = Newsroom(1, NOON, APART).take(articles + 2 * SKIP)
    size = statistics.mean(len(encode(FetchedArticle(article=one.article))) for one in told)
    with servers() as kafka:
        made_topics(kafka)
        made_topics(kafka, SINK)
        asyncio.run(preload(kafka, told, names))
        show(rounds(kafka, names, count, articles + SKIP), size)


if __name__ == "__main__":
    main()
