"""What a run came to: what was lost, repeated or unexpected, and how the workers fared. Pure: from lines to figures."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from tests.support.press import Piece

MARK = "possible repeat"
Line = Mapping[str, Any]


@dataclass
class Arrivals:
    """What one receiver got. `lost`, `repeated` and `partial` name events; `strange` are messages about none."""

    messages: int = 0
    marked: int = 0
    lost: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    partial: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.repeated or self.partial or self.strange)


def judge(messages: Iterable[str], events: Sequence[Piece]) -> Arrivals:
    """Of all messages that a receiver got, in words. Every event is told once, with both of its rules.

    It may be told again with the mark, however often; a second time without it is a repeat.
    """
    found = Arrivals()
    told, unmarked = Counter[str](), Counter[str]()
    lands = {f"({event.land.lower()}-": event.land for event in events}
    for words in messages:
        found.messages += 1
        about = {land for start, land in lands.items() if start in words}
        if len(about) != 1:
            found.strange.append(words[:200])
            continue
        (land,) = about
        if not all(f"({land.lower()}-{rule})" in words for rule in ("pact", "embassy")):
            found.partial.append(land)
        told[land] += 1
        is_marked = MARK in words.lower()
        found.marked += is_marked
        unmarked[land] += not is_marked
    found.lost = sorted({event.land for event in events} - set(told))
    found.repeated = sorted(land for land, times in unmarked.items() if times > 1)
    return found


@dataclass(frozen=True)
class Spread:
    """Of a number of times, in seconds."""

    count: int
    median: float
    p90: float
    longest: float


def spread(values: Sequence[float]) -> Spread | None:
    """None of no values."""
    if not values:
        return None
    p90 = quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]
    return Spread(len(values), round(median(values), 2), round(p90, 2), round(max(values), 2))


@dataclass
class Fared:
    """How the workers of one service fared.

    `faults` and `at_work` count by kind: how often it was struck, and how often with work in hand. `codes` counts exit
    codes by what they are put down to; `back`: seconds from a fault to the first delivery after it, by kind.
    """

    faults: dict[str, int] = field(default_factory=dict)
    at_work: dict[str, int] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)
    back: dict[str, Spread] = field(default_factory=dict)
    working: dict[str, Spread] = field(default_factory=dict)


def fared(lines: Sequence[Line]) -> Mapping[str, Fared]:
    """By service (and server) from the lines of a journal."""
    services: defaultdict[str, Fared] = defaultdict(Fared)
    back: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    working: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for line in lines:
        service = str(line.get("worker", "")).rpartition("-")[0]
        if line["what"] == "struck":
            service = service or line["target"]
            _count(services[service].faults, line["how"])
            _count(services[service].at_work, line["how"], by=int(bool(line["in_hand"])))
        elif line["what"] == "exit":
            _count(services[service].codes, f"{line['how']} {line['code']}")
        elif line["what"] == "back":
            back[service, line["how"]].append(line["delivered"])
            if "working" in line:
                working[service, line["how"]].append(line["working"])
    for key, values in back.items():
        if found := spread(values):
            services[key[0]].back[key[1]] = found
        if found := spread(working[key]):
            services[key[0]].working[key[1]] = found
    return services


def _count(counts: dict[str, int], what: str, *, by: int = 1) -> None:
    counts[what] = counts.get(what, 0) + by


def killed_and_back(lines: Sequence[Line]) -> Spread | None:
    """Over all services: seconds from a SIGKILL to the first delivery."""
    return spread([line["delivered"] for line in lines if line["what"] == "back" and line["how"] == "KILL"])


def cpu_until_back(lines: Sequence[Line]) -> Spread | None:
    """Seconds of CPU that a worker spent from its start to its first delivery."""
    return spread([line["cpu"] for line in lines if line["what"] == "back" and "cpu" in line])


def ended_by_themselves(lines: Sequence[Line]) -> Sequence[Line]:
    return [line for line in lines if line["what"] == "exit" and line["how"] == "by itself"]
