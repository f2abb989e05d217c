"""The workers: processes of `newswatch worker`, each started again under its name as soon as it ends."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from newswatch_core.services import ORDER
from tests.crash.ground import SESSION, Ground
from tests.crash.journal import Journal, now
from tests.crash.machine import cpu_seconds
from tests.crash.plan import DEDUPLICATOR, REPLICAS, Fault
from tests.crash.workerlog import Life, WorkerLog
from tests.support.children import die_with_us
from tests.support.command import NEWSWATCH

_SIGNALS = {"KILL": signal.SIGKILL, "TERM": signal.SIGTERM, "STOP": signal.SIGSTOP}
_LOOK_EVERY = 0.05
_TOO_SOON = 1.0
_STOP_WITHIN = 40.0
"""Seconds: twice what a worker gives itself."""


class Worker:
    """One worker through all its lives. Only the crew's thread starts it."""

    def __init__(self, service: str, number: int, ground: Ground) -> None:
        self.service = service
        self.name = f"{service}-{number}"
        self._ground = ground
        options = ["--kafka", ground.kafka.servers, "--postgres", ground.postgres, "--replica", f"replica-{number}"]
        self._command = [NEWSWATCH, "worker", service, ground.desk, *options, "--log-style", "json"]
        self._command += ["--log-level", "debug"]
        (ground.folder / "logs").mkdir(exist_ok=True)
        self._log = WorkerLog(ground.folder / "logs" / f"{self.name}.log")
        self._lock = threading.Lock()
        self._life = Life(now())
        self.process: subprocess.Popen[bytes] | None = None
        self.struck: tuple[Fault, datetime] | None = None
        """The fault that it was last struck by, until its first delivery after it."""
        self.owed: Fault | None = None
        """The fault that its next end is put down to; without one it ends by itself."""
        self.frozen = False
        self.restart_at: datetime | None = None
        """When it is to be started anew, once it has ended."""

    def start(self) -> None:
        with self._lock, self._log.path.open("ab") as log:
            self.restart_at = None
            self._log.read_into(self._life)
            self._life = Life(now())
            given: dict[str, Any] = {"env": self._ground.environ, "preexec_fn": die_with_us}
            self.process = subprocess.Popen(self._command, stdout=log, stderr=log, **given)

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def life(self) -> Life:
        """Its present life, as far as it has told."""
        with self._lock:
            self._log.read_into(self._life)
            return self._life

    @property
    def is_up(self) -> bool:
        """Whether it works: has work, or is known to have none. Not while it is frozen or about to end."""
        life = self.life
        return self.owed is None and bool(life.assigned or (life.working and self.service in {"fetcher", DEDUPLICATOR}))

    def send(self, number: signal.Signals) -> str:
        """What it had in hand at that moment. Nothing happens if it has ended."""
        # Under the lock it is not started anew before its last words are read.
        with self._lock:
            if self.process is not None:
                self.process.send_signal(number)
            self._log.read_into(self._life)
            return self._life.in_hand


class Crew:
    """All workers of a run, and the thread that looks after them."""

    def __init__(self, ground: Ground, journal: Journal) -> None:
        self.workers = [Worker(name, number, ground) for name in ORDER for number in range(REPLICAS)]
        self._journal = journal
        self._stop = threading.Event()
        self._wakings: list[tuple[float, Worker]] = []
        self._thread = threading.Thread(target=self._look_after_all, name="crew")
        self.problem: BaseException | None = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The workers run until the end of the block; then they are asked to stop."""
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()

    def choose(self, fault: Fault) -> Worker | None:
        """The worker that the fault is for; None while it is frozen."""
        mine = [*self._replicas(fault.target)]
        if fault.target == DEDUPLICATOR:
            mine.sort(key=lambda worker: not worker.life.partitions)
        worker = mine[fault.replica]
        return None if worker.frozen else worker

    def has_ready(self, fault: Fault) -> bool:
        """Whether the worker that the fault is for is up, with partitions if it is to be the one that works."""
        worker = self.choose(fault)
        works = fault.target != DEDUPLICATOR or fault.replica > 0
        return worker is not None and worker.is_up and (works or worker.life.partitions > 0)

    def strike(self, worker: Worker, fault: Fault) -> str:
        """Does to the worker what the fault says; returns what it had in hand."""
        stands_by = worker.service == DEDUPLICATOR and not worker.life.partitions
        worker.struck, worker.owed = None if stands_by else (fault, now()), fault
        if fault.how == "STOP":
            worker.frozen = True
            self._wakings.append((time.monotonic() + SESSION + fault.seconds, worker))
        return worker.send(_SIGNALS[fault.how])

    def _look_after_all(self) -> None:
        try:
            for worker in self.workers:
                worker.start()
            while not self._stop.wait(_LOOK_EVERY):
                self._wake()
                for worker in self.workers:
                    self._look_after(worker)
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self.problem = error
        finally:
            self._end()

    def _wake(self) -> None:
        for waking in [one for one in self._wakings if one[0] <= time.monotonic()]:
            self._wakings.remove(waking)
            waking[1].send(signal.SIGCONT)
            waking[1].frozen = False
            self._journal.write("woken", worker=waking[1].name)

    def _look_after(self, worker: Worker) -> None:
        assert worker.process is not None
        self._tell_back(worker)
        if worker.restart_at is not None:
            if now() >= worker.restart_at:
                worker.start()
            return
        life, code = worker.life, worker.process.poll()
        if code is None:
            return
        cause, worker.owed = worker.owed, None
        told = {"fault": cause.number, "how": cause.how} if cause else {"fault": None, "how": "by itself"}
        self._journal.write("exit", worker=worker.name, code=code, reason=worker.life.reason, **told)
        worker.restart_at = life.began + timedelta(seconds=_TOO_SOON)

    def _tell_back(self, worker: Worker) -> None:
        """Journals the first delivery after a fault: by the worker, or by the deduplicator that took over from it."""
        if worker.struck is None:
            return
        fault, struck = worker.struck
        mine = [worker] if worker.service != DEDUPLICATOR else self._replicas(worker.service)
        for one in mine:
            life = one.life
            delivered = life.delivered if life.began > struck else life.last_delivered if one is not worker else None
            if delivered is None or delivered < struck:
                continue
            worker.struck = None
            times = {"started": life.began, "working": life.working, "delivered": delivered}
            seconds = {
                name: round((at - struck).total_seconds(), 3) for name, at in times.items() if at and at > struck
            }
            cpu = {"cpu": round(cpu_seconds(one.pid), 2)} if one is worker else {"by": one.name}
            self._journal.write("back", worker=worker.name, fault=fault.number, how=fault.how, **cpu, **seconds)
            return

    def _replicas(self, service: str) -> Sequence[Worker]:
        return [worker for worker in self.workers if worker.service == service]

    def _end(self) -> None:
        began = time.monotonic()
        for worker in self.workers:
            worker.send(signal.SIGCONT)
            worker.send(signal.SIGTERM)
        for worker in self.workers:
            if worker.process is None:
                continue
            try:
                code = worker.process.wait(max(0.1, _STOP_WITHIN - (time.monotonic() - began)))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                code = worker.process.wait()
            self._journal.write("stopped", worker=worker.name, code=code, seconds=round(time.monotonic() - began, 1))


def wait_until(true: Callable[[], bool], seconds: float, *, every: float = 0.02) -> bool:
    """Whether it became true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
