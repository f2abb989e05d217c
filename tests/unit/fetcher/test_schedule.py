from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_fetcher import schedule
from newswatch_fetcher.schedule import after_failure, after_success, is_backlog, retry_after, spread, wants_whole

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
TEN = timedelta(minutes=10)


def succeed(interval=TEN, *, entries=20, new=1, first=False, high=False, chance=0.0, wait=None):
    return after_success(interval, entries=entries, new=new, first=first, high=high, now=NOW, chance=chance, wait=wait)


def fail(failures=1, *, refused=True, high=False, chance=0.0, wait=None, gone=False) -> timedelta:
    """The pause."""
    following = after_failure(
        TEN, failures=failures, refused=refused, high=high, now=NOW, chance=chance, wait=wait, gone=gone
    )
    return following.due - NOW


def test_a_quiet_feed_is_polled_less_often_but_never_beyond_the_ceiling():
    interval = TEN
    for _ in range(20):
        interval = succeed(interval, new=0).interval
    assert interval == timedelta(minutes=15)


def test_a_quiet_feed_of_high_priority_has_a_lower_ceiling():
    assert succeed(timedelta(minutes=15), new=0, high=True).interval == timedelta(minutes=5)


def test_a_busy_feed_is_polled_more_often_but_not_below_the_floor():
    interval = TEN
    for _ in range(20):
        interval = succeed(interval, new=15).interval
    assert interval == timedelta(minutes=2)


def test_a_poll_with_nothing_in_common_with_the_last_is_a_gap_and_halves_the_interval():
    following = succeed(entries=20, new=20)
    assert following.gap
    assert following.interval == timedelta(minutes=5)


@pytest.mark.parametrize(("entries", "new", "first"), [(20, 20, True), (0, 0, False), (20, 19, False)])
def test_other_polls_are_no_gap(entries, new, first):
    assert not succeed(entries=entries, new=new, first=first).gap


@given(
    minutes=st.floats(0.1, 1000),
    entries=st.integers(0, 500),
    share=st.floats(0, 1),
    high=st.booleans(),
    chance=st.floats(0, 0.999),
)
def test_a_feed_that_answers_is_polled_between_floor_and_ceiling(minutes, entries, share, high, chance):
    following = succeed(timedelta(minutes=minutes), entries=entries, new=int(entries * share), high=high, chance=chance)
    assert schedule.FLOOR * 0.9 <= following.due - NOW <= schedule.ceiling(high=high)


def test_after_a_good_answer_retry_after_is_obeyed_up_to_the_ceiling():
    assert succeed(timedelta(minutes=2), wait=timedelta(minutes=12)).due == NOW + timedelta(minutes=12)
    assert succeed(wait=timedelta(hours=2)).due == NOW + timedelta(minutes=15)
    assert succeed(wait=timedelta(hours=2), high=True).due == NOW + timedelta(minutes=5)


def test_refusals_double_the_pause_up_to_six_hours_and_never_end_it():
    assert [fail(failures) / timedelta(minutes=1) for failures in (1, 2, 3, 50)] == [1, 2, 4, 360]


@pytest.mark.parametrize(("high", "minutes"), [(False, [1, 2, 4, 8, 15, 15]), (True, [1, 2, 4, 5, 5, 5])])
def test_after_an_outage_a_feed_is_polled_within_its_ceiling(high, minutes):
    pauses = [fail(failures, refused=False, high=high) for failures in (1, 2, 3, 4, 5, 1_000)]
    assert pauses == [timedelta(minutes=pause) for pause in minutes]


def test_a_feed_that_is_gone_is_asked_again_every_six_hours():
    assert fail(gone=True) == timedelta(hours=6)


def test_a_failing_feed_waits_as_long_as_it_was_asked_to():
    assert fail(wait=timedelta(hours=9)) == timedelta(hours=9)


def test_jitter_keeps_feeds_apart():
    assert fail(5, chance=0.9) < fail(5, chance=0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 03 Mar 2025 12:05:00 GMT", 300),
        ("Mon, 03 Mar 2025 11:00:00 GMT", 0),
        ("1000000000", 86_400),
        ("9" * 40, 86_400),
        ("Mon, 03 Mar 2125 12:05:00 GMT", 86_400),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(value, seconds):
    assert retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", ["", "soon", "-5", "1.5", "١٢"])
def test_a_retry_after_that_cannot_be_read_asks_for_nothing(value):
    assert retry_after(value, NOW) is None


def test_a_feed_is_read_whole_once_a_day():
    assert wants_whole(None, NOW)
    assert not wants_whole(NOW - timedelta(hours=23), NOW)
    assert wants_whole(NOW - timedelta(hours=24), NOW)


def test_a_small_desk_starts_at_once_and_a_large_one_within_minutes():
    assert {spread(position) for position in range(12)} == {timedelta(0)}
    assert spread(1_000) < timedelta(minutes=2)
    assert spread(200) > spread(100)


@pytest.mark.parametrize(
    ("published", "first", "backlog"),
    [
        (None, True, True),
        (NOW - timedelta(hours=25), True, True),
        (NOW - timedelta(hours=23), True, False),
        (NOW + timedelta(hours=1), True, False),
        (None, False, False),
        (NOW - timedelta(days=9), False, False),
    ],
)
def test_only_old_and_undated_entries_of_a_first_poll_are_backlog(published, first, backlog):
    assert is_backlog(published, first=first, added=NOW) is backlog
