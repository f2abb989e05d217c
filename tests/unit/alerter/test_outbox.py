"""The life of a delivery."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from newswatch_alerter.lifecycle import Planned
from newswatch_alerter.outbox import (
    COPIES_FOR,
    COPY_WAITS,
    GIVES_UP_AFTER,
    GIVES_UP_FAILURES,
    LONGEST_ASKED_WAIT,
    MAX_COPIES,
    MAX_REFUSALS,
    STEPS_ASIDE_AFTER,
    Outbox,
    Row,
    follow,
    pending_row,
    wait,
)
from newswatch_alerter.receivers.base import Dead, NotSent, Outcome, Sent, Uncertain
from newswatch_core.storage.database import Database
from newswatch_core.storage.schema import deliveries
from tests.support.alerting import message
from tests.support.articles import NOON

HOLD = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


class Clock:
    def __init__(self) -> None:
        self.now = NOON + timedelta(milliseconds=1)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, length: timedelta) -> None:
        self.now += length


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outbox(database: Database, clock: Clock) -> Outbox:
    return Outbox(database, clock, "me")


def put(database: Database, name: str, *, receiver: str = "slack", after: int = 0) -> None:
    planned = Planned(name, receiver, f"article-{name}", "opened", ("rule",), None)
    with database.write() as tx:
        created = NOON + after * timedelta(microseconds=1)
        tx.execute(deliveries.insert().values(pending_row(planned, "story", message(), created)))


def states(database: Database) -> dict[str, str]:
    with database.read() as tx:
        return {row.id: row.state for row in tx.execute(select(deliveries))}


def settle(outbox: Outbox, row: Row, outcome: Outcome, failures: int = 0) -> None:
    outbox.finish(row, outcome, failures=failures, jitter=0.5)


def claimed(outbox: Outbox, receiver: str = "slack") -> Row:
    row = outbox.claim(receiver, HOLD)
    assert row is not None
    return row


def row(*, tries: int = 0, repeat: bool = False) -> Row:
    return Row("d", "slack", message(), tries, repeat, NOON)


def answered(outcome: Outcome, outage: timedelta) -> tuple[list[int], str]:
    """Tries one delivery whenever it is due while `outcome` is all that comes back. The minutes, and the last state."""
    current, now, minutes, state = row(), NOON, list[int](), "pending"
    while state != "dead" and now - NOON <= outage:
        minutes.append(round((now - NOON) / timedelta(minutes=1)))
        following = follow(current, outcome, failures=len(minutes) - 1, now=now, jitter=0)
        current = row(tries=following.tries, repeat=following.repeat)
        now, state = following.due, following.state
    return minutes, state


def test_a_claim_marks_the_delivery_before_anything_is_sent(database: Database, outbox: Outbox) -> None:
    put(database, "a")
    assert claimed(outbox).id == "a"
    assert states(database) == {"a": "sending"}
    assert outbox.claim("slack", HOLD) is None


def test_a_sent_delivery_is_not_sent_again(database: Database, outbox: Outbox) -> None:
    put(database, "a")
    settle(outbox, claimed(outbox), Sent())
    assert states(database) == {"a": "sent"}
    assert outbox.claim("slack", HOLD) is None


def test_after_a_crash_what_was_being_sent_is_tried_again_as_a_possible_repeat(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    claimed(outbox)
    next_life = Outbox(database, clock, "next")
    assert next_life.recover(sole=True) == 1
    assert states(database) == {"a": "uncertain"}
    assert claimed(next_life).repeat


def test_a_lease_of_another_process_is_respected_until_it_runs_out(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    held = claimed(outbox)
    other = Outbox(database, clock, "other")
    assert other.recover(sole=False) == 0
    assert outbox.still_held(held)
    clock.forward(HOLD + SECOND)
    assert not outbox.still_held(held)
    assert other.recover(sole=False) == 1


def test_a_process_whose_lease_was_taken_over_writes_nothing_down(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    held = claimed(outbox)
    clock.forward(HOLD + SECOND)
    other = Outbox(database, clock, "other")
    other.recover(sole=False)
    claimed(other)
    settle(outbox, held, Sent())
    assert states(database) == {"a": "sending"}


def test_the_order_of_a_receiver_is_kept_while_its_first_delivery_waits(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    put(database, "b", after=1)
    settle(outbox, claimed(outbox), NotSent("refused"))
    assert outbox.claim("slack", HOLD) is None
    clock.forward(timedelta(seconds=3))
    assert claimed(outbox).id == "a"


def test_receivers_do_not_hold_each_other_up(database: Database, outbox: Outbox) -> None:
    put(database, "a")
    put(database, "b", receiver="mail", after=1)
    settle(outbox, claimed(outbox), NotSent("refused"))
    assert claimed(outbox, "mail").id == "b"


def test_a_message_refused_for_itself_steps_aside_after_a_few_tries(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    for _ in range(STEPS_ASIDE_AFTER):
        settle(outbox, claimed(outbox), NotSent("greylisted", whole=False))
        clock.forward(timedelta(seconds=5))
    put(database, "b", after=1)
    assert claimed(outbox).id == "b"
    settle(outbox, Row("b", "slack", message(), 0, False, NOON), Sent())
    assert claimed(outbox).id == "a"


def test_nothing_goes_to_a_receiver_before_the_time_it_asked_for(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    put(database, "b", after=1)
    settle(outbox, claimed(outbox), NotSent("429", wait=timedelta(seconds=90)))
    put(database, "c", after=2)
    clock.forward(timedelta(seconds=89))
    next_life = Outbox(database, clock, "next")
    next_life.recover(sole=True)
    assert next_life.claim("slack", HOLD) is None
    clock.forward(2 * SECOND)
    assert claimed(next_life).id == "a"


def test_a_replica_knows_at_once_what_its_earlier_life_left_behind(database: Database, clock: Clock) -> None:
    put(database, "a")
    put(database, "b", receiver="mail")
    claimed(Outbox(database, clock, "first", replica="alerter-1" * 20))
    claimed(Outbox(database, clock, "other", replica="alerter-2"), "mail")
    assert Outbox(database, clock, "second", replica="alerter-3").recover(sole=False) == 0
    again = Outbox(database, clock, "second", replica="alerter-1" * 20)
    assert again.recover(sole=False) == 1
    assert states(database) == {"a": "uncertain", "b": "sending"}
    assert claimed(again).repeat
    assert again.recover(sole=False) == 0


def test_a_line_that_stumbled_takes_back_what_it_held(database: Database, clock: Clock) -> None:
    outbox, other = Outbox(database, clock, "me"), Outbox(database, clock, "other")
    put(database, "a")
    put(database, "b", receiver="mail")
    claimed(outbox)
    claimed(other, "mail")
    assert outbox.recover(sole=False, receiver="mail") == 0
    assert outbox.recover(sole=False, receiver="slack") == 1
    assert states(database) == {"a": "uncertain", "b": "sending"}


def test_a_claim_given_back_is_neither_a_try_nor_uncertain(database: Database, outbox: Outbox) -> None:
    put(database, "a")
    outbox.release(claimed(outbox))
    again = claimed(outbox)
    assert (again.tries, again.repeat) == (0, False)


def test_addresses_not_taken_get_a_delivery_of_their_own(database: Database, outbox: Outbox, clock: Clock) -> None:
    put(database, "a")
    settle(outbox, claimed(outbox), Sent(rest=("b@x.example",), refused=("c@x.example",), problem="451, 550"))
    with database.read() as tx:
        others = {row.state: row for row in tx.execute(select(deliveries).where(deliveries.c.id != "a"))}
    assert set(others) == {"pending", "dead"}
    clock.forward(timedelta(minutes=1))
    assert claimed(outbox).message.to == ("b@x.example",)


def test_deliveries_to_receivers_that_are_gone_are_counted(database: Database, outbox: Outbox) -> None:
    put(database, "a", receiver="gone")
    put(database, "b")
    assert outbox.orphans(["slack"]) == {"gone": 1}


def test_an_unreadable_message_is_dead_and_holds_nothing_up(database: Database, outbox: Outbox) -> None:
    put(database, "a")
    put(database, "b", after=1)
    with database.write() as tx:
        tx.execute(update(deliveries).where(deliveries.c.id == "a").values(message=b"{}"))
    assert outbox.claim("slack", HOLD) is None
    assert claimed(outbox).id == "b"
    assert states(database)["a"] == "dead"


def test_a_permanent_refusal_is_dead_at_once() -> None:
    following = follow(row(), Dead("404"), failures=0, now=NOON, jitter=0)
    assert (following.state, following.problem) == ("dead", "404")


def test_uncertain_copies_are_capped() -> None:
    minutes, state = answered(Uncertain("500"), timedelta(days=9))
    assert minutes == [0, 1, 6, 31, 151, 511, 871, 1231, 1591]
    assert state == "dead"


def test_an_outage_of_hours_kills_no_delivery() -> None:
    assert answered(Uncertain("500"), timedelta(hours=23))[1] == "uncertain"
    assert answered(NotSent("503"), timedelta(hours=23))[1] == "pending"


def test_few_copies_are_not_dead_however_old() -> None:
    late = NOON + COPIES_FOR + SECOND
    for copies in range(MAX_COPIES):
        following = follow(row(tries=copies, repeat=copies > 0), Uncertain("500"), failures=0, now=late, jitter=0)
        assert following.state == ("dead" if copies + 1 == MAX_COPIES else "uncertain")


def test_a_receiver_that_asks_for_more_time_than_the_pause_between_copies_gets_it() -> None:
    asked = timedelta(minutes=7)
    assert follow(row(), Uncertain("500", wait=asked), failures=0, now=NOON, jitter=0).due == NOON + asked


def test_a_message_that_may_have_arrived_several_times_lets_those_behind_it_go_first(
    database: Database, outbox: Outbox, clock: Clock
) -> None:
    put(database, "a")
    put(database, "b", after=1)
    settle(outbox, claimed(outbox), Uncertain("500"))
    assert outbox.claim("slack", HOLD) is None
    clock.forward(COPY_WAITS[0])
    settle(outbox, claimed(outbox), Uncertain("500"))
    clock.forward(timedelta(seconds=5))
    second = claimed(outbox)
    assert second.id == "b"
    settle(outbox, second, Sent())
    clock.forward(COPY_WAITS[1])
    assert claimed(outbox).id == "a"


def test_a_sure_failure_of_a_possible_repeat_stays_uncertain_and_is_no_copy() -> None:
    following = follow(row(tries=2, repeat=True), NotSent("refused"), failures=0, now=NOON, jitter=0)
    assert (following.state, following.tries, following.repeat) == ("uncertain", 2, True)


def test_a_receiver_out_of_reach_is_tried_for_three_days() -> None:
    late, many = NOON + GIVES_UP_AFTER, GIVES_UP_FAILURES - 1
    assert follow(row(), NotSent("refused"), failures=many, now=late, jitter=0).state == "pending"
    assert follow(row(), NotSent("refused"), failures=many, now=late + SECOND, jitter=0).state == "dead"


def test_days_in_which_newswatch_was_switched_off_kill_no_delivery() -> None:
    late = NOON + timedelta(days=30)
    assert follow(row(), NotSent("refused"), failures=GIVES_UP_FAILURES - 2, now=late, jitter=0).state == "pending"


def test_crashes_are_no_refusals() -> None:
    crashed = row(tries=MAX_REFUSALS + 5, repeat=True)
    assert follow(crashed, NotSent("429"), failures=0, now=NOON, jitter=0).state == "uncertain"


def test_a_message_refused_for_itself_is_dead_in_the_end() -> None:
    last = row(tries=MAX_REFUSALS - 1)
    assert follow(last, NotSent("451", whole=False), failures=0, now=NOON, jitter=0).state == "dead"


@given(st.integers(0, 10_000), st.floats(0, 1), st.none() | st.timedeltas(timedelta(0), timedelta(days=900)))
def test_no_wait_is_shorter_than_asked_or_longer_than_bearable(
    failures: int, jitter: float, asked: timedelta | None
) -> None:
    pause = wait(failures, jitter, asked)
    assert timedelta(seconds=1) <= pause <= LONGEST_ASKED_WAIT
    assert asked is None or pause >= min(asked, LONGEST_ASKED_WAIT)
