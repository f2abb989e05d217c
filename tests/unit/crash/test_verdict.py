"""The crash suite's check sees what it is there to see."""

import pytest

from tests.crash.verdict import ended_by_themselves, fared, judge, killed_and_back
from tests.support.press import Piece, Press


@pytest.fixture
def events() -> list[Piece]:
    press = Press(1)
    return [press.event() for _ in range(3)]


def told(event: Piece, *rules: str, mark: str = "") -> str:
    return f"{mark} {event.title} " + " ".join(
        f"({event.land.lower()}-{rule})" for rule in rules or ("pact", "embassy")
    )


def test_each_event_told_once_is_good(events: list[Piece]):
    assert judge([told(event) for event in events], events).good


def test_an_event_that_nobody_was_told_of_is_lost(events: list[Piece]):
    found = judge([told(event) for event in events[1:]], events)
    assert (found.good, found.lost) == (False, [events[0].land])


def test_a_second_message_without_the_mark_is_a_repeat(events: list[Piece]):
    found = judge([told(event) for event in [*events, events[2]]], events)
    assert (found.good, found.repeated) == (False, [events[2].land])


def test_marked_messages_are_no_repeats_however_many(events: list[Piece]):
    marked = [told(events[0], mark="Possible repeat")] * 2
    found = judge([*(told(event) for event in events), *marked], events)
    assert (found.good, found.marked) == (True, 2)


def test_an_event_told_only_with_the_mark_is_not_lost(events: list[Piece]):
    assert judge([told(events[0], mark="Possible repeat"), *map(told, events[1:])], events).good


def test_a_message_that_leaves_a_rule_out_is_partial(events: list[Piece]):
    found = judge([told(events[0], "pact"), *map(told, events[1:])], events)
    assert (found.good, found.partial, found.lost) == (False, [events[0].land], [])


def test_a_message_about_nothing_that_was_published_is_unexpected(events: list[Piece]):
    found = judge([*map(told, events), "something else"], events)
    assert (found.good, found.strange) == (False, ["something else"])


def test_the_journal_is_counted_by_service_and_kind():
    lines = [
        {"what": "struck", "worker": "tagger-1", "target": "tagger", "how": "KILL", "in_hand": "batch"},
        {"what": "struck", "worker": "tagger-0", "target": "tagger", "how": "KILL", "in_hand": ""},
        {"what": "struck", "target": "broker", "how": "KILL", "in_hand": "tagger-0"},
        {"what": "exit", "worker": "tagger-1", "code": -9, "fault": 0, "how": "KILL"},
        {"what": "exit", "worker": "tagger-1", "code": 70, "fault": None, "how": "by itself"},
        {"what": "back", "worker": "tagger-1", "how": "KILL", "working": 1.0, "delivered": 2.0, "cpu": 1.0},
    ]
    services = fared(lines)
    assert (services["tagger"].faults, services["tagger"].at_work) == ({"KILL": 2}, {"KILL": 1})
    assert services["tagger"].codes == {"KILL -9": 1, "by itself 70": 1}
    assert services["broker"].faults == {"KILL": 1}
    assert ended_by_themselves(lines) == [lines[4]]
    back = killed_and_back(lines)
    assert back is not None
    assert (back.count, back.median) == (1, 2.0)
