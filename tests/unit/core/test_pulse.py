"""A process that stood still, and lines that are told once a minute."""

import logging

from newswatch_core.logs import limit_libraries
from newswatch_core.runtime.exits import Exit
from newswatch_core.runtime.pulse import Pulse
from newswatch_core.runtime.reminder import Reminder


class Seconds:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def test_a_process_that_stood_still_for_most_of_its_session_ends():
    clock, ends = Seconds(), []
    pulse = Pulse(10.0, monotonic=clock, end=lambda code, why: ends.append(code))
    pulse.check()
    pulse._last = clock.now
    clock.now += 7.9
    pulse.check()
    assert ends == []
    clock.now += 0.2
    pulse.check()
    assert ends == [Exit.FROZEN]


def test_a_reminder_is_due_once_a_minute():
    clock = Seconds()
    reminder = Reminder(clock)
    due = []
    for _ in range(130):
        due.append(reminder.due())
        clock.now += 1
    assert [second for second, told in enumerate(due) if told] == [0, 60, 120]


def test_a_library_that_repeats_itself_gets_one_line():
    lines: list[str] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logging.root.handlers[:] = [Collecting()]
    limit_libraries()
    for number in range(50):
        logging.getLogger("aiokafka.client").error("cannot connect %s", number)
        logging.getLogger("faust").error("cannot fetch %s", number)
    assert lines == ["cannot connect 0", "cannot fetch 0"]
