"""What newswatch runs on, in one folder: broker, PostgreSQL, newsstand, a mail server and one like Slack's.

All of it is real, and all that must outlive the script is on disk: the servers' data, and what the receivers took.
"""

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from newswatch_core.admin import connected
from newswatch_core.runtime.broker import Broker as Address
from newswatch_core.runtime.broker import broker_of
from newswatch_core.settings import Kafka
from newswatch_core.storage.database import migrate_url
from tests.crash.journal import Journal
from tests.crash.plan import BROKER, DATABASE, Draft
from tests.support.kafka_broker import Broker
from tests.support.mailserver import Mail, MailServer
from tests.support.newsstand import Newsstand
from tests.support.postgres import MISSING, Server, programs
from tests.support.press import desk_of
from tests.support.slackserver import Answer, Received, SlackServer

SESSION = 6.0
WEBHOOK = "NEWSWATCH_CRASH_WEBHOOK"
_RECEIVERS = """\
version: 1
receivers:
  - {{id: slack, type: slack, webhook: {{env: {webhook}}}, pace: 0s}}
  - {{id: mail, type: email, host: {host}, port: {port}, security: none, from: desk@example.org, to: [a@example.org]}}
routes:
  - {{id: desk, receivers: [slack, mail]}}
"""
RECEIVERS = ("slack", "mail")


class NoGroundError(Exception):
    """A server cannot be had or started; the message says why."""


class _Slack(SlackServer):
    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def record(self, received: Received) -> None:
        # Before it is answered: what the sender holds for sent is on disk.
        self._journal.write("message", receiver="slack", words=received.words)


class _Mail(MailServer):
    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def record(self, mail: Mail) -> None:
        self._journal.write("message", receiver="mail", words=mail.words)


class Killable:
    """A server that is killed and comes back after a while, in a thread of its own."""

    def __init__(self, name: str, server: Broker | Server, journal: Journal) -> None:
        self.name = name
        self._server = server
        self._journal = journal
        self._turns = ThreadPoolExecutor(1, f"{name} ")
        self._turn: Future[None] = self._turns.submit(lambda: None)

    def start(self) -> None:
        """Returns when it answers. From a thread that lives on: a server dies with the one that started it."""
        self._turns.submit(self._start).result()

    def kill(self, away: float) -> None:
        """Kills it now; it is started again after `away` seconds."""
        self._turns.submit(self._server.kill).result()
        began = time.monotonic()

        def back() -> None:
            time.sleep(away)
            self._start()
            self._journal.write("server back", server=self.name, after=round(time.monotonic() - began, 2))

        self._turn = self._turns.submit(back)

    @property
    def pid(self) -> int:
        """While it is up."""
        return self._server.pid

    @property
    def is_up(self) -> bool:
        """Raises what kept it from starting."""
        if not self._turn.done():
            return False
        self._turn.result()
        return True

    def stop(self) -> None:
        self._turns.submit(self._server.stop).result()
        self._turns.shutdown()

    def _start(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self._server.start()
            except AssertionError:
                # PostgreSQL's own processes outlive it by a moment, and nobody else may have its data meanwhile.
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)
            else:
                return


@dataclass(frozen=True)
class Ground:
    folder: Path
    stand: Newsstand
    servers: Mapping[str, Killable]
    kafka: Address
    postgres: str
    environ: Mapping[str, str]

    @property
    def desk(self) -> Path:
        return self.folder / "desk"


@contextmanager
def prepared(
    folder: Path, draft: Draft, journal: Journal, sinks: Journal, *, window: int | None = None
) -> Iterator[Ground]:
    """The ground in `folder`, made or found there, until the end of the block. Raises NoGroundError, NoBrokerError.

    `window`: how many entries a feed lists; all if it is None.
    """
    found = programs()
    if found is None:
        raise NoGroundError(f"PostgreSQL: {MISSING}")
    for name in ("postgres", "kafka", "desk"):
        (folder / name).mkdir(exist_ok=True)
    with ExitStack() as stack:
        stand = stack.enter_context(Newsstand())
        slack, mail = stack.enter_context(_Slack(sinks)), stack.enter_context(_Mail(sinks))
        slack.always(Answer(seconds=0.2))
        database, broker = Server(found[0], folder / "postgres"), Broker(folder / "kafka")
        servers = {DATABASE: Killable(DATABASE, database, journal), BROKER: Killable(BROKER, broker, journal)}
        for server in servers.values():
            stack.callback(server.stop)
            server.start()
        migrate_url(database.url())
        address = broker_of(Kafka(brokers=broker.address))
        with connected(address) as admin:
            admin.create_topics()
        for number in range(draft.scale.feeds):
            stand.add_feed(
                feed_id(number),
                host=f"outlet{number:04}.example",
                outlet=f"Outlet {number}",
                window=window,
                priority="high",
            )
        _write_desk(folder / "desk", stand, draft, mail)
        environ = os.environ | {WEBHOOK: slack.url}
        yield Ground(folder, stand, servers, address, database.url(), environ)


def feed_id(number: int) -> str:
    return f"feed-{number:04}"


def _write_desk(desk: Path, stand: Newsstand, draft: Draft, mail: MailServer) -> None:
    stand.write_desk(desk, kafka={"session": f"{SESSION:g}s"})
    (desk / "receivers.yaml").write_text(_RECEIVERS.format(webhook=WEBHOOK, host=mail.host, port=mail.port))
    content: Mapping[str, Any] = desk_of(draft.events)
    for name, part in content.items():
        (desk / name).parent.mkdir(exist_ok=True)
        (desk / name).write_text(yaml.safe_dump(part))
