"""What the operator is told about feeds: once when one begins to fail, once when it is back, many in one line."""

import asyncio
from collections import defaultdict
from time import monotonic

import structlog

_MANY = 3
_QUIET_SECONDS = 2.0
_LONGEST_SECONDS = 12.0
_NAMED = 12


class Notices:
    """Collects feeds that cannot be reached for a moment: without a network they all fail at once."""

    def __init__(self) -> None:
        self._failing: dict[str, set[str]] = {}
        self._told: set[tuple[str, str]] = set()
        self._held: dict[str, str] = {}
        self._first = 0.0
        self._latest = 0.0
        self._log = structlog.get_logger()

    def problem(self, feed: str, problem: str) -> None:
        """Something about a feed that works; told once."""
        if (feed, problem) in self._told:
            return
        self._told.add((feed, problem))
        self._log.warning("feed problem", feed=feed, problem=problem)

    def failed(self, feed: str, problem: str, *, unreachable: bool) -> None:
        """A poll failed. A problem that the feed has had since it last went well is no news."""
        kind = "unreachable" if unreachable else problem
        told = self._failing.setdefault(feed, set())
        if kind in told:
            self._log.debug("feed problem", feed=feed, problem=problem)
            return
        told.add(kind)
        if not unreachable:
            self._log.warning("feed problem", feed=feed, problem=problem)
            return
        self._first = self._first if self._held else monotonic()
        self._latest = monotonic()
        self._held[feed] = problem

    def good(self, feed: str, *, was: str) -> None:
        """A poll went well; `was` is the problem before it, or ""."""
        self._held.pop(feed, None)
        if self._failing.pop(feed, None) or was:
            self._log.info("feed recovered", feed=feed)

    async def run(self) -> None:
        """Tells what was held back, until cancelled."""
        while True:
            await asyncio.sleep(0.5)
            now = monotonic()
            if self._held and (now - self._latest >= _QUIET_SECONDS or now - self._first >= _LONGEST_SECONDS):
                self.flush()

    def flush(self) -> None:
        """Tells it now."""
        held, self._held = self._held, {}
        if len(held) < _MANY:
            for feed, problem in held.items():
                self._log.warning("feed problem", feed=feed, problem=f"{problem}; retrying")
            return
        by_problem: defaultdict[str, list[str]] = defaultdict(list)
        for feed, problem in held.items():
            by_problem[problem].append(feed)
        names = ", ".join(list(held)[:_NAMED]) + (", ..." if len(held) > _NAMED else "")
        common = max(by_problem, key=lambda problem: len(by_problem[problem]))
        problem = f"{len(held)} feeds cannot be reached (no network?): {names}; retrying"
        self._log.warning("feed problem", problem=problem)
        self._log.debug("feed problem", feeds=len(by_problem[common]), problem=common)
