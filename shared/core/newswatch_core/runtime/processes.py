"""All services as processes of their own on one machine: for a first try of the Kafka runtime.

Each is `newswatch worker NAME`, and is started again when it ends by itself. A supervisor such as Kubernetes does the
same elsewhere; nothing else depends on this one.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from newswatch_core.runtime.deskwatch import has_terminal
from newswatch_core.runtime.exits import Exit

_LOOK_EVERY = 0.2
_RESTART_AFTER = 2.0
_STOP_WITHIN = 30.0


@dataclass
class _Process:
    name: str
    command: Sequence[str | Path]
    running: subprocess.Popen[bytes] | None = None
    restart_at: float = 0.0


class Processes:
    """Runs one worker of each service until SIGINT or SIGTERM."""

    def __init__(self, names: Sequence[str], arguments: Sequence[str | Path], environ: Mapping[str, str]) -> None:
        """`arguments` follow the service's name; `environ` is added to that of this process."""
        command = [sys.executable, "-m", "newswatch_core", "worker"]
        self._processes = [_Process(name, [*command, name, *arguments]) for name in names]
        self._environ = os.environ | environ
        self._stop = threading.Event()
        self._log = structlog.get_logger()

    def run(self) -> int:
        """The exit code: 0, or that of a worker that found its configuration wrong."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        if hasattr(signal, "SIGHUP"):
            started_from_terminal = has_terminal()
            signal.signal(signal.SIGHUP, lambda *_: self._on_hangup(started_from_terminal=started_from_terminal))
        code = 0
        while not self._stop.wait(_LOOK_EVERY):
            for process in self._processes:
                if self._look(process) == Exit.WRONG:
                    code = int(Exit.WRONG)
                    self._stop.set()
        self._end()
        return code

    def _on_hangup(self, *, started_from_terminal: bool) -> None:
        """The workers are to look at the desk, or, where the terminal is gone, to stop."""
        if started_from_terminal and not has_terminal():
            self._stop.set()
            return
        for process in self._processes:
            if process.running is not None:
                with contextlib.suppress(ProcessLookupError):
                    process.running.send_signal(signal.SIGHUP)

    def _look(self, process: _Process) -> int | None:
        """Starts the process if it is time to. Its exit code, if it ended."""
        if process.running is None:
            if time.monotonic() >= process.restart_at:
                process.running = subprocess.Popen(process.command, env=self._environ, start_new_session=True)  # noqa: S603 - our own
            return None
        code = process.running.poll()
        if code is not None:
            process.running, process.restart_at = None, time.monotonic() + _RESTART_AFTER
            self._log.error("worker ended", service=process.name, code=code, restart_in=f"{_RESTART_AFTER:.0f}s")
        return code

    def _end(self) -> None:
        running = [process.running for process in self._processes if process.running is not None]
        for one in running:
            with contextlib.suppress(ProcessLookupError):
                one.terminate()
        deadline = time.monotonic() + _STOP_WITHIN
        for one in running:
            try:
                one.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                one.kill()
                one.wait()
