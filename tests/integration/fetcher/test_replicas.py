"""Who polls what, when several fetchers share one database."""

import asyncio
import itertools
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from newswatch_core.storage.database import Database
from newswatch_core.storage.schema import feeds as feeds_table
from newswatch_core.storage.schema import hosts
from newswatch_fetcher.agenda import host_of
from newswatch_fetcher.config import Feed, Outlet
from newswatch_fetcher.leases import LEASE, Leases
from newswatch_fetcher.store import FeedState, load_states, save_state, states_of
from newswatch_fetcher.turns import Turns
from tests.support.articles import NOON

SECOND = timedelta(seconds=1)


def feed(name: str, host: str = "one.example") -> Feed:
    return Feed(name, f"https://{host}/{name}", Outlet("O", "O"), high=False)


# --- leases


def taken(database: Database, leases: Leases, names: set[str], now: datetime = NOON) -> set[str]:
    with database.write() as tx:
        return leases.take(tx, names, now)


def test_a_host_is_held_by_one_until_it_is_given_back(database: Database):
    one, other = Leases("one", sole=False), Leases("other", sole=False)
    assert taken(database, one, {"a", "b"}) == {"a", "b"}
    assert taken(database, one, {"a"}) == {"a"}
    assert taken(database, other, {"a", "b", "c"}) == {"c"}
    with database.write() as tx:
        other.give_back(tx, {"a"}, NOON)
        one.give_back(tx, {"b"}, NOON + SECOND)
    assert taken(database, other, {"a", "b"}) == set()
    assert taken(database, other, {"a", "b"}, NOON + 2 * SECOND) == {"b"}
    assert taken(database, other, set()) == set()


def test_a_dead_fetchers_hosts_are_free_after_a_minute_or_at_once_for_its_next_life(database: Database):
    taken(database, Leases("dead", sole=False), {"a", "b"})
    assert taken(database, Leases("dead", sole=False), {"a"}) == {"a"}
    assert taken(database, Leases("other", sole=False), {"b"}, NOON + LEASE - SECOND) == set()
    assert taken(database, Leases("other", sole=False), {"b"}, NOON + LEASE) == {"b"}
    assert taken(database, Leases("alone", sole=True), {"a", "b"}) == {"a", "b"}


def test_the_pause_between_two_fetchers_holds_for_a_sole_one_too(database: Database):
    alone = Leases("alone", sole=True)
    taken(database, alone, {"a"})
    with database.write() as tx:
        alone.give_back(tx, {"a"}, NOON + SECOND)
    assert taken(database, alone, {"a"}) == set()
    assert taken(database, alone, {"a"}, NOON + SECOND) == {"a"}


def test_renewing_tells_which_hosts_were_lost(database: Database):
    slow, quick = Leases("slow", sole=False), Leases("quick", sole=False)
    taken(database, slow, {"a", "b"})
    taken(database, quick, {"a"}, NOON + LEASE)
    with database.write() as tx:
        assert slow.renew(tx, {"a", "b"}, NOON + LEASE) == {"b"}
        assert slow.renew(tx, set(), NOON) == set()
        assert tx.execute(select(hosts.c.held_until).where(hosts.c.name == "b")).scalar_one() == NOON + 2 * LEASE


def test_a_host_that_another_is_taking_is_left_to_it(postgres: Database):
    taken(postgres, Leases("one", sole=False), {"a"})
    with postgres.write() as tx:
        Leases("one", sole=False).take(tx, {"a"}, NOON + LEASE)
        assert taken(postgres, Leases("other", sole=False), {"a", "b"}, NOON + LEASE) == {"b"}


# --- states


def test_two_fetchers_that_start_together_add_a_feed_once(database: Database):
    with database.write() as tx:
        first = load_states(tx, [feed("f")], NOON)["f"]
        save_state(tx, replace(first, etag="x", succeeded=NOON, due=NOON + 60 * SECOND))
    with database.write() as tx:
        again = load_states(tx, [feed("f"), feed("g")], NOON + SECOND)
        assert (again["f"].etag, again["f"].added, again["g"].added) == ("x", NOON, NOON + SECOND)
        moved = load_states(tx, [feed("f", host="two.example")], NOON + SECOND)["f"]
        assert (moved.etag, moved.added, moved.url) == (None, NOON + SECOND, "https://two.example/f")
        assert states_of(tx, ["g", "nobody"]).keys() == {"g"}


# --- turns


class World:
    """What all fetchers together do: when each feed was polled, and which hosts are being asked now."""

    def __init__(self, interval: timedelta, length: float = 0.02) -> None:
        self.ahead = timedelta(0)
        """Of the fetchers' clocks."""
        self.interval = interval
        self.length = length
        self.polls: defaultdict[str, list[datetime]] = defaultdict(list)
        self.by: Counter[str] = Counter()
        self.asking: defaultdict[str, set[str]] = defaultdict(set)
        self.met: list[str] = []

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def fetcher(self, name: str, database: Database, watched: Sequence[Feed], *, sole: bool = False) -> Turns:
        async def poll(of: Feed, state: FeedState) -> FeedState:
            host = host_of(state.url)
            self.asking[host].add(name)
            if len(self.asking[host]) > 1:
                self.met.append(host)
            now = self.now()
            self.polls[of.id].append(now)
            self.by[name] += 1
            await asyncio.sleep(random.uniform(0, self.length))
            self.asking[host].discard(name)
            after = replace(state, polled=now, succeeded=now, due=now + self.interval)

            def save() -> None:
                with database.write() as tx:
                    save_state(tx, after)

            await asyncio.to_thread(save)
            return after

        with database.write() as tx:
            states = load_states(tx, watched, self.now())
        return Turns(
            {one.id: one for one in watched},
            states,
            database=database,
            clock=self.now,
            leases=Leases(name, sole=sole),
            gap=timedelta(0),
            poll=poll,
        )


async def run_for(seconds: float, *fetchers: Turns) -> None:
    tasks = [asyncio.create_task(fetcher.run()) for fetcher in fetchers]
    await asyncio.sleep(seconds)
    assert not any(task.done() for task in tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_three_fetchers_poll_each_feed_in_its_interval_once(postgres: Database):
    watched = [feed(f"f{number}", host=f"h{number % 25}.example") for number in range(60)]
    world = World(interval=2 * SECOND)
    await run_for(7, *(world.fetcher(name, postgres, watched) for name in "abc"))
    assert world.met == []
    assert len(world.polls) == 60
    for times in world.polls.values():
        assert all(later - earlier >= 2 * SECOND for earlier, later in itertools.pairwise(times))
    assert sum(map(len, world.polls.values())) >= 60
    with postgres.read() as tx:
        assert set(tx.execute(select(hosts.c.holder)).scalars()) == {None}


async def test_one_fetcher_goes_on_with_what_is_due(database: Database):
    world = World(interval=SECOND / 2, length=0)
    await run_for(2.5, world.fetcher("only", database, [feed("f"), feed("g", host="two.example")], sole=True))
    assert all(len(times) >= 3 for times in world.polls.values())


async def test_a_database_that_goes_away_between_polls_is_waited_for(database: Database, monkeypatch):
    monkeypatch.setattr("newswatch_fetcher.turns.DATABASE_PAUSE", SECOND / 10)
    world = World(interval=60 * SECOND, length=0)
    troubles = iter([True] * 2)
    take = Leases.take

    def failing(*given):
        if next(troubles, False):
            raise OperationalError("SELECT", None, Exception("the server is shutting down"))
        return take(*given)

    monkeypatch.setattr(Leases, "take", failing)
    with capture_logs() as logs:
        await run_for(1, world.fetcher("only", database, [feed("f")], sole=True))
    assert len(world.polls["f"]) == 1
    problems = [(line["problem"], line["log_level"]) for line in logs if line["event"] == "database problem"]
    assert problems == [("the server is shutting down", "warning"), ("the server is shutting down", "debug")]


async def test_a_feed_that_moved_to_another_host_is_polled_there(database: Database):
    world = World(interval=60 * SECOND)
    turns = world.fetcher("only", database, [feed("f")], sole=True)
    with database.write() as tx:
        tx.execute(update(feeds_table).values(url="https://two.example/f"))
    await run_for(0.7, turns)
    assert len(world.polls["f"]) == 1
    with database.read() as tx:
        assert states_of(tx, ["f"])["f"].url == "https://two.example/f"


@pytest.mark.parametrize("length", [0, 0.6], ids=["between polls", "during a poll"])
async def test_a_clock_that_was_ahead_and_is_set_right_silences_no_feed(database: Database, monkeypatch, length: float):
    monkeypatch.setattr("newswatch_fetcher.turns._LONGEST_SLEEP", SECOND / 10)
    monkeypatch.setattr("newswatch_fetcher.turns.ASK_AGAIN", SECOND / 10)
    monkeypatch.setattr(random, "uniform", lambda _low, high: high)
    world = World(interval=SECOND, length=length)
    world.ahead = timedelta(hours=6)
    task = asyncio.create_task(world.fetcher("only", database, [feed("f")], sole=True).run())
    async with asyncio.timeout(30):
        while not world.polls["f"]:
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.3)
        world.ahead = timedelta(0)
        before = len(world.polls["f"])
        while len(world.polls["f"]) < before + 2:
            await asyncio.sleep(0.02)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_fetcher_that_lost_its_hosts_stops_asking_them(postgres: Database, monkeypatch):
    monkeypatch.setattr("newswatch_fetcher.turns.RENEW_EVERY", SECOND / 10)
    monkeypatch.setattr("newswatch_fetcher.turns._LONGEST_SLEEP", SECOND / 10)
    world = World(interval=60 * SECOND, length=600)
    random.seed(1)
    task = asyncio.create_task(world.fetcher("slow", postgres, [feed("f")]).run())
    while not world.polls["f"]:
        await asyncio.sleep(0.02)
    with postgres.write() as tx:
        tx.execute(update(hosts).values(holder="another", held_until=datetime.now(UTC) + LEASE))
    async with asyncio.timeout(30):
        while any(one.get_name() == "poll f" for one in asyncio.all_tasks()):
            await asyncio.sleep(0.02)
    assert len(world.polls["f"]) == 1
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with postgres.read() as tx:
        assert tx.execute(select(hosts.c.holder)).scalar_one() == "another"
