"""The report of a soak: memory over time, lag, and the verdict."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.crash.report import arrived_text
from tests.crash.verdict import Arrivals, Line, ended_by_themselves

_SHOWN = (1, 5, 10, 20, 30, 60)
"""Minutes at which the figures are shown; and at the end."""


@dataclass(frozen=True)
class SoakReport:
    """What is known after a soak. `rate`: articles a second that went straight to the topic."""

    minutes: float
    rate: int
    arrived: Mapping[str, Arrivals]
    unfinished: str
    dead_letters: Sequence[str]
    dead_deliveries: int
    lines: Sequence[Line] = ()

    @property
    def good(self) -> bool:
        kept = not (self.unfinished or self.dead_letters or self.dead_deliveries)
        return kept and not ended_by_themselves(self.lines) and all(one.good for one in self.arrived.values())

    def save(self, folder: Path) -> None:
        (folder / "report.txt").write_text(self.text())
        (folder / "report.json").write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False))

    def as_json(self) -> dict[str, Any]:
        whole = {
            name: [{key: line[key] for key in ("second", "pid", "rss", "pss", "cpu")} for line in lines]
            for name, lines in self._samples().items()
        }
        told = {"arrived": {name: asdict(one) for name, one in self.arrived.items()}}
        rest = {"unfinished": self.unfinished, "dead_letters": self.dead_letters, "processes": whole}
        lags = [line for line in self.lines if line["what"] == "lag"]
        alone = ended_by_themselves(self.lines)
        return (
            {"minutes": self.minutes, "rate": self.rate, "good": self.good}
            | told
            | rest
            | {
                "lag": lags,
                "ended_by_themselves": alone,
                "rested": self._rested(),
            }
        )

    def text(self) -> str:
        lines = [f"{self.minutes:g} minutes at {self.rate} articles a second", ""]
        lines += ["memory in MB, RSS / PSS with children (age in minutes), and share of a core over all samples"]
        lines += [self._memory_row(name, samples) for name, samples in self._samples().items()]
        lines += ["", "lag in events, at minute:", *self._lag_rows()]
        lines += [f"after the flow: {', '.join(self._rested()) or 'never at rest'}"]
        lines += [arrived_text(name, one) for name, one in self.arrived.items()]
        lines += [f"dead letters {len(self.dead_letters)}, dead deliveries {self.dead_deliveries}"]
        lines += [f"NOT AT REST: {self.unfinished}"] if self.unfinished else []
        alone = ended_by_themselves(self.lines)
        lines += [f"workers that ended by themselves: {len(alone)}"]
        lines += [f"  {line['at'][11:19]} {line['worker']} {line['code']} {line['reason']}" for line in alone[:20]]
        lines += [
            f"of the machine's CPU {line['ours']:.0%} was spent by this run, {line['others']:.0%} by others"
            for line in self.lines
            if line["what"] == "spent"
        ]
        lines += ["", "GOOD" if self.good else "BAD"]
        return "\n".join(lines) + "\n"

    def _samples(self) -> Mapping[str, Sequence[Line]]:
        samples: dict[str, list[Line]] = {}
        for line in self.lines:
            if line["what"] == "sample":
                samples.setdefault(line["process"], []).append(line)
        return samples

    def _memory_row(self, name: str, samples: Sequence[Line]) -> str:
        cells = []
        for minute in (*(one for one in _SHOWN if one < self.minutes), self.minutes):
            line = min(samples, key=lambda one: abs(one["second"] - minute * 60))
            born = min(one["second"] for one in samples if one["pid"] == line["pid"])
            age = (line["second"] - born) / 60
            cells.append(f"{minute:g}': {line['rss']:.0f}/{line['pss']:.0f} ({age:.0f})")
        return f"  {name:<16} {'  '.join(cells)}   cpu {_cpu_share(samples):.2f}"

    def _lag_rows(self) -> Sequence[str]:
        rows = []
        lags = [line for line in self.lines if line["what"] == "lag"]
        for minute in range(1, int(self.minutes) + 1, max(1, int(self.minutes) // 15)):
            if lags:
                line = min(lags, key=lambda one: abs(one["second"] - minute * 60))
                figures = {key: value for key, value in line.items() if key not in {"what", "at", "second"}}
                rows.append(f"  {minute:>3}: " + ", ".join(f"{name} {events}" for name, events in figures.items()))
        return rows

    def _rested(self) -> Sequence[str]:
        return [
            f"{line['what']} after {line['after']} s" for line in self.lines if "after" in line and "server" not in line
        ]


def _cpu_share(samples: Sequence[Line]) -> float:
    """Of one core, over the times in which the process was the same."""
    spent = passed = 0.0
    for before, after in pairwise(samples):
        if before["pid"] == after["pid"]:
            spent += max(0.0, after["cpu"] - before["cpu"])
            passed += after["second"] - before["second"]
    return spent / passed if passed else 0.0
