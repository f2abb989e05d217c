from datetime import timedelta

from newswatch_fetcher.agenda import Agenda, host_of
from tests.support.articles import NOON

SECOND = timedelta(seconds=1)


def test_feeds_come_when_they_are_due_and_once():
    agenda = Agenda({"a": NOON + SECOND, "b": NOON + 2 * SECOND}, (), NOON)
    assert agenda.take(NOON, 10) == []
    assert agenda.wait(NOON, 9 * SECOND) == SECOND
    assert agenda.take(NOON + 5 * SECOND, 10) == ["a", "b"]
    assert agenda.take(NOON + 5 * SECOND, 10) == []
    assert agenda.wait(NOON, 9 * SECOND) == 9 * SECOND
    agenda.put("a", NOON + 6 * SECOND)
    assert agenda.take(NOON + 6 * SECOND, 10) == ["a"]


def test_high_priority_goes_first_and_no_more_than_asked_for():
    agenda = Agenda(dict.fromkeys("abcd", NOON - SECOND), ("d",), NOON)
    assert agenda.take(NOON, 1) == ["d"]
    assert agenda.take(NOON, 2) == ["a", "b"]
    assert agenda.take(NOON, 0) == []
    assert agenda.take(NOON, 2) == ["c"]


def test_after_a_long_stop_not_all_feeds_are_polled_at_once():
    agenda = Agenda({str(number): NOON - SECOND for number in range(500)}, ("400",), NOON)
    first = agenda.take(NOON, 1_000)
    assert first[0] == "400"
    assert len(first) < 20
    assert len(agenda.take(NOON + timedelta(minutes=1), 1_000)) + len(first) == 500


def test_a_host_is_named_with_its_port_and_without_credentials():
    assert host_of("https://user:secret@News.example:8443/feed?x=@y") == "news.example:8443"
    assert host_of("https://news.example/") == "news.example"
