import asyncio
from datetime import timedelta
from itertools import pairwise
from time import monotonic

from newswatch_fetcher.hosts import Hosts


async def take(hosts: Hosts, host: str, log: list[tuple[str, float]], seconds: float = 0.0) -> None:
    async with hosts.turn(host):
        log.append((host, monotonic()))
        await asyncio.sleep(seconds)


async def test_turns_of_a_host_are_a_gap_apart():
    log: list[tuple[str, float]] = []
    hosts = Hosts(timedelta(seconds=0.1))
    await asyncio.gather(*(take(hosts, "a", log) for _ in range(3)))
    times = [at for _, at in log]
    assert all(later - earlier >= 0.099 for earlier, later in pairwise(times))


async def test_hosts_do_not_wait_for_each_other():
    log: list[tuple[str, float]] = []
    hosts = Hosts(timedelta(seconds=30))
    started = monotonic()
    await asyncio.gather(*(take(hosts, host, log, 0.1) for host in "abc"))
    assert monotonic() - started < 30


async def test_a_host_may_have_a_gap_of_its_own():
    log: list[tuple[str, float]] = []
    hosts = Hosts(timedelta(seconds=5), {"a": timedelta(0)})
    await asyncio.gather(*(take(hosts, "a", log) for _ in range(3)))
    assert log[-1][1] - log[0][1] < 1


async def test_a_failed_turn_is_given_on():
    hosts = Hosts(timedelta(0))
    for _ in range(2):
        try:
            async with hosts.turn("a"):
                raise RuntimeError
        except RuntimeError:
            pass


async def test_hosts_that_nobody_asks_for_are_forgotten():
    hosts = Hosts(timedelta(0))
    for number in range(5_100):
        async with hosts.turn(str(number)):
            pass
    assert len(hosts._hosts) < 5_100
