"""A server that answers as Slack's incoming webhooks do, and misbehaves on order.

    with SlackServer() as slack:
        slack.next(Answer(429, headers={"Retry-After": "1"}), RESET_AFTER)     # then "ok" again
        ... post to slack.url ...
        slack.received       # every request that was read whole, with the answer it got

It runs in threads of the process that made it, so a tested process may be killed at any moment.
"""

import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self


@dataclass(frozen=True)
class Answer:
    """How one request is met.

    `answer`: as told. `reset-before`: the connection is reset before the body is read; `reset-after`: once it was
    read, so the message has arrived. `silence`: read, then nothing until the server stops or the client leaves.
    `drip`: the answer comes a byte at a time, `seconds` apart. `seconds` delays a plain answer.
    """

    status: int = 200
    body: bytes = b"ok"
    headers: Mapping[str, str] = field(default_factory=dict)
    how: Literal["answer", "reset-before", "reset-after", "silence", "drip"] = "answer"
    seconds: float = 0.0


OK = Answer()
INVALID = Answer(400, b"invalid_payload")
FORBIDDEN = Answer(403, b"action_prohibited")
NOT_FOUND = Answer(404, b"no_service")
GONE = Answer(410, b"channel_is_archived")
BROKEN = Answer(500, b"<html>Server Error</html>")
UNAVAILABLE = Answer(503, b"<html>Service Unavailable</html>")
RESET_BEFORE = Answer(how="reset-before")
RESET_AFTER = Answer(how="reset-after")
SILENCE = Answer(how="silence")


def too_many(retry_after: str | None) -> Answer:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Answer(429, b"rate_limited", headers)


@dataclass(frozen=True)
class Received:
    """A request that was read whole. `at` is monotonic. `accepted`: the message stands in the room now."""

    payload: dict[str, Any]
    raw: bytes
    path: str
    at: float
    answer: Answer

    @property
    def accepted(self) -> bool:
        refused = 300 <= self.answer.status < 500 or self.answer.status == 503
        return self.answer.how != "reset-before" and not refused

    @property
    def words(self) -> str:
        """All text that a reader can see, and the notification's."""
        return json.dumps(self.payload, ensure_ascii=False)


class SlackServer:
    """Answers on a free port of 127.0.0.1."""

    def __init__(self, *, path: str = "/services/T000/B000/canary-secret") -> None:
        self._orders: deque[Answer] = deque()
        self._otherwise = OK
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self.stopping = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.slack = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}{path}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self, *answers: Answer) -> None:
        """How the next requests are met; after them it is `ok` (or `always`) again."""
        with self._lock:
            self._orders.extend(answers)

    def always(self, answer: Answer) -> None:
        with self._lock:
            self._otherwise = answer

    @property
    def received(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    @property
    def accepted(self) -> list[Received]:
        """What stands in the room: as often as it was taken, whatever the sender got to know."""
        return [one for one in self.received if one.accepted]

    def take_order(self) -> Answer:
        with self._lock:
            return self._orders.popleft() if self._orders else self._otherwise

    def record(self, received: Received) -> None:
        with self._lock:
            self._received.append(received)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    slack: SlackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        slack = self.server.slack
        answer = slack.take_order()
        self.close_connection = True
        if answer.how == "reset-before":
            self._reset()
            return
        length = int(self.headers.get("Content-Length", "0"))
        raw = self.rfile.read(length)
        if len(raw) < length:
            return
        slack.record(Received(json.loads(raw), raw, self.path, time.monotonic(), answer))
        if answer.how == "reset-after":
            self._reset()
        elif answer.how == "silence":
            self._wait(60)
        else:
            self._answer(answer)

    def _answer(self, answer: Answer) -> None:
        headers = {"Content-Length": str(len(answer.body)), "Connection": "close", **answer.headers}
        head = f"HTTP/1.1 {answer.status} -\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        whole = head.encode("ascii") + b"\r\n" + answer.body
        if answer.how == "drip":
            for place in range(len(whole)):
                self.wfile.write(whole[place : place + 1])
                self.wfile.flush()
                if self._wait(answer.seconds):
                    return
        else:
            self._wait(answer.seconds)
            self.wfile.write(whole)

    def _wait(self, seconds: float) -> bool:
        return self.server.slack.stopping.wait(seconds)

    def _reset(self) -> None:
        """Closes so that the client sees "connection reset"."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
