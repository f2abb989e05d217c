"""What processes and the machine spend, from /proc: seconds are only comparable where nobody else works.

Everywhere but on Linux all figures are 0.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)
"""Columns of /proc/stat: idle, and waiting for a disk."""


def cpu_seconds(pid: int) -> float:
    """What the process has spent; 0 if it is gone."""
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


@dataclass(frozen=True)
class Spent:
    """CPU seconds: what there was in all, what was spent by anybody, and by this process and its ended children."""

    there: float
    busy: float
    ours: float


def spent() -> Spent:
    times = os.times()
    ours = times.user + times.system + times.children_user + times.children_system
    try:
        columns = [int(column) / _TICKS for column in (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:
        return Spent(0.0, 0.0, ours)
    return Spent(sum(columns), sum(columns) - sum(columns[place] for place in _IDLE), ours)


def shares(before: Spent, after: Spent) -> tuple[float, float]:
    """Of the machine's CPU between the two: the part spent by us, and by others. Our children must have ended."""
    there = after.there - before.there
    if there <= 0:
        return 0.0, 0.0
    ours = (after.ours - before.ours) / there
    return round(ours, 3), round(max(0.0, (after.busy - before.busy) / there - ours), 3)


@dataclass(frozen=True)
class Memory:
    """Of a process and its children, in MB. `pss` counts what they share once."""

    rss: float
    pss: float


def memory(pid: int) -> Memory:
    """0 of what is gone meanwhile."""
    found = [_memory_of(one) for one in family(pid)]
    return Memory(round(sum(one.rss for one in found), 1), round(sum(one.pss for one in found), 1))


def family(pid: int) -> Sequence[int]:
    """The process, its children and theirs."""
    found = [pid]
    for place in (_PROC / str(pid) / "task").glob("*/children"):
        with suppress(OSError):
            for child in place.read_text().split():
                found += family(int(child))
    return found


def _memory_of(pid: int) -> Memory:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return Memory(0.0, 0.0)
    sizes = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines}
    return Memory(sizes["Rss:"], sizes["Pss:"])
