"""Health and metrics over HTTP, answered from a thread of their own so that a stuck loop cannot hide.

/livez     200 while every loop turned lately
/readyz    200 while, besides, no part is in trouble
/metrics   for Prometheus
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

_LATELY = 60.0


class Health:
    """What the parts of the process report of themselves. Thread-safe."""

    def __init__(self, listen: str) -> None:
        """`listen` is host:port; nothing is served where it is empty."""
        self._listen = listen
        self._turned: dict[str, float] = {}
        self._trouble: dict[str, str] = {}
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    def turned(self, loop: str) -> None:
        """Says that `loop` just went round."""
        with self._lock:
            self._turned[loop] = time.monotonic()

    def trouble(self, part: str, problem: str) -> None:
        """Says what is wrong with `part`; nothing if `problem` is empty."""
        with self._lock:
            self._trouble[part] = problem

    def stuck(self) -> list[str]:
        """The loops that have not turned lately."""
        with self._lock:
            return [loop for loop, at in self._turned.items() if time.monotonic() - at > _LATELY]

    def troubles(self) -> dict[str, str]:
        with self._lock:
            return {part: problem for part, problem in self._trouble.items() if problem}

    def start(self) -> None:
        """Begins to answer. A port that is taken is a warning: watching the news goes on."""
        if not self._listen:
            return
        host, _, port = self._listen.rpartition(":")
        try:
            self._server = ThreadingHTTPServer((host, int(port)), _handler(self))
        except (OSError, OverflowError) as error:
            structlog.get_logger().warning("health problem", listen=self._listen, problem=str(error))
            return
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()


def _handler(health: Health) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the base class names it so
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            elif self.path in {"/livez", "/readyz"}:
                stuck = health.stuck()
                troubles = health.troubles() if self.path == "/readyz" else {}
                body = json.dumps({"stuck": stuck, "troubles": troubles}).encode()
                self._answer(503 if stuck or troubles else 200, "application/json", body)
            else:
                self._answer(404, "text/plain", b"livez, readyz, metrics\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
            pass

    return Handler
