"""A worker whose stage waits is in trouble, not stuck: a supervisor must not start it again for that."""

import asyncio
from pathlib import Path

import pytest

from newswatch_core.ports import Context
from newswatch_core.runtime.broker import broker_of
from newswatch_core.runtime.health import Health
from newswatch_core.runtime.worker import Place, Worker
from newswatch_core.settings import Kafka, Settings
from newswatch_core.storage.database import open_memory
from tests.support.crew import SERVICE


async def beat(worker: Worker) -> None:
    beating = asyncio.create_task(worker._beat())
    await asyncio.sleep(0)
    beating.cancel()


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    context = Context(tmp_path, Settings(version="1"), open_memory())
    worker = Worker(SERVICE, context, Place(broker_of(Kafka(), "broker:9092"), tmp_path))
    worker._batches = worker._make_batches((1_000, 1_000))
    worker.health.turned("stage")
    worker.health._turned["stage"] -= 1_000
    return worker


@pytest.fixture
def health(worker: Worker) -> Health:
    return worker.health


async def test_a_stage_that_stands_still_for_no_known_reason_is_stuck(worker: Worker, health: Health):
    health.trouble("deduplicator-sender", "no network")
    await beat(worker)
    assert health.stuck() == ["stage"]


@pytest.mark.parametrize("need", ["database", "kafka"])
async def test_a_stage_that_waits_for_what_is_away_is_not_stuck(worker: Worker, health: Health, need: str):
    health.trouble(need, "it does not answer")
    await beat(worker)
    assert health.stuck() == []


async def test_what_keeps_a_stage_from_going_on_is_told_until_it_goes_on(worker: Worker, health: Health):
    assert worker._batches is not None
    worker._batches.trouble = "the database is full"
    await beat(worker)
    assert (health.troubles(), health.stuck()) == ({"deduplicator": "the database is full"}, [])
    worker._batches.trouble = ""
    await beat(worker)
    assert health.troubles() == {}
