"""A process that stood still."""

from newswatch_core.runtime.exits import Exit
from newswatch_core.runtime.pulse import Pulse
from tests.support.waiting import Seconds


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
