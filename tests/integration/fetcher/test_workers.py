"""The worker processes, and what they survive."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest

from newswatch_fetcher.workers import WorkerError, Workers
from tests.support.fetching import report
from tests.support.newsstand import feed_xml, page_html

pytestmark = pytest.mark.asyncio(loop_scope="package")

FEED = feed_xml("News", "http://news.example/feed.xml", [report(1)])
URL = "http://news.example/feed.xml"
SLOW = b"<rss " + b" ".join(b"a%d='1'" % number for number in range(60_000)) + b"><channel/></rss>"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return "Z" not in shown.stdout


async def test_a_feed_and_a_page_are_read_in_another_process(workers):
    parsed = await workers.parse_feed(FEED, "", URL)
    assert [entry.title for entry in parsed.entries] == [report(1).title]
    text = await workers.extract_page(page_html(report(1)).encode(), "text/html", URL)
    assert report(1).text in text
    assert os.getpid() not in workers.pids


async def test_a_worker_that_is_killed_between_tasks_is_replaced(workers):
    await workers.parse_feed(FEED, "", URL)
    for pid in workers.pids:
        os.kill(pid, signal.SIGKILL)
    for _ in range(4):
        # A dead one may be noticed only when it is given its task.
        with suppress(WorkerError):
            await workers.parse_feed(FEED, "", URL)
    assert (await workers.parse_feed(FEED, "", URL)).entries


async def test_a_worker_that_is_killed_at_work_costs_that_task_only():
    async with Workers(processes=2) as workers:
        await asyncio.gather(*(workers.parse_feed(FEED, "", URL) for _ in range(4)))
        tasks = [asyncio.create_task(workers.parse_feed(SLOW, "", URL)) for _ in range(2)]
        await asyncio.sleep(0.3)
        for pid in workers.pids:
            os.kill(pid, signal.SIGKILL)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(result) for result in results] == ["its worker died (-9)"] * 2
        assert (await workers.parse_feed(FEED, "", URL)).entries


async def test_a_task_that_takes_too_long_is_ended_and_the_others_go_on():
    async with Workers(processes=2, seconds=1.0) as workers:
        slow = asyncio.create_task(workers.parse_feed(SLOW, "", URL))
        await asyncio.sleep(0.1)
        assert (await workers.parse_feed(FEED, "", URL)).entries
        with pytest.raises(WorkerError, match="longer than 1 s"):
            await slow
        assert (await workers.parse_feed(FEED, "", URL)).entries


async def test_a_cancelled_task_leaves_its_worker_clean():
    async with Workers(processes=1) as workers:
        task = asyncio.create_task(workers.parse_feed(SLOW, "", URL))
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await workers.parse_feed(FEED, "", URL)).entries


async def test_a_worker_that_takes_too_much_memory_is_replaced():
    async with Workers(processes=1, seconds=30, memory=100_000_000) as workers:
        items = b"<item><title>title</title></item>" * 200_000
        with pytest.raises(WorkerError, match="memory"):
            await workers.parse_feed(b"<rss version='2.0'><channel>" + items + b"</channel></rss>", "", URL)
        assert (await workers.parse_feed(FEED, "", URL)).entries


async def test_closing_ends_the_workers_at_once():
    workers = Workers(processes=1)
    task = asyncio.create_task(workers.parse_feed(SLOW, "", URL))
    await asyncio.sleep(0.5)
    (pid,) = workers.pids
    started = time.monotonic()
    task.cancel()
    await workers.close()
    assert time.monotonic() - started < 10
    assert not is_alive(pid)
    await asyncio.gather(task, return_exceptions=True)


async def test_a_ctrl_c_in_the_terminal_does_not_reach_the_workers(workers):
    await workers.parse_feed(FEED, "", URL)
    assert all(os.getsid(pid) != os.getsid(0) for pid in workers.pids)
    before = workers.pids
    for pid in before:
        os.kill(pid, signal.SIGINT)
    assert (await workers.parse_feed(FEED, "", URL)).entries
    assert workers.pids == before


async def test_no_worker_outlives_the_process_that_started_it():
    program = (
        "import asyncio\nfrom newswatch_fetcher.workers import Workers\n"
        "async def main():\n    workers = Workers(1)\n    await workers.start()\n"
        "    print(workers.pids[0], flush=True)\n"
        "    await asyncio.sleep(60)\nasyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
    worker = int(await process.stdout.readline())
    assert is_alive(worker)
    process.kill()
    await process.wait()
    for _ in range(50):
        if not is_alive(worker):
            break
        await asyncio.sleep(0.1)
    assert not is_alive(worker)
