"""A deduplicator for tests of the runtimes: what it does with an article stands in the article's title.

    Poison ...     it is poison               Raises ...     it raises, every time
    Later ...      RetryLater until the file `ready` stands in the desk's folder
    Big ...        what comes of it is 500 kB larger

Once the file `mended` stands in the desk's folder, it handles them all as any other. CREW_VERSION: the newest version
of events that it reads.

The story of an article is how many revisions were decided before: a decision made twice would show.
"""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, insert, select

from newswatch_core import events, logs
from newswatch_core.commands.worker import event_loops
from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle
from newswatch_core.ports import Context, Outcome, Poison, RetryLater, Service, Tx
from newswatch_core.runtime.broker import broker_of
from newswatch_core.runtime.worker import Place, run_worker
from newswatch_core.secrets import SecretRef
from newswatch_core.settings import Health, Kafka, Sasl, Settings, Tls
from newswatch_core.storage.database import Database, open_folder, open_url
from newswatch_core.storage.schema import decisions

NAME = "deduplicator"
MARK = {"service": "crew"}


class Odd:
    """The stage."""

    def __init__(self, desk: Path) -> None:
        self._desk = desk

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        return [self._outcome(event, tx, now) for event in batch]

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return ()

    def _outcome(self, event: Event, tx: Tx, now: datetime) -> Outcome:
        assert isinstance(event, FetchedArticle)
        mended = (self._desk / "mended").exists()
        word = "" if mended else event.article.title.split()[0]
        if word == "Poison":
            return Poison("asked for")
        if word == "Raises":
            raise ValueError("asked for")
        if word == "Later" and not (self._desk / "ready").exists():
            return RetryLater("asked for", 0.1)
        if word == "Slow":
            time.sleep(0.3)
        padding = "x" * 500_000 if word == "Big" else None
        return [DeduplicatedArticle(article=event.article, copy_of=padding, story=self._story(event, tx, now))]

    def _story(self, event: FetchedArticle, tx: Tx, now: datetime) -> str:
        """Decided once, and read again after."""
        column, article = decisions.c, event.article
        ours = (column.service == MARK["service"],)
        query = select(column.value).where(*ours, column.article == article.id, column.revision == article.revision)
        stored = tx.execute(query).scalar()
        if stored is None:
            stored = str(tx.execute(select(func.count()).where(*ours)).scalar()).encode()
            row = MARK | {"article": article.id, "revision": article.revision, "value": stored, "at": now}
            tx.execute(insert(decisions).values(**row))
        return bytes(stored).decode()


class Dying:
    """A sender that dies of what no part may be expected to."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    async def run(self) -> None:
        raise self._error


SERVICE = Service(NAME, check=lambda desk: [], stage=lambda context: lambda tx: Odd(context.desk))
DEATHS = {"BaseException": BaseException, "SystemExit": SystemExit, "CancelledError": asyncio.CancelledError}


def open_state(where: str) -> Database:
    """A PostgreSQL by its URL, or a folder."""
    return open_url(where) if "://" in where else open_folder(Path(where))


def main() -> None:
    """`python -m tests.support.crew HOST:PORT PREFIX DESK STATE REPLICA SESSION`: the stage as a worker process."""
    servers, prefix, desk, state, replica, session = sys.argv[1:]
    logs.setup(level="debug", style="json")
    events.VERSION = int(os.environ.get("CREW_VERSION", events.VERSION))
    tls = Tls(ca=os.environ["CREW_CA"]) if "CREW_CA" in os.environ else None
    sasl = (
        Sasl(user=os.environ["CREW_USER"], password=SecretRef(env="CREW_PASSWORD"))
        if "CREW_USER" in os.environ
        else None
    )
    service = SERVICE
    if death := os.environ.get("CREW_SENDER"):
        service = replace(SERVICE, sender=lambda context: Dying(DEATHS[death]()))
    health = Health(listen=os.environ.get("CREW_HEALTH", ""))
    given = {"brokers": servers, "prefix": prefix, "session": session, "max_record": 400_000, "tls": tls, "sasl": sasl}
    kafka = Kafka.model_validate(given)
    context = Context(Path(desk), Settings(version="1", kafka=kafka, health=health), open_state(state), sole=False)
    place = Place(broker_of(kafka), Path(desk) / "faust" / (replica or "one"), replica=replica, stop_within=10.0)
    run_worker(service, context, place, loop=event_loops())


if __name__ == "__main__":
    main()
