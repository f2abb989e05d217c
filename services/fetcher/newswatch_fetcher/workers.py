"""Parsing and extraction in processes that can be killed: hostile input costs a worker, never the fetcher.

Each worker is a fresh interpreter in a session of its own (a Ctrl-C in the terminal does not reach it) that talks
through its pipes. One that takes too long, takes too much memory or dies is replaced at the next task.
"""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec

from newswatch_fetcher.feeds import ParsedFeed
from newswatch_fetcher.tasks import ExtractPage, Failed, FeedParsed, PageExtracted, ParseFeed, Result, Task
from newswatch_fetcher.worker import MEMORY, OUT_OF_MEMORY

_START_SECONDS = 60.0
_MAX_RESULT = 100_000_000
_TASKS_EACH = 2_000


class WorkerError(Exception):
    """The task could not be done: the input is at fault, or it killed its worker."""


class Workers:
    """At most `processes` workers, started when first needed. Use as an asynchronous context manager.

    A task may take `seconds`, a worker `memory` bytes (where the system can limit that).
    """

    def __init__(self, processes: int = 2, seconds: float = 10.0, memory: int = MEMORY) -> None:
        self._seconds = seconds
        self._free: asyncio.Queue[_Worker] = asyncio.Queue()
        self._all = [_Worker(memory) for _ in range(processes)]
        for worker in self._all:
            self._free.put_nowait(worker)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Starts one worker ahead of the first task."""
        worker = await self._free.get()
        try:
            await worker.start()
        finally:
            self._free.put_nowait(worker)

    async def close(self) -> None:
        """Ends all workers now; they hold nothing that could be lost."""
        await asyncio.gather(*(worker.stop() for worker in self._all))

    async def parse_feed(self, body: bytes, content_type: str, url: str) -> ParsedFeed:
        """The entries of a feed's body. Raises WorkerError."""
        result = await self._perform(ParseFeed(body, content_type, url))
        if not isinstance(result, FeedParsed):
            raise WorkerError("a worker answered something else")
        return result.feed

    async def extract_page(self, body: bytes, content_type: str, url: str) -> str:
        """The article text of a page, "" where there is none. Raises WorkerError."""
        return (await self._extract(ExtractPage(body, content_type, url))).text

    async def extract_titled_page(self, body: bytes, content_type: str, url: str) -> tuple[str, str]:
        """The article text of a page and its headline, each "" where there is none. Raises WorkerError."""
        result = await self._extract(ExtractPage(body, content_type, url, titled=True))
        return result.text, result.title

    async def _extract(self, task: ExtractPage) -> PageExtracted:
        result = await self._perform(task)
        if not isinstance(result, PageExtracted):
            raise WorkerError("a worker answered something else")
        return result

    @property
    def pids(self) -> list[int]:
        """The process ids of the workers that run now."""
        return [worker.process.pid for worker in self._all if worker.process and worker.process.returncode is None]

    async def _perform(self, task: Task) -> Result:
        worker = await self._free.get()
        try:
            result = await worker.perform(task, self._seconds)
        finally:
            self._free.put_nowait(worker)
        if isinstance(result, Failed):
            raise WorkerError(result.reason)
        return result


class _Worker:
    """One process, or none yet."""

    def __init__(self, memory: int) -> None:
        self._memory = memory
        self.process: Process | None = None
        self._decoder: msgspec.msgpack.Decoder[Result] = msgspec.msgpack.Decoder(Result)
        self._tasks_left = 0

    async def perform(self, task: Task, seconds: float) -> Result:
        try:
            process = await self._running()
            async with asyncio.timeout(seconds):
                result = await self._exchange(process, task)
        except TimeoutError:
            await self.stop()
            raise WorkerError(f"took longer than {seconds:g} s") from None
        except (OSError, EOFError, asyncio.IncompleteReadError, msgspec.DecodeError) as error:
            raise WorkerError(await self._death(error)) from None
        except BaseException:
            # A result that nobody waits for would be taken for the next task's.
            await self.stop()
            raise
        self._tasks_left -= 1
        if self._tasks_left <= 0:
            await self.stop()
        return result

    async def start(self) -> None:
        try:
            await self._running()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, msgspec.DecodeError):
            await self.stop()  # the first task will meet it, and say so
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Ends the process, and returns when it is gone."""
        process = self.process
        if process is None:
            return
        if process.returncode is None:
            # Not process.kill(): that reaps a dead child behind asyncio's back.
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        if process.stdin:
            process.stdin.close()
        await process.wait()
        if self.process is process:
            self.process = None

    async def _running(self) -> Process:
        if self.process and self.process.returncode is None:
            return self.process
        await self.stop()
        # -P: a desk's folder is not searched for modules.
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "newswatch_fetcher.worker", str(self._memory),
            stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,
        )  # fmt: skip
        async with asyncio.timeout(_START_SECONDS):
            await self._receive(self.process)
        self._tasks_left = _TASKS_EACH
        return self.process

    async def _exchange(self, process: Process, task: Task) -> Result:
        assert process.stdin  # noqa: S101 - for the type checker: a pipe was asked for
        data = msgspec.msgpack.encode(task)
        process.stdin.write(len(data).to_bytes(4, "big") + data)
        await process.stdin.drain()
        return await self._receive(process)

    async def _receive(self, process: Process) -> Result:
        assert process.stdout  # noqa: S101 - for the type checker: a pipe was asked for
        size = int.from_bytes(await process.stdout.readexactly(4), "big")
        if size > _MAX_RESULT:
            raise EOFError("an impossible answer")
        return self._decoder.decode(await process.stdout.readexactly(size))

    async def _death(self, error: Exception) -> str:
        process = self.process
        if process:
            # It ends by itself; what it ends with says why.
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 1)
        await self.stop()
        status = process.returncode if process else None
        if status == OUT_OF_MEMORY:
            return "took too much memory"
        return f"its worker died ({status})" if status is not None else f"its worker failed ({error})"
