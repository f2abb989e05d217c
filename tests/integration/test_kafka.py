"""Workers on a real broker that are killed, frozen and stopped, and a broker that goes away."""

import asyncio
import contextlib
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from newswatch_core.events import encode
from newswatch_core.runtime.asking import record_limits
from newswatch_core.runtime.broker import Broker as Address
from newswatch_core.runtime.broker import NotReadyError, broker_of
from newswatch_core.runtime.delivery import Deliverer, Outgoing
from newswatch_core.runtime.pulse import Pulse
from newswatch_core.secrets import SecretRef
from newswatch_core.settings import Kafka, Sasl, Tls
from newswatch_core.storage.database import migrate_url, open_folder
from tests.support.articles import fetched
from tests.support.kafka_broker import PASSWORD, USER, Broker
from tests.support.kafka_crew import DEAD, IN, Desk, WorkerProcess
from tests.support.postgres import start_server
from tests.support.waiting import until


@pytest.fixture
def workers() -> Iterator[list[WorkerProcess]]:
    """Those put in here end with the test."""
    running: list[WorkerProcess] = []
    yield running
    for worker in running:
        worker.end()


@pytest.fixture
def desk(kafka_desk: Desk) -> Desk:
    open_folder(kafka_desk.folder / "state").close()
    return kafka_desk


@pytest.fixture
def own_desk(own_kafka: Broker, tmp_path: Path) -> Desk:
    """A desk on a broker of the test's own."""
    desk = Desk(own_kafka.address, tmp_path)
    open_folder(desk.folder / "state").close()
    desk.create_topics()
    return desk


def titles(desk: Desk) -> Counter[str]:
    return Counter(event.article.title for event in desk.passed())


def expect(numbers: range) -> set[str]:
    return {fetched(number).article.title for number in numbers}


def wait_for(desk: Desk, wanted: set[str], seconds: float = 90) -> Counter[str]:
    deadline = time.monotonic() + seconds
    while missing := wanted - set(found := titles(desk)):
        assert time.monotonic() < deadline, f"{len(missing)} are missing, for example {sorted(missing)[:3]}"
        time.sleep(0.2)
    return found


def test_a_worker_killed_while_events_flow_loses_none(desk: Desk, workers: list[WorkerProcess]):
    worker = desk.worker(session="45s")
    workers.append(worker)
    back = []
    for round_ in range(4):
        desk.put([fetched(number) for number in range(round_ * 200, round_ * 200 + 200)])
        before = len(desk.passed())
        began = time.monotonic()
        until(lambda before=before: len(desk.passed()) > before)
        back.append(time.monotonic() - began)
        worker.kill()
        worker.restart()
    found = wait_for(desk, expect(range(800)))
    assert desk.read(DEAD) == []
    assert all(len(stories) == 1 for stories in _stories(desk).values()), "what is repeated is the same"
    assert max(found.values()) <= 5, "once for each life"
    print(f"back after {[f'{seconds:.1f}' for seconds in back]}, repeated {sum(found.values()) - len(found)}")


def _stories(desk: Desk) -> dict[str, set[str]]:
    stories: dict[str, set[str]] = {}
    for event in desk.passed():
        stories.setdefault(event.article.id, set()).add(event.story)
    return stories


def test_a_stopped_worker_finishes_commits_and_exits_with_zero(desk: Desk, workers: list[WorkerProcess]):
    worker = desk.worker()
    workers.append(worker)
    desk.put([fetched(number) for number in range(300)])
    until(lambda: len(desk.passed()) > 0)
    assert worker.stop() == 0, worker.log[-3000:]
    worker.restart()
    found = wait_for(desk, expect(range(300)))
    assert sum(found.values()) == 300, "nothing is repeated"
    until(lambda: worker.log.count('"assigned"') >= 2)
    assert worker.stop() == 0
    assert desk.lag() == 0


def test_a_worker_stopped_while_an_event_has_to_wait_leaves_it_for_the_next(desk: Desk, workers: list[WorkerProcess]):
    worker = desk.worker()
    workers.append(worker)
    desk.put([fetched(1), fetched(2, title="Later")])
    until(lambda: len(desk.passed()) == 1)
    assert worker.stop() == 0, worker.log[-3000:]
    assert desk.lag() > 0
    (desk.folder / "ready").touch()
    worker.restart()
    until(lambda: "Later" in titles(desk))


def test_a_broker_that_restarts_is_waited_for(own_desk: Desk, own_kafka: Broker, workers: list[WorkerProcess]):
    worker = own_desk.worker()
    workers.append(worker)
    for round_ in range(2):
        own_desk.put([fetched(number) for number in range(round_ * 100, round_ * 100 + 100)])
        (own_kafka.restart if round_ else own_kafka.kill)()
        if not round_:
            time.sleep(3)
            own_kafka.start()
        wait_for(own_desk, expect(range(round_ * 100 + 100)))
    assert worker.process.poll() is None, worker.log[-3000:]
    assert sum(titles(own_desk).values()) == 200, "the producer resumes without repeats"
    library = [line for line in worker.log.splitlines() if '"library"' in line]
    assert len(library) <= 6, library


def test_a_worker_without_broker_says_so_once_and_goes_on_when_it_is_there(
    own_desk: Desk, own_kafka: Broker, workers: list[WorkerProcess]
):
    own_kafka.stop()
    worker = own_desk.worker()
    workers.append(worker)
    worker.wait_for('"waiting"')
    time.sleep(3)
    assert worker.log.count('"waiting"') == 1
    assert own_kafka.address.split(":")[1] in worker.log
    assert '"library"' not in worker.log
    own_kafka.start()
    own_desk.put([fetched(1)])
    wait_for(own_desk, expect(range(1, 2)))


def test_a_broker_that_goes_away_while_a_worker_starts_is_waited_for(
    own_desk: Desk, own_kafka: Broker, workers: list[WorkerProcess]
):
    worker = own_desk.worker()
    workers.append(worker)
    # It has asked the broker for its topics, and imports Faust now.
    worker.wait_for('"working"')
    own_kafka.kill()
    worker.wait_for('"waiting"')
    own_kafka.start()
    own_desk.put([fetched(1)])
    wait_for(own_desk, expect(range(1, 2)))
    assert worker.stop() == 0


def test_a_worker_that_waits_for_the_broker_while_it_starts_stops_at_once(
    own_desk: Desk, own_kafka: Broker, workers: list[WorkerProcess]
):
    worker = own_desk.worker()
    workers.append(worker)
    worker.wait_for('"working"')
    own_kafka.kill()
    worker.wait_for('"waiting"')
    assert worker.stop() == 0


async def test_a_producer_waits_for_a_broker_that_has_gone_since_it_was_asked(own_desk: Desk, own_kafka: Broker):
    own_kafka.kill()
    deliverer = Deliverer(own_desk.broker, Pulse(60), limits=[100_000])
    starting = asyncio.create_task(deliverer.start())
    await asyncio.sleep(1)
    assert not starting.done()
    await asyncio.to_thread(own_kafka.start)
    await asyncio.wait_for(starting, 90)
    await deliverer.deliver([Outgoing(own_desk.prefix + IN, b"key", b"value")])
    await deliverer.stop()
    assert [record.value for record in await asyncio.to_thread(own_desk.read, IN)] == [b"value"]


def test_a_database_that_goes_away_is_waited_for_and_told_once(desk: Desk, workers: list[WorkerProcess]):
    server = start_server()
    migrate_url(server.url())
    desk.state = server.url()
    worker = desk.worker()
    workers.append(worker)
    desk.put([fetched(number) for number in range(50)])
    wait_for(desk, expect(range(50)))
    server.kill()
    desk.put([fetched(number) for number in range(50, 100)])
    worker.wait_for('"database problem"')
    time.sleep(2)
    assert worker.log.count('"database problem"') == 1
    server.start()
    wait_for(desk, expect(range(100)))
    assert desk.read(DEAD) == []
    assert worker.stop() == 0
    server.kill()


def test_health_says_what_is_away_and_for_how_long_only(
    own_desk: Desk, own_kafka: Broker, workers: list[WorkerProcess]
):
    server = start_server()
    migrate_url(server.url())
    own_desk.state = server.url()
    worker = own_desk.worker(session="45s", CREW_HEALTH="yes")
    workers.append(worker)
    own_desk.put([fetched(1)])
    wait_for(own_desk, expect(range(1, 2)))
    until(lambda: worker.ready() == (200, {}))
    server.kill()
    until(lambda: set(worker.ready()[1]) >= {"database", "deduplicator"})
    assert worker.ready()[0] == 503
    assert "refused" in worker.ready()[1]["database"]
    server.start()
    until(lambda: worker.ready() == (200, {}))
    own_kafka.kill()
    until(lambda: worker.ready()[0] == 503)
    assert worker.ready()[1] == {"kafka": f"{own_kafka.address} does not answer"}
    own_kafka.start()
    until(lambda: worker.ready() == (200, {}))
    assert worker.process.poll() is None
    assert worker.stop() == 0
    server.kill()


@pytest.mark.parametrize("how", ["BaseException", "SystemExit", "CancelledError"])
def test_a_worker_whose_sender_dies_ends_as_something_unexpected(desk: Desk, workers: list[WorkerProcess], how: str):
    worker = desk.worker(CREW_SENDER=how)
    workers.append(worker)
    assert worker.wait() == 70, worker.log[-3000:]
    assert f"deduplicator-sender died: {how}" in worker.log


def test_a_frozen_worker_ends_before_it_writes(desk: Desk, workers: list[WorkerProcess]):
    frozen, other = desk.worker("one", session="10s"), desk.worker("two", session="10s")
    workers += [frozen, other]
    active, standby = _roles(desk, frozen, other)
    desk.put([fetched(0)])
    until(lambda: len(titles(desk)) == 1)
    active.signal(signal.SIGSTOP)
    # The broker's answer to its last question waits for it, with events that another worker handles meanwhile.
    desk.put([fetched(number) for number in range(20)])
    until(lambda: len(titles(desk)) == 20)
    until(lambda: desk.lag() == 0)
    before = sum(titles(desk).values())
    active.signal(signal.SIGCONT)
    assert active.wait() in {71, 72}
    assert sum(titles(desk).values()) == before
    assert standby.process.poll() is None


def _roles(desk: Desk, one: WorkerProcess, two: WorkerProcess) -> tuple[WorkerProcess, WorkerProcess]:
    """Of two workers on one partition: the active and the standby. Both have joined."""
    for worker in (one, two):
        worker.wait_for('"assigned"')
    until(lambda: (_holds(one), _holds(two)) in {(True, False), (False, True)})
    return (one, two) if _holds(one) else (two, one)


def _holds(worker: WorkerProcess) -> bool:
    """Whether the worker has the partition, as far as it said."""
    lines = _assigned(worker)
    return bool(lines) and '"partitions": 1' in lines[-1]


def _assigned(worker: WorkerProcess) -> list[str]:
    return [line for line in worker.log.splitlines() if '"assigned"' in line]


def test_a_standby_takes_over_with_what_the_active_worker_knew(desk: Desk, workers: list[WorkerProcess]):
    one, two = desk.worker("one", session="10s"), desk.worker("two", session="10s")
    workers += [one, two]
    active, standby = _roles(desk, one, two)
    desk.put([fetched(number) for number in range(50)])
    wait_for(desk, expect(range(50)))
    active.kill()
    desk.put([fetched(number) for number in range(30, 80)])
    wait_for(desk, expect(range(80)))
    assert all(len(stories) == 1 for stories in _stories(desk).values())
    assert _holds(standby)


def test_a_standby_that_comes_or_returns_takes_nothing_from_the_active_worker(desk: Desk, workers: list[WorkerProcess]):
    active = desk.worker("two", session="6s")
    workers.append(active)
    until(lambda: _holds(active))
    # Whichever way names are sorted, one of these comes before the active one.
    for name in ("one", "three"):
        for _ in range(2):
            standby = desk.worker(name, session="6s")
            workers.append(standby)
            standby.wait_for('"assigned"')
            standby.stop()
    desk.put([fetched(number) for number in range(20)])
    wait_for(desk, expect(range(20)))
    assert [line["partitions"] for line in map(json.loads, _assigned(active))] == [1] * len(_assigned(active))


def test_a_second_worker_with_the_same_identity_ends_the_first(desk: Desk, workers: list[WorkerProcess]):
    first = desk.worker("same", session="45s")
    workers.append(first)
    desk.put([fetched(1)])
    wait_for(desk, expect(range(1, 2)))
    second = desk.worker("same", session="45s")
    workers.append(second)
    assert first.wait() == 72, first.log[-3000:]
    desk.put([fetched(2)])
    wait_for(desk, expect(range(1, 3)))


def test_bad_messages_among_good_ones_reach_the_dead_letters_whole(desk: Desk, workers: list[WorkerProcess]):
    workers.append(desk.worker())
    good = [fetched(number) for number in range(1000)]
    bad = [b"not JSON", encode(fetched(5))[:200], encode(fetched(9, title="Poison")), encode(fetched(8, title="Big"))]
    mixed = [*good[:500], *bad, *good[500:]]
    desk.put(mixed)
    found = wait_for(desk, expect(range(1000)))
    assert sum(found.values()) == 1000
    until(lambda: len(desk.read(DEAD)) == 4)
    assert [letter.value for letter in desk.read(DEAD)] == bad
    assert all(letter.headers["stage"] == "deduplicator" and letter.headers["reason"] for letter in desk.read(DEAD))


def test_a_stage_that_stopped_keeps_nothing_in_hand_that_others_would_wait_for(
    desk: Desk, workers: list[WorkerProcess]
):
    desk.put([b"not JSON"] * 1000)
    stopped = desk.worker("one", session="6s")
    workers.append(stopped)
    stopped.wait_for('"stage stopped"')
    other = desk.worker("two", session="6s")
    workers.append(other)
    # Soon: whoever has something in hand is waited for, for a minute, and then put out.
    other.wait_for('"assigned"', 30)
    assert stopped.stop() == 0
    other.wait_for('"stage stopped"')
    assert other.stop() == 0
    buried = [letter.headers["offset"] for letter in desk.read(DEAD)]
    assert sorted(map(int, buried)) == list(range(len(buried)))


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> SecretRef:
    monkeypatch.setenv("NEWSWATCH_TEST_PASSWORD", PASSWORD)
    return SecretRef(env="NEWSWATCH_TEST_PASSWORD")


@pytest.mark.parametrize("protocol", ["SSL", "SASL_PLAINTEXT", "SASL_SSL"])
async def test_the_broker_is_reached_with_scram_and_tls(secured_kafka: Broker, password: SecretRef, protocol: str):
    assert await record_limits(_address(secured_kafka, protocol, password), []) == {}


@pytest.fixture
def wrong_password(monkeypatch: pytest.MonkeyPatch) -> SecretRef:
    monkeypatch.setenv("NEWSWATCH_TEST_WRONG", "not-the-password")
    return SecretRef(env="NEWSWATCH_TEST_WRONG")


async def test_a_wrong_password_is_told(secured_kafka: Broker, wrong_password: SecretRef):
    with pytest.raises(NotReadyError, match="invalid credentials"):
        await record_limits(_address(secured_kafka, "SASL_SSL", wrong_password), [])


async def test_a_broker_with_an_unknown_certificate_is_refused(secured_kafka: Broker):
    with pytest.raises(NotReadyError, match="certificate verify failed"):
        await record_limits(_unknown(secured_kafka), [])


@pytest.mark.skipif(sys.platform != "linux", reason="counts sockets in /proc")
async def test_looking_for_a_broker_leaves_no_socket_behind(
    secured_kafka: Broker, password: SecretRef, wrong_password: SecretRef
):
    """It is done every second: what a look leaves behind is still there at the next."""
    places = [_address(secured_kafka, name, password) for name in ("SSL", "SASL_PLAINTEXT", "SASL_SSL")]
    places += [_address(secured_kafka, name, wrong_password) for name in ("SASL_PLAINTEXT", "SASL_SSL")]
    places += [_unknown(secured_kafka), broker_of(Kafka(brokers="127.0.0.1:1"))]
    for place in places:
        before = _sockets()
        with contextlib.suppress(NotReadyError):
            await record_limits(place, [])
        assert _sockets() == before, place


def _sockets() -> list[str]:
    """The sockets of this process."""
    names = []
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            names.append(str(entry.readlink()))
    return sorted(name for name in names if name.startswith("socket:"))


def _unknown(broker: Broker) -> Address:
    return broker_of(Kafka(brokers=broker.listeners["SSL"].address, tls=Tls()))


def _address(broker: Broker, protocol: str, password: SecretRef) -> Address:
    tls = Tls(ca=str(broker.ca)) if "SSL" in protocol else None
    sasl = Sasl(user=USER, password=password) if "SASL" in protocol else None
    return broker_of(Kafka(brokers=broker.listeners[protocol].address, tls=tls, sasl=sasl))


def test_a_worker_works_over_scram_and_tls(secured_kafka: Broker, tmp_path: Path, workers: list[WorkerProcess]):
    desk = Desk(secured_kafka.address, tmp_path)
    open_folder(desk.folder / "state").close()
    desk.create_topics()
    given = {"CREW_CA": str(secured_kafka.ca), "CREW_USER": USER, "CREW_PASSWORD": PASSWORD}
    worker = desk.worker(address=secured_kafka.listeners["SASL_SSL"].address, **given)
    workers.append(worker)
    desk.put([fetched(1)])
    wait_for(desk, expect(range(1, 2)))
    assert worker.stop() == 0
