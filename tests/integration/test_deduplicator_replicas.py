"""Two deduplicators on one PostgreSQL: one takes over while the other is still in the midst of its last batch."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from newswatch_core.events import Event, FetchedArticle
from newswatch_core.ports import Context, Outcome, Stage
from newswatch_core.settings import Settings
from newswatch_core.storage.database import Database, open_url
from newswatch_deduplicator.service import SERVICE
from tests.support.articles import NOON, fetched
from tests.support.postgres import wait_for_a_waiter
from tests.support.press import Press


@dataclass
class Replica:
    """A deduplicator with its own connections; `stage` is what it remembers."""

    database: Database

    def __post_init__(self) -> None:
        self.stage = self.load()

    def load(self) -> Stage:
        assert SERVICE.stage is not None
        with self.database.write() as tx:
            return SERVICE.stage(Context(Path(), Settings(version="1"), self.database))(tx)

    def handle(self, *batch: Event) -> list[Outcome]:
        with self.database.write() as tx:
            return list(self.stage.handle(batch, tx, NOON))


@pytest.fixture
def replicas(postgres_url: str) -> Iterator[tuple[Replica, Replica]]:
    databases = [open_url(postgres_url), open_url(postgres_url)]
    yield Replica(databases[0]), Replica(databases[1])
    for database in databases:
        database.close()


@pytest.fixture
def report_and_copies() -> list[FetchedArticle]:
    press = Press(1)
    event = press.event()
    pieces = [event, press.copy_of(event), press.copy_of(event)]
    return [fetched(number, title=one.title, text=one.text, seen=NOON) for number, one in enumerate(pieces)]


def test_a_revision_that_both_are_given_is_decided_once(
    replicas: tuple[Replica, Replica], report_and_copies: list[FetchedArticle]
) -> None:
    last, next_ = replicas
    report, copy, _ = report_and_copies
    with ThreadPoolExecutor(1) as thread:
        with last.database.write() as tx:
            _, decided = last.stage.handle([report, copy], tx, NOON)
            # It knows nothing of the report: by itself it would take the copy for an original.
            again = thread.submit(next_.handle, copy)
            wait_for_a_waiter(last.database)
        assert again.result(10) == [decided]


def test_the_one_that_takes_over_remembers_what_the_other_was_about_to_write(
    replicas: tuple[Replica, Replica], report_and_copies: list[FetchedArticle]
) -> None:
    last, next_ = replicas
    report, _, copy = report_and_copies
    with ThreadPoolExecutor(1) as thread:
        with last.database.write() as tx:
            last.stage.handle([report], tx, NOON)
            loading = thread.submit(next_.load)
            wait_for_a_waiter(last.database)
        next_.stage = loading.result(10)
    ((event,),) = next_.handle(copy)
    assert event.copy_of == report.article.id


def test_loading_keeps_nobody_from_deciding(
    replicas: tuple[Replica, Replica], report_and_copies: list[FetchedArticle]
) -> None:
    """It may take long, and has no limit: whoever is frozen in it must not hold up the other."""
    frozen, other = replicas
    assert SERVICE.stage is not None
    with frozen.database.write() as tx:
        SERVICE.stage(Context(Path(), Settings(version="1"), frozen.database))(tx)
        with ThreadPoolExecutor(1) as thread:
            assert len(thread.submit(other.handle, *report_and_copies).result(10)) == 3
