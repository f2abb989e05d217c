"""The fetcher as it runs: its schedule, its start and its end, and a SIGKILL at any moment."""

import asyncio
import json
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from newswatch_core.ports import Context
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import open_folder
from newswatch_fetcher.service import SERVICE, Fetcher
from tests.support.fetching import report
from tests.support.standserver import Trouble

pytestmark = pytest.mark.asyncio(loop_scope="package")


@asynccontextmanager
async def running(desk, *, sample=False) -> AsyncIterator[list]:
    """A fetcher on the desk; gives the list of what it emits."""
    events = []

    async def emit(batch):
        events.extend(batch)

    data = desk / "data"
    data.mkdir(exist_ok=True)
    database = open_folder(data)
    context = Context(desk=desk, settings=load_settings(desk), database=database, sample=sample)
    task = asyncio.create_task(Fetcher(context).run(emit))
    try:
        yield events
        assert not task.done(), task
    finally:
        task.cancel()
        started = time.monotonic()
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - started < 3
        database.close()


async def until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.05)


@pytest.fixture
def desk(stand, tmp_path):
    stand.add_feed("other", host="other.example")
    for number in range(3):
        stand.add_article("news", report(number))
        stand.add_article("other", report(number + 10))
    stand.write_desk(tmp_path)
    return tmp_path


async def test_all_feeds_of_a_small_desk_are_polled_at_once(desk):
    async with running(desk) as events:
        await until(lambda: len(events) == 6)
    assert {event.article.feed for event in events} == {"news", "other"}


async def test_a_restart_neither_repeats_nor_polls_before_it_is_due(desk, stand):
    with capture_logs() as logs:
        async with running(desk) as events:
            await until(lambda: len(events) == 6 and sum(line["event"] == "poll" for line in logs) == 2)
            await asyncio.sleep(0.2)
    before = len(stand.requests)
    async with running(desk) as events:
        await asyncio.sleep(1)
    assert events == []
    assert len(stand.requests) == before


async def test_it_ends_at_once_in_the_midst_of_its_work(desk, stand):
    stand.order(stand.feed_url("other"), Trouble("hang"))
    for number in range(50):
        shown = stand.add_article("news", report(number + 100))
        stand.order(shown.url, Trouble("slow", seconds=5), times=None)
    async with running(desk):
        await until(lambda: len(stand.page_requests()) > 0)


async def test_feeds_that_cannot_be_reached_are_told_in_one_line(stand, tmp_path):
    for number in range(5):
        stand.add_feed(f"dead{number}", host=f"dead{number}.example")
    stand.add_article("news", report())
    stand.write_desk(tmp_path)
    settings = tmp_path / "newswatch.yaml"
    lines = settings.read_text().splitlines()
    settings.write_text("\n".join(line.replace(str(stand.port), "1") if " dead" in line else line for line in lines))
    with capture_logs() as logs:
        async with running(tmp_path) as events:
            await until(lambda: any(line["log_level"] == "warning" for line in logs))
            assert len(events) == 1
    (warning,) = [line for line in logs if line["log_level"] == "warning"]
    assert "5 feeds cannot be reached (no network?): dead0" in warning["problem"]


async def test_an_emit_that_fails_ends_the_source(desk):
    async def emit(_events):
        raise OSError("disk full")

    data = desk / "data"
    data.mkdir()
    database = open_folder(data)
    with pytest.raises(OSError, match="disk full"):
        await Fetcher(Context(desk=desk, settings=load_settings(desk), database=database)).run(emit)
    database.close()


async def test_the_service_is_a_source_and_checks_its_file(desk):
    assert SERVICE.name == "fetcher"
    assert SERVICE.source is Fetcher
    assert list(SERVICE.check(desk)) == []
    (desk / "feeds.yaml").write_text("version: 1\nfeeds: [{url: nonsense}]\n")
    assert "feeds.yaml:2" in str(SERVICE.check(desk)[0])


async def test_a_connect_entry_that_is_no_address_is_a_problem(desk):
    (desk / "newswatch.yaml").write_text("version: 1\negress:\n  connect:\n    news.example:80: nowhere\n")
    (problem,) = SERVICE.check(desk)
    assert str(problem).startswith("newswatch.yaml:3: connect: 'nowhere' (for news.example:80) is not address:port")


PROGRAM = """
import asyncio, json, os, sys
from pathlib import Path
from newswatch_core.ports import Context
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import open_folder
from newswatch_fetcher.service import Fetcher

desk, out = Path(sys.argv[1]), open(sys.argv[2], "a")

async def emit(events):
    for event in events:
        out.write(json.dumps([event.article.id, event.article.revision]) + "\\n")
    out.flush()
    os.fsync(out.fileno())

async def main():
    database = open_folder(desk / "data")
    await Fetcher(Context(desk=desk, settings=load_settings(desk), database=database)).run(emit)

asyncio.run(main())
"""


async def test_after_any_number_of_kills_every_entry_was_brought_in(desk, stand, tmp_path):
    (desk / "data").mkdir()
    out = tmp_path / "events.jsonl"
    out.touch()
    expected = {report(number + 10).title for number in range(3)} | {report(number).title for number in range(3)}
    for number in range(100, 160):
        shown = stand.add_article("news" if number % 2 else "other", report(number))
        stand.order(shown.url, Trouble("slow", seconds=0.05), times=None)
        expected.add(shown.title)
    chance = random.Random(7)
    for kill in range(6):
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, str(desk), str(out))
        if kill < 5:
            await asyncio.sleep(chance.uniform(0.8, 2.2))
        else:
            await until(
                lambda: len({tuple(json.loads(line)) for line in out.read_text().splitlines()}) >= len(expected)
            )
        program.kill()
        await program.wait()
    brought = [tuple(json.loads(line)) for line in out.read_text().splitlines()]
    assert len(set(brought)) == len(expected) == 66
    assert len(brought) < 2 * len(expected)
