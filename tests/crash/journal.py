"""What was done and what arrived, as lines of JSON that outlive the script."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Line = dict[str, Any]


class Journal:
    """Appends lines to a file; each is with the operating system before `write` returns. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._path = path
        cut = path.exists() and not path.read_bytes().endswith(b"\n")
        self._file = path.open("ab", buffering=0)
        if cut:
            self._file.write(b"\n")
        self._lock = threading.Lock()

    def write(self, what: str, **fields: Any) -> None:
        line = {"what": what, "at": now().isoformat(), **fields}
        with self._lock:
            self._file.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def close(self) -> None:
        self._file.close()


def read(path: Path, *what: str) -> Sequence[Line]:
    """The lines of these kinds, all if none is named. One that was cut short by a kill is left out."""
    if not path.exists():
        return []
    lines = []
    for text in path.read_bytes().split(b"\n"):
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if not what or line["what"] in what:
            lines.append(line)
    return lines


def now() -> datetime:
    return datetime.now(UTC)
