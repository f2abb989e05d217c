"""What processes and the machine spend, from /proc: seconds are only comparable where nobody else works.

Everywhere but on Linux all figures are 0.
"""

import os
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
