"""What is away is told once a minute in one line, however many parts of a process need it."""

import io
import json
import logging

import pytest
import structlog

from newswatch_core import logs
from newswatch_core.outages import OneLine
from newswatch_core.runtime.reminder import Reminder
from tests.support.waiting import Seconds


class Log:
    """A worker's log, with a clock that the test moves."""

    def __init__(self) -> None:
        self._stream = io.StringIO()
        self.clock = Seconds()
        logs.setup(style="json", stream=self._stream)
        structlog.configure(processors=[OneLine(self.clock), *structlog.get_config()["processors"]])

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


@pytest.fixture
def log() -> Log:
    return Log()


def test_a_reminder_is_due_once_a_minute():
    clock = Seconds()
    reminder = Reminder(clock)
    due = []
    for _ in range(130):
        due.append(reminder.due())
        clock.now += 1
    assert [second for second, told in enumerate(due) if told] == [0, 60, 120]


def test_parts_that_miss_the_same_database_share_one_line_a_minute(log: Log):
    for _second in range(130):
        structlog.get_logger().error("database problem", stage="alerter")
        structlog.get_logger().warning("database problem", receiver="slack")
        log.clock.now += 1
    assert [(line["stage"], line.get("held")) for line in log.lines] == [
        ("alerter", None),
        ("alerter", 119),
        ("alerter", 119),
    ]


def test_the_libraries_of_a_broker_share_the_line_about_it(log: Log):
    for number in range(50):
        logging.getLogger("aiokafka.client").error("cannot connect %s", number)
        logging.getLogger("faust.transport").error("cannot fetch %s", number)
        structlog.get_logger().warning("kafka problem", undelivered=number)
    assert [line["message"] for line in log.lines] == ["cannot connect 0"]


def test_lines_about_different_things_do_not_hold_each_other_back(log: Log):
    structlog.get_logger().warning("kafka problem")
    structlog.get_logger().error("database problem")
    logging.getLogger("httpx").warning("redirect")
    for feed in ("one", "two"):
        structlog.get_logger().warning("feed problem", feed=feed)
    assert [line["event"] for line in log.lines] == [
        "kafka problem",
        "database problem",
        "library",
        "feed problem",
        "feed problem",
    ]
