"""While a database or a broker is away, everything that needs it would say so: one line a minute is enough.

Each part of a process tells of what it meets, as "database problem" or "kafka problem"; client libraries
do so dozens of times a second. Here all lines about one thing, whoever writes them, share one reminder.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from newswatch_core.logs import Fields
from newswatch_core.runtime.reminder import Reminder

_ABOUT = {"database problem": "database", "kafka problem": "kafka"}
"""What an event is about."""
_LIBRARIES = {"aiokafka": "kafka", "faust": "kafka", "mode": "kafka", "psycopg": "database", "sqlalchemy": "database"}
"""What the warnings of a library are about; those of any other are about itself."""


class OneLine:
    """A processor of structlog, before those that render: lets a line about each thing pass once a minute."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._reminders: dict[str, Reminder] = {}
        self._held: Counter[str] = Counter()

    def __call__(self, _logger: object, _method: str, fields: Fields) -> Fields:
        """Raises DropEvent. A line that passes says in `held` how many did not since the last one."""
        what = about(fields)
        if what is None:
            return fields
        if not self._reminders.setdefault(what, Reminder(self._monotonic)).due():
            self._held[what] += 1
            raise structlog.DropEvent
        if held := self._held.pop(what, 0):
            fields["held"] = held
        return fields


def about(fields: Mapping[str, Any]) -> str | None:
    """What the line tells the trouble of: "database", "kafka" or the name of a library; None for all other lines."""
    if fields["event"] == "library":
        library = str(fields["name"]).split(".")[0]
        return _LIBRARIES.get(library, library)
    return _ABOUT.get(fields["event"])


def limit_lines() -> None:
    """From now on there is one line a minute about each thing. To be called after `logs.setup`, by workers."""
    structlog.configure(processors=[OneLine(), *structlog.get_config()["processors"]])
