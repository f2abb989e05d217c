"""What a worker says of itself, read from its log while it runs: what it has in hand, and when it worked again."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

_DELIVERED = {"batch done", "emitted"}
_NAMES = ("batch", "poll begins", "poll ends", "emitted", "sending", "delivery", "working", "assigned", "worker ends")
_WORDS = tuple(f'"event": "{name}'.encode() for name in _NAMES)


@dataclass
class Life:
    """One life of a worker, from its start; times are None until it came so far.

    `working`: it has begun; `assigned`: it has partitions, if it reads any; `delivered`: its first batch was delivered.
    """

    began: datetime
    working: datetime | None = None
    assigned: datetime | None = None
    delivered: datetime | None = None
    last_delivered: datetime | None = None
    partitions: int = 0
    reason: str = ""
    batches: int = 0
    polls: int = 0
    sending: set[str] = field(default_factory=set)

    @property
    def in_hand(self) -> str:
        """What it is at: "" for nothing."""
        parts = {"batch": self.batches > 0, "poll": self.polls > 0, "sending": bool(self.sending)}
        return " ".join(name for name, there in parts.items() if there)

    def hear(self, line: dict[str, Any]) -> None:
        event, at = line["event"], datetime.fromisoformat(line["time"])
        if event in {"batch", "batch done"}:
            self.batches = int(event == "batch")
        elif event in {"poll begins", "poll ends"}:
            self.polls += 1 if event == "poll begins" else -1
        elif event == "sending":
            self.sending.add(line["receiver"])
        elif event.startswith("delivery"):
            self.sending.discard(line.get("receiver", ""))
        else:
            self._come_further(event, line, at)
        if event in _DELIVERED:
            self.delivered = self.delivered or at
            self.last_delivered = at

    def _come_further(self, event: str, line: dict[str, Any], at: datetime) -> None:
        if event == "working":
            self.working = at
        elif event == "assigned":
            self.partitions = line["partitions"]
            self.assigned = self.assigned or (at if self.partitions else None)
        elif event == "worker ends":
            self.reason = line["reason"]


class WorkerLog:
    """Follows the log of one worker."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._place = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def read_into(self, life: Life) -> None:
        """Lets `life` hear what was written since."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self._place)
            new = file.read()
        self._place += len(new)
        *lines, self._rest = (self._rest + new).split(b"\n")
        for text in lines:
            if any(word in text for word in _WORDS):
                with suppress(ValueError):  # cut short by a kill
                    life.hear(json.loads(text))
