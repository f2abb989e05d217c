"""Watches the desk's folder while newswatch runs, on a thread of its own.

    look every two seconds, or at SIGHUP -> changed? -> at rest for a second? -> made anew -> in force, or refused

What is refused leaves the last good one in force; a log line, /readyz and the metrics say so until it is mended.
"""

import contextlib
import os
import sys
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import structlog

from newswatch_core import metrics
from newswatch_core.config import Problem
from newswatch_core.deskfiles import Content, DeskFiles, changed
from newswatch_core.live import Live, Remade
from newswatch_core.ports import Context, Service
from newswatch_core.runtime.health import Health
from newswatch_core.settings import FILE

PART = "configuration"
"""What /readyz calls it."""
_CHECK = "newswatch check DESK tells more"
_REMIND_EVERY = 600.0
_TRY_AGAIN = 60.0
_RESTLESS = 30.0
_TOLD = 5
"""So many problems are told one by one."""


class Pace(NamedTuple):
    """Seconds: between looks, and how long changed files have to rest before they are read."""

    every: float = 2.0
    rest: float = 1.0


class DeskWatch:
    """Makes anew what `context.lives` holds. Built before the services read anything; started when they have."""

    def __init__(self, context: Context, services: Sequence[Service], health: Health, pace: Pace | None = None) -> None:
        self._lives: list[_Watched] = []
        self._context = context
        self._health = health
        self._pace = pace or Pace()
        fixed = [FILE, *(name for service in services for name in service.fixed_files)]
        self._fixed = DeskFiles(context.desk, fixed)
        self._fixed_seen = self._fixed_at_start = self._fixed.content()
        self._asked = threading.Event()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._refused: frozenset[Problem] = frozenset()
        self._remind_at = 0.0
        self._log = structlog.get_logger()

    def start(self) -> None:
        self._meet()
        self._thread = threading.Thread(target=self._run, name="desk", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, but does not wait for long where it is in the middle of something."""
        self._stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def look_now(self) -> None:
        """Reads the files at once, without waiting until they rest. From any thread, or a handler of signals."""
        self._asked.set()
        self._wake.set()

    def _meet(self) -> None:
        """Takes up what the services have made: it is good, or they would not have started."""
        for live in self._context.lives[len(self._lives) :]:
            self._lives.append(_Watched(live))
            metrics.CONFIG_GOOD.labels(live.name).set(1)
            metrics.CONFIG_REFUSED.labels(live.name).set(0)
            metrics.CONFIG_GOOD_AT.labels(live.name).set_to_current_time()

    def _run(self) -> None:
        pause = self._pace.every
        while not self._stopping.is_set():
            self._wake.wait(pause)
            self._wake.clear()
            asked = self._asked.is_set()
            self._asked.clear()
            try:
                restless = self.look(asked=asked)
            except Exception as error:  # noqa: BLE001 - a thread that ended would never take a change again
                self._log.error("configuration", problem=repr(error), hint="looked at again")
                restless = False
            pause = self._pace.rest if restless else self._pace.every

    def look(self, *, asked: bool = False) -> bool:
        """One look, by one thread at a time. Whether files are changing: then it is time to come back soon."""
        self._meet()
        if asked:
            self._log.info("looking", desk=str(self._context.desk), why="SIGHUP")
        restless = False
        for one in self._lives:
            if self._stopping.is_set():
                return False
            restless |= self._turn(one, asked=asked)
        self._look_at_fixed()
        self._report()
        return restless

    def _turn(self, one: "_Watched", *, asked: bool) -> bool:
        """Whether to come back soon."""
        content = one.live.content()
        if content == one.live.seen and time.monotonic() < one.again_at:
            one.at_rest()
            return False
        if content != one.last and not asked:
            one.moved(content)
            return True
        started = time.monotonic()
        remade, broken = one.remake(content)
        if remade is None:
            one.moved(one.live.content())
            return True
        before = one.live.seen
        one.put(remade, content, broken=broken)
        self._tell(one.live.name, remade, changed(before, content), time.monotonic() - started)
        return False

    def _tell(self, name: str, remade: Remade[Any], files: Sequence[str], seconds: float) -> None:
        good = not remade.problems
        metrics.CONFIG_GOOD.labels(name).set(good)
        metrics.CONFIG_REFUSED.labels(name).set(len(remade.problems))
        metrics.CONFIG_RELOADS.labels(name, "taken" if good else "refused").inc()
        if good:
            metrics.CONFIG_GOOD_AT.labels(name).set_to_current_time()
        for note in remade.notes:
            self._log.warning("configuration", file=note.file, problem=note.message, hint=note.hint)
        what = "configuration taken" if good else "configuration taken in part"
        if good or remade.told:
            self._log.info(what, stage=name, files=files[:10], **remade.told, seconds=round(seconds, 2))

    def _report(self) -> None:
        """Says what is refused: each thing once, a reminder every ten minutes, and a word when it is over."""
        refused = sorted({problem for one in self._lives for problem in one.problems})
        new = [problem for problem in refused if problem not in self._refused]
        for problem in new[:_TOLD]:
            self._error(problem)
        if untold := len(new[_TOLD:]):
            self._log.error("configuration refused", problem=f"and {untold} more", hint=_CHECK)
        if refused and not new and time.monotonic() > self._remind_at:
            self._error(refused[0], still=len(refused))
        if new or (refused and time.monotonic() > self._remind_at):
            self._remind_at = time.monotonic() + _REMIND_EVERY
        self._refused = frozenset(refused)
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        restless = any(one.is_restless() for one in self._lives)
        trouble = f"{refused[0]}{more}; the last good one stays" if refused else ""
        self._health.trouble(PART, trouble or ("the desk's files keep changing" if restless else ""))

    def _error(self, problem: Problem, **more: object) -> None:
        place = f"{problem.file}:{problem.line}" if problem.line else problem.file
        self._log.error(
            "configuration refused",
            at=place,
            problem=problem.message,
            hint=problem.hint or _CHECK,
            stays="the last good one",
            **more,
        )

    def _look_at_fixed(self) -> None:
        content = self._fixed.content()
        for name in changed(self._fixed_seen, content):
            if content.get(name) != self._fixed_at_start.get(name):
                self._log.warning("configuration", file=name, problem="changed: this takes effect at the next start")
        self._fixed_seen = content


class _Watched:
    """A Live, and how its files stand."""

    def __init__(self, live: Live[Any]) -> None:
        self.live = live
        self.last: Content = live.seen
        self.problems: Sequence[Problem] = ()
        self.again_at = float("inf")
        self._restless_since: float | None = None

    def at_rest(self) -> None:
        self.last = self.live.seen
        self._restless_since = None

    def moved(self, content: Content) -> None:
        self.last = content
        if self._restless_since is None:
            self._restless_since = time.monotonic()

    def is_restless(self) -> bool:
        return self._restless_since is not None and time.monotonic() - self._restless_since > _RESTLESS

    def remake(self, content: Content) -> tuple[Remade[Any] | None, bool]:
        """None if the files changed meanwhile; and whether it came to an unexpected end."""
        try:
            return self.live.remake(content), False
        except Exception as error:  # noqa: BLE001 - whatever it is, the last good one goes on
            hint = f"tried again in a minute; {_CHECK}"
            problem = Problem(self.live.name, 0, f"cannot be read anew: {error!r}"[:300], hint)
            return Remade(self.live.current, [problem]), True

    def put(self, remade: Remade[Any], content: Content, *, broken: bool) -> None:
        self.live.put(remade, content)
        self.problems = remade.problems
        self.again_at = time.monotonic() + _TRY_AGAIN if broken else float("inf")
        self.at_rest()


def listen_for_hangup(loop: AbstractEventLoop, look: Callable[[], None], stop: Callable[[], object]) -> None:
    """SIGHUP asks for a look at the desk, or to stop where the terminal is gone from which this was started."""
    import signal  # noqa: PLC0415 - beside what it is for

    if not hasattr(signal, "SIGHUP"):
        return
    started_from_terminal = has_terminal()
    loop.add_signal_handler(signal.SIGHUP, lambda: stop() if started_from_terminal and not has_terminal() else look())


def has_terminal() -> bool:
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.isatty(sys.stdin.fileno())
    return False
