"""How long an article takes from the hand of the fetcher to the receiver, through all the services on Kafka.

    article, topic --> deduplicator --> tagger --> alerter --> sender --> an HTTP server as Slack's

Each service is a process. Articles are handed over as the fetcher does it, kept in the database first, at a steady
rate; the clock starts before that, and stops when the message has arrived whole.
"""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import psutil
import yaml

from benchmarks.news import Newsroom, Told
from benchmarks.servers import made_topics, servers
from newswatch_core.events import FetchedArticle, encode, utc_now
from newswatch_core.runtime.broker import Broker
from newswatch_core.runtime.delivery import Deliverer, Outgoing
from newswatch_core.runtime.pulse import Pulse
from newswatch_core.storage.articles import put_articles
from newswatch_core.storage.database import Database, open_url
from tests.support.command import NEWSWATCH, SEEDS
from tests.support.postgres import new_database
from tests.support.slackserver import Received, SlackServer

STAGES = ("deduplicator", "tagger", "alerter")
FIRES = 0.06
"""Of the articles: more than in earnest, for the sake of many measurements."""
WARM_UP = 15
LATEST = 30.0
"""Seconds after the last article until which messages are waited for."""
TARGET = 2.0


def main(rate: int, seconds: int) -> None:
    with (
        servers() as kafka,
        new_database() as postgres,
        SlackServer() as slack,
        tempfile.TemporaryDirectory(prefix="newswatch-bench-") as folder,
    ):
        broker = made_topics(kafka)
        desk = make_desk(Path(folder), slack)
        database = open_url(postgres)
        with workers(desk, kafka, postgres) as running:
            told = Newsroom(2, utc_now() + timedelta(seconds=5), timedelta(seconds=1 / rate), fires=FIRES).take(
                rate * (WARM_UP + seconds)
            )
            put = asyncio.run(flow(broker, database, told, rate))
            wait_for_the_last(slack)
            usage = [(name, process.cpu_times(), process.memory_info().rss) for name, process in running.items()]
        database.close()
    counted = told[rate * WARM_UP :]
    show(latencies(counted, put, slack.accepted), rate, seconds)
    for name, times, memory in usage:
        cpu = 1000 * (times.user + times.system) / len(told)
        print(f"  {name:<13} {cpu:5.2f} ms CPU an article, start included, {memory / 2**20:4.0f} MB")


def make_desk(folder: Path, slack: SlackServer) -> Path:
    """The desk in seeds/, with a receiver that takes every message at once."""
    desk = folder / "desk"
    shutil.copytree(SEEDS, desk)
    (folder / "webhook").write_text(slack.url, encoding="utf-8")
    receiver = {"id": "console", "type": "slack", "webhook": {"file": str(folder / "webhook")}, "pace": "0s"}
    receivers = {"version": "1", "receivers": [receiver], "routes": [{"id": "sahel-desk", "receivers": ["console"]}]}
    (desk / "receivers.yaml").write_text(yaml.safe_dump(receivers), encoding="utf-8")
    return desk


@contextmanager
def workers(desk: Path, kafka: str, postgres: str) -> Iterator[Mapping[str, psutil.Process]]:
    """A worker of each stage, once all have their partitions."""
    environ = os.environ | {"NEWSWATCH_KAFKA": kafka, "NEWSWATCH_POSTGRES": postgres, "NEWSWATCH_REPLICA": kafka}
    logs = {name: desk.parent / f"{name}.log" for name in STAGES}
    running: dict[str, psutil.Popen] = {}
    try:
        for name in STAGES:
            with logs[name].open("wb") as log:
                command = [NEWSWATCH, "worker", name, desk, "--log-style", "json"]
                running[name] = psutil.Popen(command, env=environ, stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while not all('"assigned"' in log.read_text() for log in logs.values()):
            if time.monotonic() > deadline:
                sys.exit("\n".join(log.read_text()[-1_000:] for log in logs.values()))
            time.sleep(0.2)
        yield running
    finally:
        for process in running.values():
            process.terminate()
        for process in running.values():
            try:
                process.wait(30)
            except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                process.kill()


async def flow(broker: Broker, database: Database, told: Sequence[Told], rate: int) -> Mapping[str, float]:
    """Hands the articles over, one by one. When each was, monotonic, by title."""
    pulse = Pulse(broker.session)
    deliverer = Deliverer(broker, pulse, limits=[broker.settings.max_record])
    await deliverer.start()
    put: dict[str, float] = {}

    def keep(one: Told) -> None:
        with database.write() as tx:
            put_articles(tx, [one.article])

    async def hand_over(one: Told) -> None:
        put.setdefault(one.article.title, time.monotonic())
        await asyncio.to_thread(keep, one)
        event = FetchedArticle(article=one.article)
        await deliverer.deliver([Outgoing(broker.writes("fetcher"), one.article.id.encode(), encode(event))])

    start = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number, one in enumerate(told):
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            tasks.create_task(hand_over(one))
    await deliverer.stop()
    return put


def wait_for_the_last(slack: SlackServer) -> None:
    """Until nothing has come for a while."""
    while not slack.received or time.monotonic() - slack.received[-1].at < LATEST / 3:
        time.sleep(0.5)


def latencies(told: Sequence[Told], put: Mapping[str, float], received: Sequence[Received]) -> list[float]:
    """Seconds, of each article that a message was opened with. Its title stands in the message."""
    arrived: dict[str, float] = {}
    for one in received:
        first = str(one.payload["text"])
        for told_of in told:
            if told_of.fires and told_of.copy_of is None and told_of.article.title in first:
                arrived.setdefault(told_of.article.title, one.at)
    return [at - put[title] for title, at in arrived.items()]


def show(found: Sequence[float], rate: int, seconds: int) -> None:
    if len(found) < 20:
        sys.exit(f"only {len(found)} messages: nothing can be said; give more --seconds")
    cuts = statistics.quantiles(found, n=100)
    print(f"\nhanded over -> arrived, {rate} articles/s for {seconds} s, {len(found)} messages")
    print(
        f"  p50 {cuts[49]:.2f} s   p95 {cuts[94]:.2f} s (target {TARGET:.0f})"
        f"   p99 {cuts[98]:.2f} s   max {max(found):.2f} s"
    )
