"""The whole path in processes: a newsstand in front, receivers behind, and newswatch between them as a user runs it."""

import json
import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from sqlalchemy import func, select
from sqlalchemy.exc import DatabaseError

from newswatch_core.ports import Tx
from newswatch_core.storage import log
from newswatch_core.storage.database import open_file
from newswatch_core.storage.schema import articles, deliveries
from newswatch_core.topics import TOPICS
from tests.support.command import NEWSWATCH
from tests.support.mailserver import MailServer
from tests.support.newsstand import Newsstand, StandArticle
from tests.support.press import Piece, Press, desk_of
from tests.support.slackserver import SlackServer

RECEIVERS = """\
version: 1
receivers:
  - {{id: slack, type: slack, webhook: {{env: NEWSWATCH_TEST_WEBHOOK}}, pace: 0s}}
  - {{id: mail, type: email, host: {host}, port: {port}, security: none, from: desk@example.org, to: [a@example.org]}}
routes:
  - {{id: desk, receivers: [slack, mail]}}
"""

MARK = "possible repeat"


class News:
    """Articles, the same for the same seed: events, each with up to three copies in other feeds, and noise."""

    def __init__(self, seed: int, *, articles: int, events: int, feeds: int = 20) -> None:
        press, dice = Press(seed), random.Random(seed)
        self.feeds = feeds
        self.events = [press.event() for _ in range(events)]
        pieces = [piece for event in self.events for piece in (event, *_copies(press, event, dice.randrange(4)))]
        pieces += [press.noise() for _ in range(articles - len(pieces))]
        dice.shuffle(pieces)
        self.pieces = pieces
        self._dice = dice
        self.urls: dict[str, set[str]] = {}
        """By event: the URLs of all articles about it."""

    def put_on(self, stand: Newsstand) -> None:
        for number in range(self.feeds):
            stand.add_feed(f"feed-{number:02}", host=f"outlet{number:02}.example", outlet=f"Outlet {number}")
        now = datetime.now(UTC).replace(microsecond=0)
        for number, piece in enumerate(self.pieces):
            published = now - timedelta(minutes=self._dice.randrange(600))
            article = StandArticle(title=piece.title, text=piece.text, published=published)
            url = stand.add_article(f"feed-{number % self.feeds:02}", article).url
            if piece.land:
                self.urls.setdefault(piece.land, set()).add(url)

    @property
    def rules(self) -> list[str]:
        return [rule for event in self.events for rule in rules_of(event)]


def _copies(press: Press, event: Piece, number: int) -> list[Piece]:
    return [press.copy_of(event) for _ in range(number)]


def rules_of(event: Piece) -> tuple[str, str]:
    return (f"{event.land.lower()}-embassy", f"{event.land.lower()}-pact")


def write_desk(stand: Newsstand, mail: MailServer, events: Iterable[Piece], folder: Path, **settings: object) -> Path:
    """A desk that reads the stand, watches the events, and tells Slack and the mail server.

    `settings` stand in newswatch.yaml beside what the stand needs.
    """
    stand.write_desk(folder, **settings)
    (folder / "receivers.yaml").write_text(RECEIVERS.format(host=mail.host, port=mail.port))
    for name, content in desk_of(events).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(content))
    return folder


def arrived(slack: SlackServer, mail: MailServer) -> dict[str, list[str]]:
    """By receiver: the words of its messages."""
    return {"slack": [one.words for one in slack.accepted], "mail": [one.words for one in mail.received]}


@contextmanager
def process(
    arguments: list[str | Path], output: Path, *, command: Path = NEWSWATCH, **environ: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A `newswatch` of the test's, asked to stop at the end of the block; it has to end well."""
    given = os.environ | environ | {"TMPDIR": str(output.parent)}
    with output.open("ab") as file:
        running = subprocess.Popen([command, *arguments, "--log-style", "json"], stdout=file, stderr=file, env=given)
    try:
        yield running
        running.send_signal(signal.SIGTERM)
        code = running.wait(60)
        assert code == 0, (code, output.read_text(encoding="utf-8")[-3000:])
    finally:
        if running.poll() is None:
            running.kill()
            running.wait()


@dataclass(frozen=True)
class Workers:
    """Workers on one broker and one database; what they log is kept in `folder`."""

    kafka: str
    postgres: str
    slack: SlackServer
    folder: Path

    @contextmanager
    def worker(
        self, name: str, desk: Path, replica: str, *, command: Path = NEWSWATCH
    ) -> Iterator[subprocess.Popen[bytes]]:
        arguments: list[str | Path] = ["worker", name, desk, "--replica", replica]
        environ = {
            "NEWSWATCH_KAFKA": self.kafka,
            "NEWSWATCH_POSTGRES": self.postgres,
            "NEWSWATCH_TEST_WEBHOOK": self.slack.url,
        }
        with process(arguments, self.log(name, replica), command=command, **environ) as running:
            yield running

    def log(self, name: str, replica: str) -> Path:
        return self.folder / f"{name}-{replica}.log"


def logged(log: Path) -> list[dict[str, object]]:
    """The lines of a log, but for one that is being written, and what is none of newswatch's own."""
    whole, _, _ = log.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.split("\n") if line.startswith("{") and line.endswith("}")]


def nothing_waits(tx: Tx, wanted: int) -> bool:
    """Whether so many articles are there, and every delivery came to its end."""
    ended = deliveries.c.state.in_(("sent", "dead"))
    waiting = tx.execute(select(func.count()).select_from(deliveries).where(~ended)).scalar_one()
    return not waiting and tx.execute(select(func.count()).select_from(articles)).scalar_one() == wanted


def embedded_rests(path: Path, wanted: int) -> bool:
    """Whether so many articles went through every stage of `newswatch run`, and every delivery came to its end."""
    if not path.exists():
        return False
    database = open_file(path)
    try:
        # In one transaction: between two the last articles may come in, and be taken for read.
        with database.read() as tx:
            reads = [(str(topic.reader), topic.name) for topic in TOPICS if topic.reader]
            behind = [log.offset_of(tx, reader, name) < log.end_of(tx, name) for reader, name in reads]
            return nothing_waits(tx, wanted) and not any(behind)
    except DatabaseError:
        return False  # the tables are not made yet
    finally:
        database.close()


def judge(messages: list[str], events: list[Piece]) -> tuple[set[str], list[str]]:
    """Of all messages of a receiver: the events that never arrived, and those repeated without the mark."""
    arrived, unmarked = Counter[str](), Counter[str]()
    for words in messages:
        (land,) = {event.land for event in events if f"({event.land.lower()}-pact)" in words}
        assert f"({land.lower()}-embassy)" in words, "a message names all rules that fired"
        arrived[land] += 1
        unmarked[land] += MARK not in words.lower()
    return {event.land for event in events} - set(arrived), [land for land, number in unmarked.items() if number > 1]
