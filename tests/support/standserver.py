"""The server behind the newsstand: plain HTTP/1.1 that also knows how to misbehave on order."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

Kind = Literal[
    "status",
    "redirect",
    "hang",
    "slow",
    "drip",
    "reset",
    "truncated",
    "cut",
    "garbage",
    "huge",
    "html",
    "empty",
    "body",
]


@dataclass(frozen=True)
class Trouble:
    """What a URL does instead of answering as it should.

    status     answers `status` with `headers`
    redirect   answers `status` (301 unless given) to `location`
    hang       reads the request and says nothing for `seconds`
    slow       answers as it should after `seconds`
    drip       sends the headers, then a byte every 0.2 s
    reset      resets the connection
    truncated  says the whole length and closes after half the body
    cut        a whole answer whose body is only the first `part` of it
    garbage    random-looking bytes
    huge       a feed that goes on for `size` bytes, gzipped if `zipped`
    html       a login page with status 200
    empty      status 200, no body
    body       `body` with `headers`
    """

    kind: Kind
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    location: str = ""
    seconds: float = 30.0
    part: float = 0.5
    size: int = 50_000_000
    zipped: bool = False
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def troubled(answer: Answer, trouble: Trouble) -> Answer | Trouble:
    """The answer that `trouble` makes of the good one, or the trouble itself where the connection must act it."""
    headers = dict(answer.headers) | dict(trouble.headers)
    plain = {key: value for key, value in headers.items() if key != "Content-Encoding"}
    match trouble.kind:
        case "status":
            return Answer(trouble.status, dict(trouble.headers), b"")
        case "redirect":
            return Answer(trouble.status or 301, {"Location": trouble.location, **trouble.headers}, b"")
        case "cut":
            body = gzip.decompress(answer.body) if "Content-Encoding" in answer.headers else answer.body
            return Answer(200, plain, body[: int(len(body) * trouble.part)])
        case "garbage":
            return Answer(200, plain, b"".join(sha256(bytes([number])).digest() for number in range(200)))
        case "html":
            page = b"<!DOCTYPE html><html><head><title>Log in</title></head><body><form>Password</form></body></html>"
            return Answer(200, plain | {"Content-Type": "text/html"}, page)
        case "empty":
            return Answer(200, plain, b"")
        case "body":
            return Answer(trouble.status or 200, dict(trouble.headers), trouble.body)
        case "slow" | "truncated":
            return Answer(answer.status, headers | {"X-Trouble": f"{trouble.kind} {trouble.seconds}"}, answer.body)
    return trouble


Answering = Callable[[str, str, Mapping[str, str]], Answer | Trouble]
"""Takes a request's host, target and headers (names in lower case)."""


class Server:
    """A small HTTP/1.1 server on an asyncio loop in its own thread."""

    def __init__(self, answer: Answering) -> None:
        self._answer = answer
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._main, name="newsstand", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def start(self) -> None:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the newsstand did not start")

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=500))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(server.wait_closed())
        self._loop.close()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._serve(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; whether another may follow on this connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        _, target, _ = head[0].split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        outcome = self._answer(headers.get("host", ""), target, headers)
        if isinstance(outcome, Trouble):
            await self._act(outcome, writer)
            return False
        trouble, _, seconds = outcome.headers.pop("X-Trouble", "").partition(" ")
        if trouble == "slow":
            await asyncio.sleep(float(seconds))
        writer.write(_head(outcome.status, outcome.headers | {"Content-Length": str(len(outcome.body))}))
        writer.write(outcome.body[: len(outcome.body) // 2] if trouble == "truncated" else outcome.body)
        await writer.drain()
        return trouble != "truncated"

    async def _act(self, trouble: Trouble, writer: asyncio.StreamWriter) -> None:
        if trouble.kind == "hang":
            await asyncio.sleep(trouble.seconds)
        elif trouble.kind == "reset":
            writer.transport.abort()
        elif trouble.kind == "drip":
            writer.write(_head(200, {"Content-Type": "application/rss+xml"}))
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.2)
        elif trouble.kind == "huge":
            await _send_huge(trouble, writer)


async def _send_huge(trouble: Trouble, writer: asyncio.StreamWriter) -> None:
    headers = {"Content-Type": "application/rss+xml"} | ({"Content-Encoding": "gzip"} if trouble.zipped else {})
    writer.write(_head(200, headers))
    packer = zlib.compressobj(wbits=31)
    block = b"<item><title>more</title><description>and more</description></item>" * 1_000
    sent = 0
    while sent < trouble.size:
        part = b'<?xml version="1.0"?><rss version="2.0"><channel>' + block if not sent else block
        sent += len(part)
        writer.write(packer.compress(part) if trouble.zipped else part)
        await writer.drain()
    writer.write(packer.flush() if trouble.zipped else b"</channel></rss>")
    await writer.drain()


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    if "Content-Length" not in headers:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
