"""The fetcher as it runs: its schedule, its start and its end, and a SIGKILL at any moment."""

import asyncio
import json
import random
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from newswatch_core.ports import Context
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import open_folder
from newswatch_fetcher import turns
from newswatch_fetcher.service import SERVICE, Fetcher
from tests.support.fetching import report
from tests.support.standserver import Trouble

pytestmark = pytest.mark.asyncio(loop_scope="package")


@asynccontextmanager
async def running(desk, *, sample=False, emit=None) -> AsyncIterator[list]:
    """A fetcher on the desk; gives the list of what it emits (unless it does so through `emit`)."""
    events = []

    async def keep(batch):
        events.extend(batch)

    data = desk / "data"
    data.mkdir(exist_ok=True)
    database = open_folder(data)
    context = Context(desk=desk, settings=load_settings(desk), database=database, sample=sample)
    task = asyncio.create_task(Fetcher(context).run(emit or keep))
    try:
        yield events
        assert not task.done(), task
    finally:
        task.cancel()
        started = time.monotonic()
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - started < 10
        database.close()


async def until(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.05)


def starts(logs) -> list[tuple[int, int, int]]:
    """What each start said of its feeds: how many there are, are known, and are polled at once."""
    return [(line["feeds"], line["known"], line["due_now"]) for line in logs if line["event"] == "feeds"]


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
    assert starts(logs) == [(2, 0, 2)]
    before = len(stand.requests)
    with capture_logs() as logs:
        async with running(desk) as events:
            await until(lambda: starts(logs))
    assert starts(logs) == [(2, 2, 0)]
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
            await until(lambda: any(line["log_level"] == "warning" for line in logs) and len(events) == 1)
    (warning,) = [line for line in logs if line["log_level"] == "warning"]
    assert "5 feeds cannot be reached (no network?): dead0" in warning["problem"]
    with capture_logs() as logs:
        async with running(tmp_path):
            await until(lambda: starts(logs))
    assert [line["failing"] for line in logs if line["event"] == "feeds"] == [5]


async def test_an_emit_that_fails_ends_the_source(desk):
    async def emit(_events):
        raise OSError("disk full")

    data = desk / "data"
    data.mkdir()
    database = open_folder(data)
    with pytest.raises(OSError, match="disk full"):
        await Fetcher(Context(desk=desk, settings=load_settings(desk), database=database)).run(emit)
    database.close()


async def test_a_database_error_in_a_poll_is_waited_for_and_the_others_go_on(desk, monkeypatch):
    monkeypatch.setattr(turns, "DATABASE_PAUSE", timedelta(seconds=0.3))
    events, refused = [], 0

    async def emit(batch):
        nonlocal refused
        if batch[0].article.feed == "news" and refused < 2:
            refused += 1
            raise OperationalError("INSERT", None, Exception("disk I/O error"))
        events.extend(batch)

    with capture_logs() as logs:
        async with running(desk, emit=emit):
            await until(lambda: len(events) == 6)
            await until(lambda: sum(line["event"] == "poll" for line in logs) == 2)
    assert refused == 2
    assert {event.article.feed for event in events} == {"news", "other"}
    problems = [line for line in logs if line["event"] == "database problem"]
    assert {(line["feed"], line["problem"]) for line in problems} == {("news", "disk I/O error")}
    assert problems[0]["log_level"] == "warning"


async def test_a_contact_that_is_nobodys_is_told_once(desk):
    settings = desk / "newswatch.yaml"
    settings.write_text(re.sub("(?m)^contact.*\n", "", settings.read_text()))
    for sample, told in ((False, 1), (True, 0)):
        with capture_logs() as logs:
            async with running(desk, sample=sample):
                await until(lambda logs=logs: any(line["event"] == "poll" for line in logs))
            shutil.rmtree(desk / "data")
        assert sum(line["event"] == "contact" for line in logs) == told


async def test_the_check_names_feeds_inside_that_are_not_allowed(desk):
    (desk / "newswatch.yaml").write_text("version: 1\negress: {allow: ['127.0.0.1:8000']}\n")
    urls = ["http://127.0.0.1:8000/a", "http://localhost/b", "https://[::1]/c", "http://10.1.2.3/d", "http://8.8.8.8/e"]
    (desk / "feeds.yaml").write_text("version: 1\nfeeds:\n" + "".join(f"  - url: {url}\n" for url in urls))
    problems = SERVICE.check(desk)
    assert [(problem.line, problem.severity) for problem in problems] == [(line, "warning") for line in (4, 5, 6)]
    assert "egress: {allow: ['[::1]:443']}" in problems[1].hint


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
    for number in range(100, 200):
        shown = stand.add_article("news" if number % 2 else "other", report(number))
        stand.order(shown.url, Trouble("slow", seconds=0.05), times=None)
        expected.add(shown.title)
    chance = random.Random(7)
    for kill in range(6):
        program = await asyncio.create_subprocess_exec(sys.executable, "-c", PROGRAM, str(desk), str(out))
        if kill < 5:
            enough = min(len(out.read_text().splitlines()) + chance.randint(1, 10), len(expected))
            await until(lambda enough=enough: len(out.read_text().splitlines()) >= enough)
            await asyncio.sleep(chance.uniform(0, 0.1))
        else:
            await until(
                lambda: len({tuple(json.loads(line)) for line in out.read_text().splitlines()}) >= len(expected)
            )
        program.kill()
        await program.wait()
    brought = [tuple(json.loads(line)) for line in out.read_text().splitlines()]
    assert len(set(brought)) == len(expected) == 106
    assert len(brought) < 2 * len(expected)
