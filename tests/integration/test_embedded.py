"""The embedded runtime on a real SQLite file, with small services."""

import asyncio
import os
import signal
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from newswatch_core.events import DeduplicatedArticle
from newswatch_core.ports import Context, Emit, Service
from newswatch_core.runtime.embedded import EmbeddedRuntime
from newswatch_core.runtime.health import Health
from newswatch_core.runtime.lock import DataFolderError, RunnerLock
from newswatch_core.settings import Settings
from newswatch_core.storage import log
from newswatch_core.storage.database import open_folder
from tests.support.articles import fetched


class Counting:
    """A source that emits two articles and waits, and fails at its first start."""

    started = 0

    async def run(self, emit: Emit) -> None:
        type(self).started += 1
        if self.started == 1:
            raise RuntimeError("not yet")
        await emit([fetched(1)])
        await emit([fetched(2)])
        await asyncio.Event().wait()


class Passing:
    def handle(self, batch, tx, now):
        return [[DeduplicatedArticle(article=event.article, copy_of=None, story="s")] for event in batch]

    def tick(self, now, tx):
        return []


async def test_events_flow_from_source_to_stage_until_a_signal_stops_all(tmp_path: Path):
    Counting.started = 0
    database = open_folder(tmp_path)
    context = Context(tmp_path, Settings(version="1"), database)
    services = [
        Service("fetcher", check=lambda desk: [], source=lambda context: Counting()),
        Service("deduplicator", check=lambda desk: [], stage=lambda context: lambda tx: Passing()),
    ]
    running = asyncio.create_task(EmbeddedRuntime(context, services).run())

    async def passed() -> list[str]:
        with database.read() as tx:
            return [record.event.article.title for record in log.read(tx, "articles.deduplicated", 0, 10)]

    async with asyncio.timeout(10):
        while len(await passed()) < 2:
            await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)
        await running
    assert await passed() == ["Title 1", "Title 2"]
    assert Counting.started == 2
    database.close()


def test_a_second_runner_on_a_data_folder_is_refused_by_name(tmp_path: Path):
    with (
        RunnerLock(tmp_path),
        pytest.raises(DataFolderError, match=f"process {os.getpid()}.*another --data"),
        RunnerLock(tmp_path),
    ):
        pass
    with RunnerLock(tmp_path):
        pass


def test_health_tells_stuck_from_troubled():
    health = Health("127.0.0.1:0")
    health.start()
    assert health._server is not None
    base = f"http://127.0.0.1:{health._server.server_port}"

    def status(path: str) -> int:
        try:
            with urllib.request.urlopen(base + path) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code

    health.turned("loop")
    assert (status("/livez"), status("/readyz"), status("/metrics"), status("/else")) == (200, 200, 200, 404)
    health.trouble("fetcher", "no network")
    assert (status("/livez"), status("/readyz")) == (200, 503)
    health.trouble("fetcher", "")
    health._turned["loop"] -= 1000
    assert (status("/livez"), status("/readyz")) == (503, 503)
    health.stop()


def test_a_health_port_that_is_taken_does_not_stop_the_watch():
    first = Health("127.0.0.1:0")
    first.start()
    assert first._server is not None
    second = Health(f"127.0.0.1:{first._server.server_port}")
    second.start()
    assert second._server is None
    second.stop()
    first.stop()
