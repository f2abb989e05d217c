"""The report of a run: as text for readers, as JSON for comparison."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.crash.verdict import (
    Arrivals,
    Fared,
    Line,
    Spread,
    cpu_until_back,
    ended_by_themselves,
    fared,
    killed_and_back,
)


@dataclass(frozen=True)
class Report:
    """What is known after a run. `unfinished`: what was still to be done when it should have been at rest."""

    run: Mapping[str, Any]
    events: int
    arrived: Mapping[str, Arrivals]
    unfinished: str
    dead_letters: Sequence[str]
    dead_deliveries: int
    lines: Sequence[Line]

    @property
    def good(self) -> bool:
        """Whether the promise was kept: nothing lost, nothing repeated without its mark, nothing unexpected."""
        kept = not (self.unfinished or self.dead_letters or self.dead_deliveries)
        stayed = not (self.run["outages"] and ended_by_themselves(self.lines))
        return kept and stayed and all(one.good for one in self.arrived.values())

    @property
    def minutes(self) -> float:
        """From the first line to the last; a run that was interrupted counts its pause in."""
        at = [datetime.fromisoformat(line["at"]) for line in self.lines]
        return (at[-1] - at[0]).total_seconds() / 60

    def save(self, folder: Path) -> None:
        (folder / "report.txt").write_text(self.text())
        (folder / "report.json").write_text(json.dumps(self.as_json(), indent=1, ensure_ascii=False))

    def as_json(self) -> dict[str, Any]:
        back = killed_and_back(self.lines)
        return {
            "run": self.run,
            "good": self.good,
            "minutes": round(self.minutes, 1),
            "events": self.events,
            "arrived": {name: asdict(one) for name, one in self.arrived.items()},
            "unfinished": self.unfinished,
            "dead_letters": self.dead_letters,
            "dead_deliveries": self.dead_deliveries,
            "killed_and_back": asdict(back) if back else None,
            "cpu_until_back": asdict(cpu) if (cpu := cpu_until_back(self.lines)) else None,
            "services": {name: asdict(one) for name, one in fared(self.lines).items()},
            "ended_by_themselves": ended_by_themselves(self.lines),
        }

    def text(self) -> str:
        lines = [f"seed {self.run['seed']}: {self._faults()} faults in {self.minutes:.1f} minutes", ""]
        lines += [f"{self.events} events to be told"]
        lines += [arrived_text(name, one) for name, one in self.arrived.items()]
        lines += [f"dead letters {len(self.dead_letters)}, dead deliveries {self.dead_deliveries}"]
        lines += self.dead_letters[:10]
        if self.unfinished:
            lines += [f"NOT AT REST: {self.unfinished}"]
        lines += ["", *self._by_service(), ""]
        lines += [f"a killed worker delivers again after: {_seconds(killed_and_back(self.lines))}"]
        killed = sum(line["what"] == "struck" and line["how"] == "KILL" and "worker" in line for line in self.lines)
        lines += [f"  ({killed} were killed; a standby delivers nothing, and some were struck again before)"]
        lines += [f"  having spent {_seconds(cpu_until_back(self.lines))} of CPU"]
        lines += [
            f"of the machine's CPU {line['ours']:.0%} was spent by this run, {line['others']:.0%} by others"
            for line in self.lines
            if line["what"] == "spent"
        ]
        alone = ended_by_themselves(self.lines)
        lines += [f"workers that ended by themselves: {len(alone)}"]
        lines += [f"  {line['at'][11:19]} {line['worker']} {line['code']} {line['reason']}" for line in alone[:20]]
        lines += ["", "GOOD: nothing lost, nothing repeated without its mark" if self.good else "BAD"]
        return "\n".join(lines) + "\n"

    def _faults(self) -> int:
        return sum(line["what"] == "struck" for line in self.lines)

    def _by_service(self) -> Sequence[str]:
        rows = []
        for name, one in sorted(fared(self.lines).items()):
            struck = ", ".join(f"{how} {count} (at work {one.at_work[how]})" for how, count in one.faults.items())
            rows += [f"{name}: {struck}"]
            rows += _codes(one)
            for how, times in one.back.items():
                rows += [f"  after {how}: working {_seconds(one.working.get(how))}; delivers {_seconds(times)}"]
        return rows


def arrived_text(name: str, one: Arrivals) -> str:
    """What one receiver got, and what is wrong with it."""
    text = f"  {name}: {one.messages} messages, {one.marked} marked as possible repeats; lost {len(one.lost)}, "
    text += f"repeated unmarked {len(one.repeated)}, partial {len(one.partial)}, unexpected {len(one.strange)}"
    named = {"lost": one.lost, "repeated": one.repeated, "partial": one.partial, "unexpected": one.strange}
    return text + "".join(f"\n    {what}: {', '.join(names[:10])}" for what, names in named.items() if names)


def _codes(one: Fared) -> Sequence[str]:
    return [f"  exit codes: {', '.join(f'{what} x{count}' for what, count in one.codes.items())}"] if one.codes else []


def _seconds(times: Spread | None) -> str:
    if times is None:
        return "never measured"
    return f"median {times.median:.1f} s, 90 % {times.p90:.1f} s, longest {times.longest:.1f} s (of {times.count})"
